"""The record: one versioned schema, one writer at a time, any number of readers."""
