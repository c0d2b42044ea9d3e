"""CloudEvents around our own neutral opportunity."""
