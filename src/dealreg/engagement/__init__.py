"""The rules of engagement, one file per clause, and the rulebook that says which are in force."""
