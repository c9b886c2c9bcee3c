"""The reader's parts for one article: tones, edits, copies."""
