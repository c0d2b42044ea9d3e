"""What readers and exports see of personal values: the value, or what became of it, in the same words everywhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from dealreg.service.erasing.holds import Standing, listed, on_subject
from dealreg.service.ledger.audit_facts import Attempt, RetentionApplied, SubjectErased
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.personal import sealed_in
from dealreg.vocabulary.fact import event_id
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Unknown

PAGE: Final = 1000

ASKED: Final = "the person's request"
"""The basis of an erasure that names none."""

NOWHERE: Final = "not kept here, and no fact of this ledger says why"

_HELD = "SELECT ref::text AS ref, value, salt FROM personal.held WHERE ref = ANY (%s::uuid[])"
_STREAMS = """
SELECT o.hold FROM personal.holds_over(%(refs)s::uuid[]) AS o
UNION
SELECT h.hold FROM personal.holds AS h
WHERE (h.kind IN ('deal', 'customer', 'conflict') AND (h.about = ANY (%(ids)s) OR EXISTS (
        SELECT FROM personal.streams_of(h.kind, CASE WHEN h.kind IN ('deal', 'customer', 'conflict') THEN h.about::uuid END) AS s (id)
        WHERE s.id = ANY (%(ids)s::uuid[]))))
    OR (h.kind = 'program' AND h.about = %(program)s)
"""
_REFS = "SELECT ref::text AS ref FROM personal.refs_of(%s::uuid[]) AS r (ref) ORDER BY ref"
_TOPICS: Final = (SubjectErased.NAME, RetentionApplied.NAME)


@dataclass(frozen=True, slots=True)
class Gone:
    """A value that was deleted: when, by what, under which basis; ``event`` is the fact that says so."""

    ref: str
    at: datetime
    how: Attempt
    basis: str
    event: str
    position: int

    def __str__(self) -> str:
        """The sentence that stands in the value's place."""
        if self.how is Attempt.ERASURE:
            return f"erased on {self.at:%Y-%m-%d} under {self.basis}"
        return f"no longer kept since {self.at:%Y-%m-%d} (retention of {self.basis})"


@dataclass(frozen=True, slots=True)
class Shown:
    """A personal value as a reader who is entitled to it sees it; ``told`` is the value or what became of it."""

    ref: str
    value: str | None
    salt: bytes | None
    told: str


@dataclass(frozen=True, slots=True)
class Named:
    """A personal value where a fact names it: the fact, the field, the value or what became of it, and whether it is still held."""

    event: str
    name: str
    field: str
    ref: str
    told: str
    held: bool


def refs_of(ledger: Ledger, streams: Iterable[UUID]) -> list[str]:
    """The refs of all personal values that the facts of some streams name. Raises ``Unavailable``."""
    return [str(row["ref"]) for row in ledger.run(_REFS, [list(streams)])]


def holds_on(
    ledger: Ledger,
    streams: Iterable[UUID] = (),
    *,
    refs: Iterable[str] = (),
    subject: str | None = None,
    program: str | None = None,
) -> list[Standing]:
    """The legal holds that stand over any of these deals, customers, conflicts, values, a person or a program. Raises ``Unavailable``."""
    ids = list(streams)
    named = {*refs, *(refs_of(ledger, ids) if ids else ())}
    asked = {"refs": sorted(named), "ids": [str(one) for one in ids], "program": program}
    over = {row["hold"] for row in ledger.run(_STREAMS, asked)}
    if subject is not None:
        over |= {one.hold for one in on_subject(ledger, subject)}
    return listed(ledger, over) if over else []


def erased(ledger: Ledger, refs: Iterable[str], up_to: int | None = None) -> dict[str, Gone]:
    """What became of values that were deleted, by ref; one that is still held is not in it. ``up_to`` is the last position to look at.

    Raises ``Unavailable``.
    """
    wanted, found = set(refs), dict[str, Gone]()
    after = 0
    while wanted - found.keys() and (page := ledger.notifications(after, PAGE, _TOPICS, up_to)):
        for row in page:
            event = ledger.read(row).event
            for ref in _refs(event) & wanted:
                found[ref] = _gone(ref, event, row.recorded_at, event_id(row.stream, row.version), row.position)
        after = page[-1].position
    return found


def _refs(event: object) -> set[str]:
    return set(event.refs) if isinstance(event, SubjectErased | RetentionApplied) else set()


def _gone(ref: str, event: object, at: datetime, identity: str, position: int) -> Gone:
    if isinstance(event, RetentionApplied):
        return Gone(ref, at, Attempt.RETENTION, event.kept_class, identity, position)
    basis = event.basis if isinstance(event, SubjectErased) else None
    return Gone(ref, at, Attempt.ERASURE, basis or ASKED, identity, position)


def personal_of(ledger: Ledger, refs: Iterable[str]) -> dict[str, Shown]:
    """Each ref with its value, or with what became of it. ``ledger`` is of a role that may read values. Raises ``Unavailable``."""
    wanted = list(dict.fromkeys(refs))
    held = {row["ref"]: row for row in ledger.run(_HELD, [wanted])}
    gone = erased(ledger, [ref for ref in wanted if ref not in held])
    return {
        ref: Shown(ref, row["value"], bytes(row["salt"]), row["value"])
        if (row := held.get(ref)) is not None
        else Shown(ref, None, None, str(gone.get(ref, NOWHERE)))
        for ref in wanted
    }


def of_stream(ledger: Ledger, stream: UUID, program: str) -> list[Named]:
    """What a deal's, a record's or a partner's facts name of people, in the order recorded, with what is known of each now.

    Raises ``Unknown`` where there is no such thing in the program, ``Unavailable``.
    """
    rows = ledger.read_many({StreamId(stream): 0}).rows
    facts = [(row, ledger.read(row)) for row in rows]
    facts = [(row, fact) for row, fact in facts if fact.meta.program == program]
    if not facts:
        raise Unknown("there is no such thing here; check its id")
    named = [(row, field, sealed.ref) for row, fact in facts for field, sealed in sealed_in(fact.event)]
    told = personal_of(ledger, [ref for _, _, ref in named])
    return [
        Named(event_id(row.stream, row.version), row.topic, field, ref, told[ref].told, told[ref].value is not None)
        for row, field, ref in named
    ]
