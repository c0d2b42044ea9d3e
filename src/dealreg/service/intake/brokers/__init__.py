"""Brokers by configuration: the scheme of INTAKE_URL says which adapter carries the same intake (decision 26)."""
