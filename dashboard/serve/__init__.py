"""Parts of the server besides the pages: health, metrics, compression, the ingest worker as a child, the supervisor of several processes."""
