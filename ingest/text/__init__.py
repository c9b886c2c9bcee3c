"""Characters, dates, addresses: pure functions of text, used by everything else."""
