"""A customer's file: the windows and claims that compete for that customer, kept consistent as one."""
