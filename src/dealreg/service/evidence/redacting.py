"""What a bundle shows of a fact: everything to the house, and to a partner only what names nobody but itself and its own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from dealreg.proof.bundle import belonging, derived
from dealreg.service.evidence.gathering import Gathered, Known
from dealreg.service.evidence.subject import Subject
from dealreg.service.replay import Replay, readers_of
from dealreg.vocabulary.ids import partner_reader

_RULEBOOK, _NAMED = "rulebook_published.", "(?<![A-Za-z0-9._:@-])(?:{})(?![A-Za-z0-9._:@-])"


class Showing:
    """Which facts of a bundle are shown; of the others only place, time, stream and kind are, behind a salted digest."""

    def __init__(self, gathered: Gathered, shown_to: str | None, readable: frozenset[str] = frozenset()) -> None:
        """``shown_to``: a partner, who may read these registrations; ``None`` is the house."""
        self._partner, self._own = shown_to, readable
        self._rivals = _rivals(gathered, shown_to, readable) if shown_to else None
        story = [one for one in gathered.facts if one.stored.stream in gathered.own or not gathered.own]
        self._versions = {
            (one.said["meta"]["program"], one.said["data"].get("rulebook_version"))
            for one in story
            if self._of_own(one)
        }

    def shows(self, one: Known) -> bool:
        """Of rulebooks the versions by which was decided; of the rest, to a partner, what is of its own registrations."""
        if one.stored.topic.startswith(_RULEBOOK):
            return (one.said["meta"]["program"], one.said["data"].get("version")) in self._versions
        return self._of_own(one)

    def _of_own(self, one: Known) -> bool:
        if self._partner is None:
            return True
        text = one.stored.state.decode()
        if one.stored.stream == derived("partner", one.said["meta"]["program"], self._partner):
            return True
        return any(own in text for own in self._own) and not (self._rivals and self._rivals.search(text))


def needed_absences(subject: Subject, gathered: Gathered, showing: Showing) -> list[str]:
    """The absent streams that the shown facts make anybody ask for."""
    shown = {stream: [one.said for one in found if showing.shows(one)] for stream, found in gathered.streams.items()}
    return sorted(set(gathered.absent) & belonging(subject.label, shown))


def without_the_unshown(gathered: Gathered, showing: Showing) -> Gathered:
    """Streams that were only read and of which nothing is shown are named as outside: how long they are is nobody's business."""
    kept = {
        stream for stream, found in gathered.streams.items() if stream in gathered.own or any(map(showing.shows, found))
    }
    return replace(gathered, facts=[one for one in gathered.facts if one.stored.stream in kept])


def readable_by(replay: Replay, gathered: Gathered, program: str, partner: str) -> frozenset[str]:
    """The registrations that a partner reads in its own pages now: not what is hidden from it, nor what it left. Raises ``Unavailable``."""
    moment, reader = replay.moment(), partner_reader(program, partner)
    found = set()
    for stream, facts in gathered.streams.items():
        if facts[0].stored.topic.startswith("registration_submitted.") and facts[0].said["meta"]["program"] == program:
            readers = readers_of(replay.registration(program, UUID(stream), moment))
            if reader in readers["dealers"] | readers["distributors"]:
                found.add(stream)
    return frozenset(found)


def _rivals(gathered: Gathered, partner: str, own: frozenset[str]) -> re.Pattern[str] | None:
    """What names others: their registrations, partners that no registration of its own names, and the streams of those."""
    parties: dict[str, set[str]] = {}
    programs = set()
    for one in gathered.facts:
        registration = one.said["data"].get("registration")
        if isinstance(registration, str):
            parties.setdefault(registration, set()).update(_partners(one.said["data"]))
            programs.add(one.said["meta"]["program"])
    allies = {partner, *(name for registration in own for name in parties.get(registration, ()))}
    others = {name for registration, named in parties.items() if registration not in own for name in named} - allies
    streams = {derived("partner", program, name) for program in programs for name in others}
    names = sorted({*(parties.keys() - own), *others, *streams})
    return re.compile(_NAMED.format("|".join(map(re.escape, names)))) if names else None


def _partners(data: Any) -> Iterator[str]:
    """The partners that a fact names as filing or holding a leg."""
    pairs: Iterable[tuple[str, Any]] = (
        data.items() if isinstance(data, dict) else (("", one) for one in data) if isinstance(data, list) else ()
    )
    for key, value in pairs:
        if key in {"filed_by", "partner"} and isinstance(value, str):
            yield value
        yield from _partners(value)
