"""Guards: the expressions in the Common Expression Language that say when a clause applies (architecture D6)."""
