"""Clients of the sources' own interfaces: reading records again, and writing back."""
