"""A view in, a frame of numbers out."""
