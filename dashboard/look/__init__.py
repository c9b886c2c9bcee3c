"""How things look and read: words, escaping, colours."""
