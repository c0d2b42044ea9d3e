"""What only a superuser can set up: a schema that does not change behind anybody's back, and what the watcher needs (audit 4.3, 4.5)."""
