"""A deal as the CRM tells it, folded in the order of its source."""
