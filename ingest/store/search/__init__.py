"""Full-text search: what is typed becomes a tree, the tree a query of either database."""
