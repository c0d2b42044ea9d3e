"""Make evidence of a subject from a ledger: seal the heads, wait for the checkpoint, gather, redact, prove."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dealreg.proof.bundle import sealed as personal_refs
from dealreg.service.erasing.shown import personal_of
from dealreg.service.evidence.anchoring import Sealed, Token, anchors, covering, origin_of, tokens
from dealreg.service.evidence.assembling import Nodes, Value, bundle, entries
from dealreg.service.evidence.gathering import Gathered, Known, gather
from dealreg.service.evidence.heads import Heads, record_heads
from dealreg.service.evidence.redacting import Showing, needed_absences, readable_by, without_the_unshown
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.exporting.stored import stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.proving.hashes import Hashes
from dealreg.service.replay import Replay
from dealreg.vocabulary.refused import Unknown


@dataclass(frozen=True)
class Made:
    """A bundle, and what the page about it is made of."""

    subject: Subject
    shown_to: str | None
    data: bytes
    newest: Sealed
    anchors: tuple[Sealed, ...]
    tokens: tuple[Token, ...]
    facts: tuple[tuple[Known, bool], ...]
    own: frozenset[str]
    absent: tuple[str, ...]
    values: dict[str, Value]
    told: dict[str, str]
    """What became of personal values, or the values, by ref."""


def make(
    ledger: Ledger,
    auditor: Ledger,
    subject: Subject,
    *,
    by: str,
    reason: str,
    shown_to: str | None = None,
    seconds: float = 10.0,
) -> Made:
    """A bundle as of now. ``ledger`` is the app's, which may read personal values; ``auditor`` records the map of stream heads.

    Raises ``Unknown`` where there is nothing of that name to show, ``Refused`` where nothing seals the ledger, and ``Unavailable``.
    """
    origin, period = origin_of(auditor), subject.kind is Kind.PERIOD
    heads = None if period else record_heads(auditor, origin=origin, by=by, reason=reason)
    last = heads.position if heads is not None else max(min(subject.last + 1, auditor.head()), 1)
    newest = covering(auditor, origin, last, seconds)
    gathered = gather(ledger, subject, heads.log_size if heads is not None else newest.size)
    if subject.kind in {Kind.PARTNER, Kind.PERIOD} and not gathered.facts:
        raise Unknown(f"there is nothing of {subject}; check the name and the program")
    readable = readable_by(Replay(auditor), gathered, subject.program, shown_to) if shown_to else frozenset[str]()
    showing = Showing(gathered, shown_to, readable)
    if shown_to is not None and not period:
        gathered = without_the_unshown(gathered, showing)
    facts = [(one, showing.shows(one)) for one in gathered.facts]
    nodes, part = Nodes(), None
    absent = needed_absences(subject, gathered, showing)
    if heads is not None:
        facts += _sealing(auditor, heads, newest)
        part = entries(heads, gathered.streams, absent, nodes)
    values, told = _values(ledger, facts)
    earlier = anchors(auditor, newest, [one for one, _ in facts])
    data = bundle(
        subject.label_at(newest.size),
        newest,
        earlier,
        facts,
        part,
        values,
        Hashes(auditor.run, origin, newest.size),
        nodes,
    )
    stamps = tokens(auditor, origin, [*(one.size for one in earlier), newest.size])
    return Made(
        subject, shown_to, data, newest, tuple(earlier), tuple(stamps), tuple(facts), _own(gathered), tuple(absent), values, told
    )  # fmt: skip


def _sealing(ledger: Ledger, heads: Heads, newest: Sealed) -> list[tuple[Known, bool]]:
    """The fact with the map's root, and the newest fact of the checkpoint: of it no more than that it is there, and when."""
    ends = {heads.position, newest.size}
    found: Iterable[Any] = (one for end in sorted(ends) for one in stored(ledger, Wanted(after=end - 1, up_to=end)))
    return [(Known(one), one.position == heads.position) for one in found]


def _values(ledger: Ledger, facts: Iterable[tuple[Known, bool]]) -> tuple[dict[str, Value], dict[str, str]]:
    refs = {ref for one, shown in facts if shown for ref, _ in personal_refs(one.said["data"])}
    found = personal_of(ledger, refs) if refs else {}
    values = {
        ref: (one.value, one.salt) for ref, one in found.items() if one.value is not None and one.salt is not None
    }
    return values, {ref: one.told for ref, one in found.items()}


def _own(gathered: Gathered) -> frozenset[str]:
    return gathered.own or frozenset(gathered.streams)
