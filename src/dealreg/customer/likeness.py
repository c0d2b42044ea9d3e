"""What a comparison of two customers said, by value: it stands in every fact that rests on one (ROE-24)."""

from uuid import UUID

from dealreg.vocabulary.values import Count, Key, Model, Text

WHOLE = 1000
"""Scores are kept in thousandths: a fraction of two powers would not be the same everywhere."""


class Ground(Model):
    """One thing that speaks for or against, in the words that a reviewer reads."""

    text: Text
    speaks_for: bool


class Likeness(Model):
    """How like ``other`` the customer is: ``score`` from 0 to 1000, why, and by which version of the method."""

    other: UUID
    score: Count
    reasons: tuple[Ground, ...] = ()
    method: Key
