"""Facts out: every fact as a CloudEvent on the broker, once for each audience that may see it, in order, at least once."""
