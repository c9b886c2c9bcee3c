"""The record's facts in memory, and the thread that follows the record."""
