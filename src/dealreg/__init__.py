"""Registrations of deals by partners, the conflicts between them, and how each was decided."""
