"""One article: tones, edits, copies."""
