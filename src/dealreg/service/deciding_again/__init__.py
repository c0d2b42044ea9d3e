"""Decides again what was decided: the recorded command on the states as they were, and what differs (architecture D5, D6)."""
