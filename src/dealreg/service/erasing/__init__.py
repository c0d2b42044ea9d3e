"""Erasure, legal holds and retention of what is personal and lies beside the ledger (architecture D15)."""
