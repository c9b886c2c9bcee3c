"""Parts of the server besides the pages: health, metrics, compression, child, supervisor."""
