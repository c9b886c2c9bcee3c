"""From a view to the numbers that pages show."""
