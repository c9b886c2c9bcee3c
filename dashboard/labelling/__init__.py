"""The Audit page's parts: labelling a sample of mentions, and agreement."""
