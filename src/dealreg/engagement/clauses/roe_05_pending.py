"""ROE-5: what a complete pending claim does to later ones.

``while_pending``: ``wait`` (queued behind it), ``side_by_side`` (the first decision closes the others), ``refuses``. Source: rules.md
ROE-5; domain.md C3.
"""

from enum import StrEnum

from dealreg.engagement.clauses.shape import Clause


class Pending(StrEnum):
    """What a complete pending claim does to later ones (ROE-5)."""

    WAIT = "wait"
    SIDE_BY_SIDE = "side_by_side"
    REFUSES = "refuses"


class PendingClaims(Clause):
    """The parameters of ROE-5."""

    while_pending: Pending = Pending.WAIT
