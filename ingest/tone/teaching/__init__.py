"""Teaches an encoder of its own: torch is imported here and nowhere else."""
