"""What programs ask of the server: health, metrics, compressed files."""
