"""Whole invented programs, driven through the real commands with a simulated clock."""
