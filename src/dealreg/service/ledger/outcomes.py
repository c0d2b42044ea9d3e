"""What comes of a request."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from dealreg.vocabulary.refused import Refused


@dataclass(frozen=True, slots=True)
class Decided:
    """It was decided, now or when it was asked first (``repeated``).

    ``facts`` is how many were recorded now, ``names`` their stored names; ``seen`` a position at which all of them are in the ledger.
    """

    answer: dict[str, JsonValue]
    facts: int
    seen: int
    repeated: bool = False
    names: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class RefusedOutcome:
    """It could not be decided as asked; nothing is recorded."""

    refused: Refused


@dataclass(frozen=True, slots=True)
class Broken:
    """Deciding it raised something that is not an answer, or its facts cannot be stored: for a message, a dead letter."""

    exception: Exception


@dataclass(frozen=True, slots=True)
class LateOutcome:
    """Others kept changing what it rests on: nothing is recorded; ask again (nak, 503)."""

    tries: int


Outcome = Decided | RefusedOutcome | Broken | LateOutcome


class Busy(Exception):
    """More is waiting than can be decided soon: ask again after ``retry_after`` seconds, with the same request id."""

    exit_code = 3

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        """``retry_after`` in whole seconds, as the HTTP header has it."""
        super().__init__(reason)
        self.retry_after = retry_after
