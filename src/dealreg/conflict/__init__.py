"""Two or more claims that cannot all stand, and how that was ruled."""
