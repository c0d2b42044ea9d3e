"""Exports of a CRM, row by row through the broker and the intake, with an account of every row."""
