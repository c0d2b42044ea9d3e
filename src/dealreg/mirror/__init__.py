"""The fields that a CRM has of its own, as its messages teach them: their types, and who sees them."""
