"""Where candidates for one end customer are found: tables that follow the customer facts, and the search in them."""
