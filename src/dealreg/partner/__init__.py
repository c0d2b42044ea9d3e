"""A company that registers deals: its role, its tier and its place in the hierarchy."""
