"""What a back-test answers: each thing that would have come out otherwise, and how many by clause, customer and partner."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from dealreg.vocabulary.values import Instant, Model


class Sense(StrEnum):
    """In which sense decisions are made again (architecture D6)."""

    EACH = "each"
    COURSE = "course"


class Kind(StrEnum):
    """What differs."""

    RULING = "ruling"
    PROPOSAL = "proposal"
    DECLINE = "decline"
    APPROVAL = "approval"
    WINDOW = "window"
    WAITING = "waiting"
    REFUSAL = "refusal"
    OTHER = "other"


class Side(Model):
    """How it came out in one of the two: in a word, by which clause, why, and up to when where a leg is protected."""

    outcome: str
    clause: str | None = None
    reason: str | None = None
    to: Instant | None = None


class Change(Model):
    """One thing that would have come out otherwise. ``decision`` is the decision's id, where one decision did it."""

    kind: Kind
    at: Instant
    decision: str | None
    command: str | None
    customer: UUID | None
    customer_name: str | None
    registration: UUID | None
    line: str | None
    tier: str | None
    partner: str | None
    recorded: Side
    candidate: Side

    @property
    def clauses(self) -> frozenset[str]:
        """Every clause that either side names."""
        return frozenset(clause for clause in (self.recorded.clause, self.candidate.clause) if clause)


class Unkept(Model):
    """What people had decided and whose case does not exist in the course that things would have taken."""

    at: Instant
    decision: str
    command: str
    by: str
    why: str


class Counts(Model):
    """How many decisions were looked at, and what was made of them.

    Of those ``made_again`` each is counted once more: ``as_recorded`` to the letter, in ``other_words`` only, ``differing``, otherwise
    ``by_build`` alone (this build decides so under the recorded rulebook too; ``--each`` only), or ``broken``. In a course what people
    decided is ``kept`` or, where its case does not exist there, told as unkept; ``visits`` are those that the clock pays where something
    falls due at another instant than it did.
    """

    decisions: int = 0
    made_again: int = 0
    not_recorded: int = 0
    as_recorded: int = 0
    other_words: int = 0
    differing: int = 0
    by_build: int = 0
    broken: int = 0
    kept: int = 0
    unkept: int = 0
    visits: int = 0


class Report(Model):
    """The answer of a back-test."""

    program: str
    candidate: str
    sense: Sense
    begins: Instant | None
    ends: Instant | None
    counts: Counts
    changes: tuple[Change, ...]
    unkept: tuple[Unkept, ...] = ()
    broken: tuple[str, ...] = ()

    def by_kind(self) -> dict[str, int]:
        """How many of each kind."""
        return _most(change.kind.value for change in self.changes)

    def by_clause(self) -> dict[str, int]:
        """How many each clause is named in, on either side."""
        return _most(clause for change in self.changes for clause in change.clauses)

    def by_customer(self) -> dict[str, int]:
        """How many on each end customer."""
        return _most(change.customer_name or str(change.customer) for change in self.changes if change.customer)

    def by_partner(self) -> dict[str, int]:
        """How many of each partner that filed."""
        return _most(change.partner for change in self.changes if change.partner)

    def told(self) -> dict[str, object]:
        """As JSON, the counts first."""
        sums = {
            "by_kind": self.by_kind(),
            "by_clause": self.by_clause(),
            "by_customer": self.by_customer(),
            "by_partner": self.by_partner(),
        }
        said = self.model_dump(mode="json")
        changes = said.pop("changes")
        return {**said, **sums, "changes": changes}


def _most(names: Iterable[str]) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(Counter(names).items(), key=lambda one: (-one[1], one[0])))
