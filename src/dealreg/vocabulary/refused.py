"""The three kinds of no, drawn as one tree (design: style section 6.5).

* *Malformed*: pydantic's ``ValidationError`` at the door, with field and reason.
* *Could not have been asked*: ``Refused``, answered and logged, never recorded::

    Refused                 the request cannot be decided as asked
    ├── Unknown             it names something that does not exist, or that the caller may not see
    ├── NotAllowed          the caller's role or partner may not ask this
    ├── Closed              what it names has ended or is not in a state to be asked
    └── Reused              the request id was used before with another content (ROE-28)

* *Somebody may dispute it later*: an event (``ClaimDeclined`` and its like).
"""


class Refused(Exception):
    """The request cannot be decided as asked; ``clause`` where a rule of engagement says so, ``reason`` in words."""

    def __init__(self, reason: str, *, clause: str | None = None) -> None:
        """Keep the reason for the caller and the clause for the log."""
        super().__init__(reason)
        self.reason = reason
        self.clause = clause


class Unknown(Refused):
    """It names something that does not exist, or that the caller may not see; both read the same."""


class NotAllowed(Refused):
    """The caller's role or partner may not ask this."""


class Closed(Refused):
    """What it names has ended, or is not in a state in which this can be asked."""


class Reused(Refused):
    """The request id was used before by the same caller with another content (ROE-28)."""
