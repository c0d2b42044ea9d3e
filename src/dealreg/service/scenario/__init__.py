"""Cases in YAML that say what the rules of engagement mean: read, run in memory, explained, and shown to each viewer."""
