"""From a frame to a figure, and to a sentence that describes it."""
