"""A frame in, a figure and its sentence out."""
