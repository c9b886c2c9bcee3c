"""Cards that any page may use."""
