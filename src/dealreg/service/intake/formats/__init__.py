"""How each source's messages are read: one package a format."""
