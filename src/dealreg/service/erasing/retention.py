"""Retention: what is personal and older than its class is kept goes, batch by batch, each with the fact that says so.

Classes are of the installation and not of a program: a message that could not be decided belongs to none, and the duty to delete is the
manufacturer's. So the periods are settings and no rulebook's data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from dealreg.service.erasing.erase import refuse
from dealreg.service.erasing.saying import By, met, only
from dealreg.service.ledger.audit_facts import Attempt, RetentionApplied
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.settings import Settings
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import ProgramId, StreamId
from dealreg.vocabulary.refused import Refused

BATCH: Final = 1000
"""Values in a transaction and its fact."""

LOOKED: Final = 50_000
"""How many are looked for at once: the search is the dearer part."""

LETTERS: Final = "dead_letters"

CLASSES: Final[Mapping[str, str]] = {
    LETTERS: "messages that could not be decided, with their bytes, since they came",
    "registrations": "contacts and notes of registrations, since the last fact of the registration",
    "opportunities": "contacts and personal fields of CRM records, since the last fact of the record",
}
"""Each class, and from when its period runs. Partners' names have none: a partner that says nothing for years is still a partner."""

_LETTERS: Final = """
SELECT count(*) AS due, count(*) FILTER (WHERE held) AS held, (array_agg(what ORDER BY what) FILTER (WHERE NOT held))[1:%(most)s] AS free
FROM (
    SELECT l.id AS what, o.letter IS NOT NULL AS held FROM intake.dead_letters AS l
    LEFT JOIN (
        SELECT DISTINCT letter FROM personal.holds_over_letters(ARRAY(SELECT id FROM intake.dead_letters WHERE recorded_at < %(since)s))
    ) AS o ON o.letter = l.id
    WHERE l.recorded_at < %(since)s
) AS x
"""
_VALUES: Final = """
WITH resting AS MATERIALIZED (SELECT ref FROM personal.resting(%(kept_class)s, %(since)s, NULL))
SELECT count(*) AS due, count(*) FILTER (WHERE held) AS held, (array_agg(what ORDER BY what) FILTER (WHERE NOT held))[1:%(most)s] AS free
FROM (
    SELECT r.ref::text AS what, o.ref IS NOT NULL AS held FROM resting AS r
    LEFT JOIN (SELECT DISTINCT ref FROM personal.holds_over(ARRAY(SELECT ref FROM resting))) AS o USING (ref)
) AS x
"""
_HOLDS: Final = """
SELECT DISTINCT hold FROM personal.holds_over(ARRAY(SELECT ref FROM personal.resting(%(kept_class)s, %(since)s, NULL)))
UNION
SELECT DISTINCT hold FROM personal.holds_over_letters(
    ARRAY(SELECT id FROM intake.dead_letters WHERE %(kept_class)s = 'dead_letters' AND recorded_at < %(since)s))
"""
_RETIRE: Final = "SELECT holds, covered FROM personal.retire(%s::uuid[], %s::bigint[], %s, %b)"

TENDING: Final = "older than its class is kept"


@dataclass(frozen=True, slots=True)
class Due:
    """What is older than its class is kept: how many, of those how many stay under holds, and the next that may go."""

    due: int
    held: int
    free: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Retired:
    """What was deleted, and how many stay under a legal hold."""

    kept_class: str
    kept_from: datetime
    deleted: int
    held: int
    facts: int


def kept_days(settings: Settings, kept_class: str) -> int | None:
    """How long a class is kept, in days; ``None``: until somebody erases it. Raises ``Refused`` for a class that there is not."""
    if kept_class not in CLASSES:
        raise Refused(f"there is no class {kept_class!r}; there are: {', '.join(CLASSES)}")
    days: int | None = getattr(settings, f"retention_{kept_class}_days")
    return days


def since(days: int, now: datetime | None = None) -> datetime:
    """From when on something is kept that is kept for so many days of 24 hours."""
    return (now or datetime.now(UTC)) - timedelta(days=days)


def due(ledger: Ledger, kept_class: str, kept_from: datetime, most: int = BATCH) -> Due:
    """What would go; changes nothing. Raises ``Unavailable``."""
    asked = {"kept_class": kept_class, "since": kept_from, "most": most}
    row = only(ledger, _LETTERS if kept_class == LETTERS else _VALUES, asked)
    return Due(row["due"], row["held"], tuple(row["free"] or ()))


def apply(
    ledger: Ledger, kept_class: str, kept_from: datetime, by: By, tell: Callable[[int, int], None] = lambda *_: None
) -> Retired:
    """Delete what is older, save what a hold stands over; ``tell`` hears how many are gone of how many.

    ``ledger`` is of a role that may retire (auditor, app). Each batch is one transaction with its fact: interrupted, it goes on with the
    next call. Raises ``Refused`` for an instant to come, ``Unavailable``.
    """
    if kept_from > ledger.clock():
        raise Refused("what is kept from a day to come on is not there yet; name a period")
    gone = facts = 0
    while (now := due(ledger, kept_class, kept_from, LOOKED)).free:
        for begin in range(0, len(now.free), BATCH):
            part = now.free[begin : begin + BATCH]
            if not _retired(ledger, kept_class, kept_from, part, now.held, by):
                break  # A hold was laid, or somebody else came first: look again.
            gone, facts = gone + len(part), facts + 1
            tell(gone, gone + now.due - now.held - begin - len(part))
    return Retired(kept_class, kept_from, gone, now.held, facts)


def _retired(ledger: Ledger, kept_class: str, kept_from: datetime, part: Sequence[Any], held: int, by: By) -> bool:
    """One transaction with its fact; false where it could not be done as looked at."""
    letters = tuple(part) if kept_class == LETTERS else ()
    refs = tuple(part) if kept_class != LETTERS else ()
    event = RetentionApplied(
        kept_class=kept_class, kept_from=kept_from, deleted=len(part), held=held, refs=refs, letters=letters
    )
    stream = StreamId(uuid4())
    try:
        done = only(ledger, _RETIRE, [list(refs), list(letters), stream, by.fact(stream, event).state])
    except Unavailable as error:
        if not met(error):
            raise
        return False
    return done["holds"] is None


def refuse_held(ledger: Ledger, auditor: Ledger, retired: Retired, by: By) -> None:
    """Record that holds kept some of it. Raises ``UnderHold`` where they did."""
    if retired.held:
        asked = {"kept_class": retired.kept_class, "since": retired.kept_from}
        holds: list[UUID] = [row["hold"] for row in ledger.run(_HOLDS, asked)]
        refuse(auditor, holds, retired.held, by, Attempt.RETENTION)


def tend(ledger: Ledger, settings: Settings | None = None) -> int:
    """What a running consumer does by itself, as ``dealreg_app``: every class that has a period. How many went. Raises ``Unavailable``."""
    settings = settings or Settings()
    by = By(Actor(role=Role.CLOCK, subject="role:consume"), ProgramId("installation"), TENDING)
    periods = {kept_class: kept_days(settings, kept_class) for kept_class in CLASSES}
    return sum(
        apply(ledger, kept_class, since(days), by).deleted for kept_class, days in periods.items() if days is not None
    )
