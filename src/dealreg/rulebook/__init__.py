"""The versions of the rules of engagement, as published."""
