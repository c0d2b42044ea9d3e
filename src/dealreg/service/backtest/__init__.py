"""Recorded decisions under another version of the rules: what would have been decided otherwise (architecture D6)."""
