"""Who does what when: the loop and its lock, the pipeline, the pool that analyses, bulk work."""
