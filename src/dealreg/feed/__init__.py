"""A source's feed: where it told us that it did not tell everything, and since when (ROE-22, architecture D17)."""
