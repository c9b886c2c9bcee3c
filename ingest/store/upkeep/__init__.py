"""Care of the record: moving it, looking for damage, its vital signs."""
