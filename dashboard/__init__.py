"""Draws the record. It writes only what people make."""
