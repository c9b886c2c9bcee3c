"""Full-text search: what is typed is parsed into a tree, and the tree becomes a query of either database."""
