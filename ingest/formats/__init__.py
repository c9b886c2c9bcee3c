"""Bytes to entries, one module a format. No network, no database."""
