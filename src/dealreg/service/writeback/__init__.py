"""What we decided, written back into the CRM's own fields."""
