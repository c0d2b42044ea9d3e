"""The clauses of the rules of engagement, one file each: what it means, its parameters with their units, where they come from."""
