"""The sealer: a signed tree over the ledger's positions, with a key and a memory of its own outside the database."""
