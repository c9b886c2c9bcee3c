"""The read model: a copy of the record's facts in memory that follows the record."""
