"""What a page run stands on: the process's shared state, what can be chosen, the page."""
