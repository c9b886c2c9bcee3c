"""Reads bytes into entries, one module a format. No network, no database."""
