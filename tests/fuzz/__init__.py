"""Damaged feeds by the hundred thousand, run through the parser: `make fuzz`."""
