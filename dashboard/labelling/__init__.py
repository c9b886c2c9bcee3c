"""Labelling a sample of mentions, and how far labels agree."""
