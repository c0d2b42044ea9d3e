"""The facts that evidence needs: of what it is about every fact, all that belongs to it, and what the decisions read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from dealreg.file.events import LegJoined
from dealreg.proof.bundle import belonging, derived, roots, sealed
from dealreg.registration.events import RegistrationSubmitted
from dealreg.service.erasing.shown import holds_on
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.exporting.stored import Stored, stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.audit_facts import HoldLifted, HoldPlaced, RetentionApplied, SubjectErased
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused

MOST_READ = 400
"""Streams that were only read and come along; what is beyond is named as outside."""

MOST_FACTS = 50_000
"""Facts in one bundle: it is read by people, and verified in one piece."""

_ABOUT_DATA = (HoldPlaced.NAME, HoldLifted.NAME, SubjectErased.NAME, RetentionApplied.NAME)


@dataclass(frozen=True)
class Known:
    """A fact with what it says."""

    stored: Stored

    @cached_property
    def said(self) -> dict[str, Any]:
        """``meta`` and ``data``."""
        found: dict[str, Any] = from_json(self.stored.state)
        return found


@dataclass
class Gathered:
    """All facts of some streams, in the order recorded; which of them belong to the subject itself, and which are not there at all."""

    facts: list[Known] = field(default_factory=list)
    own: frozenset[str] = frozenset()
    absent: list[str] = field(default_factory=list)
    joined: frozenset[str] = frozenset()
    """Registrations of a partner, which no rule makes belong to it."""

    @property
    def streams(self) -> dict[str, list[Known]]:
        """By stream, each in order."""
        found: dict[str, list[Known]] = {}
        for one in self.facts:
            found.setdefault(one.stored.stream, []).append(one)
        return found


def gather(ledger: Ledger, subject: Subject, up_to: int) -> Gathered:
    """What evidence of a subject holds, as of a size of the log. Raises ``Refused`` where it is too much, and ``Unavailable``."""
    if subject.kind is Kind.PERIOD:
        wanted = Wanted(up_to=min(subject.last + 1, up_to), after=max(subject.first - 2, 0))
        if wanted.up_to - wanted.after > MOST_FACTS:
            raise _too_much(wanted.up_to - wanted.after)
        return Gathered([Known(one) for one in stored(ledger, wanted)])
    held: dict[str, list[Known]] = {}
    joined = _registrations_of(ledger, subject, up_to) if subject.kind is Kind.PARTNER else frozenset()
    wanted_now = {*roots(subject.label), *joined}
    while missing := wanted_now - held.keys():
        held.update(_fetched(ledger, missing, up_to))
        wanted_now = (
            belonging(subject.label, {stream: [one.said for one in found] for stream, found in held.items()}) | joined
        )
    own = frozenset(wanted_now)
    absent = sorted(stream for stream, found in held.items() if not found)
    held.update(_fetched(ledger, _inputs(held) - held.keys(), up_to))
    held.update(_fetched(ledger, _about(ledger, held, up_to) - held.keys(), up_to))
    facts = sorted((one for found in held.values() for one in found), key=lambda one: one.stored.position)
    return Gathered(facts, own, absent, frozenset(joined))


def wanted_of(ledger: Ledger, subject: Subject, up_to: int, origin: str | None) -> Wanted:
    """The facts of a subject for a form without proofs: a period whole, else every stream that a bundle would hold."""
    if subject.kind is Kind.PERIOD:
        return Wanted(up_to=min(subject.last, up_to), after=subject.first - 1, origin=origin)
    streams = frozenset(map(UUID, gather(ledger, subject, up_to).streams))
    return Wanted(up_to=up_to, streams=streams, program=subject.program, origin=origin)


def _fetched(ledger: Ledger, streams: Iterable[str], up_to: int) -> dict[str, list[Known]]:
    held: dict[str, list[Known]] = {stream: [] for stream in streams}
    if not held:
        return held
    ids = frozenset(map(UUID, held))
    count = ledger.run(_COUNT, [list(ids), up_to])[0]["facts"]
    if count > MOST_FACTS:
        raise _too_much(count)
    for one in stored(ledger, Wanted(up_to=up_to, streams=ids)):
        held[one.stream].append(Known(one))
    return held


_COUNT = "SELECT count(*) AS facts FROM ledger.events WHERE originator_id = ANY (%s::uuid[]) AND position <= %s"


def _inputs(held: dict[str, list[Known]]) -> set[str]:
    """What the decisions read, with the rulebooks first."""
    facts = [one for found in held.values() for one in found]
    programs = sorted({one.said["meta"]["program"] for one in facts})
    read = sorted({stream for one in facts for stream in one.said["meta"].get("read", {})} - held.keys())
    return {derived("rulebook", program) for program in programs if any(_ruled(one, program) for one in facts)} | set(
        read[:MOST_READ]
    )


def _ruled(one: Known, program: str) -> bool:
    return one.said["meta"]["program"] == program and bool(one.said["data"].get("rulebook_version"))


def _about(ledger: Ledger, held: dict[str, list[Known]], up_to: int) -> set[str]:
    """The streams of facts of audit that are about these: what was erased of them, which legal holds lie on them."""
    facts = [one for found in held.values() for one in found]
    refs = {ref for one in facts for ref, _ in sealed(one.said["data"])}
    ids = {
        *held,
        *(str(one.said["data"].get("customer")) for one in facts),
        *(one.said["meta"]["program"] for one in facts),
    }
    standing = holds_on(ledger, map(UUID, held), refs=refs)
    found = {one.stored.stream for one in _audited(ledger, up_to) if _concerns(one.said["data"], refs, ids)}
    return found | {one.event.partition(":")[0] for one in standing}


def _audited(ledger: Ledger, up_to: int) -> Iterator[Known]:
    """Every fact of holds and deletions: there are few."""
    rows: Sequence[Any] = ledger.run(
        "SELECT DISTINCT originator_id FROM ledger.events WHERE topic = ANY (%s) AND position <= %s",
        [list(_ABOUT_DATA), up_to],
    )
    streams = frozenset(row["originator_id"] for row in rows)
    return map(Known, stored(ledger, Wanted(up_to=up_to, streams=streams))) if streams else iter(())


def _concerns(data: dict[str, Any], refs: set[str], ids: set[str]) -> bool:
    return data.get("about") in ids or not refs.isdisjoint(data.get("refs", []))


def _registrations_of(ledger: Ledger, subject: Subject, up_to: int) -> frozenset[str]:
    """The registrations that name a partner: as who files, in a leg, or as one that joined."""
    asked = {
        "topic": RegistrationSubmitted.NAME,
        "joined": LegJoined.NAME,
        "up_to": up_to,
        "program": subject.program,
        "partner": subject.id,
    }
    return frozenset(row["stream"] for row in ledger.run(_OF_PARTNER, asked))


_OF_PARTNER = """
SELECT DISTINCT s.said #>> '{data,registration}' AS stream
FROM ledger.events AS e CROSS JOIN LATERAL (SELECT convert_from(e.state, 'UTF8')::jsonb AS said) AS s
WHERE e.topic IN (%(topic)s, %(joined)s) AND e.position <= %(up_to)s AND s.said #>> '{meta,program}' = %(program)s
    AND (s.said #>> '{data,filed_by}' = %(partner)s OR s.said #>> '{data,leg,partner}' = %(partner)s
        OR jsonb_path_exists(s.said, '$.data.lines[*].legs[*] ? (@.partner == $partner)', jsonb_build_object('partner', %(partner)s::text)))
"""


def _too_much(facts: int) -> Refused:
    return Refused(
        f"{facts} facts are more than one bundle holds ({MOST_FACTS}); ask for a shorter period, or for single deals"
    )
