"""Trains an encoder. torch is imported in this package only."""
