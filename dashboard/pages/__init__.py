"""One module a page: `draw(page)` draws it."""
