"""Why a message could not be taken: one word to filter by, and where in it the fault lies."""

from enum import StrEnum

from pydantic import ValidationError


class Why(StrEnum):
    """The kinds of dead letters."""

    NOT_JSON = "not_json"
    """The bytes are no JSON, or hold what no fact can: NUL, half a surrogate pair, a number beyond 64 bits, too deep a nesting."""
    TOO_LONG = "too_long"
    SHAPE = "shape"
    """Neither a CloudEvent nor a change event of a CRM that a mapping knows."""
    INVALID = "invalid"
    """A field holds what it may not; the detail names it."""
    GAP = "gap"
    """The CRM says that it does not say what changed: the record has to be read again."""
    REFUSED = "refused"
    """The core does not decide it as asked."""
    REUSED = "reused"
    """The same message id came before with another content."""
    UNSTORABLE = "unstorable"
    """The database can never hold it."""
    FORGED = "forged"
    """Posted at the door and not signed by the source, or not in time."""
    BUG = "bug"
    """Deciding it failed again and again through a fault of this program."""


class Unreadable(Exception):
    """A message that cannot be taken: why, at which field, and in words what was wrong."""

    def __init__(self, why: Why, words: str, field: str = "") -> None:
        """``field`` is the path to the fault, dots between the names; empty for the message as a whole."""
        super().__init__(words)
        self.why, self.words, self.field = why, words, field

    @classmethod
    def of(cls, error: ValidationError) -> "Unreadable":
        """The first fault that pydantic found; never the value, which may be personal."""
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return cls(Why.INVALID, first["msg"], ".".join(map(str, first["loc"])))
