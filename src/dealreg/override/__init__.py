"""A named person's decision to depart from the rulebook, with its reason and its limits."""
