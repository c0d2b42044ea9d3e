"""Is the ledger what was sealed? Everything that can be held against it, in one reading (audit 4.3 to 4.9)."""
