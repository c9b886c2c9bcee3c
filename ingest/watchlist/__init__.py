"""Who is looked for, and where a text names him."""
