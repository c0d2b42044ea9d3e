"""Records that the CRM changed and did not show are read again, through its own interface (ROE-22, decision 27)."""
