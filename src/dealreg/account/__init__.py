"""A company as the CRM tells it, folded in the order of its source, and what that did to who end customers are."""
