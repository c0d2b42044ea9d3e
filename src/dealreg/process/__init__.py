"""Decisions that concern several aggregates at once, one file per verb; pure."""
