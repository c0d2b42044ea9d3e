"""Which case of the other course is meant where a command names one: conflicts and joinings have ids of the stream's versions there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import JsonValue

from dealreg.conflict.events import ChallengerJoined, ConflictDetected
from dealreg.file.events import JoiningAsked
from dealreg.vocabulary.fact import Event

Joined = tuple[UUID, UUID, str, str, str]
"""What tells a joining: customer, registration and line of the host, tier, partner."""

TWO = 2


@dataclass(slots=True)
class Cases:
    """The conflicts and joinings of one course: who is in each."""

    conflicts: dict[UUID, tuple[UUID, str, set[UUID]]] = field(default_factory=dict)
    joinings: dict[UUID, Joined] = field(default_factory=dict)
    _on: dict[tuple[UUID, str], list[UUID]] = field(default_factory=dict)
    _asked: dict[Joined, UUID] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        """Remember a case that a fact opens, or a party that joins it."""
        if isinstance(event, ConflictDetected):
            parties = {event.incumbent.registration, event.challenger.registration}
            self.conflicts[event.conflict] = (event.customer, event.line, parties)
            self._on.setdefault((event.customer, event.line), []).append(event.conflict)
        elif isinstance(event, ChallengerJoined):
            self.conflicts[event.conflict][2].add(event.challenger.registration)
        elif isinstance(event, JoiningAsked):
            named = (event.customer, event.registration, event.line, event.tier.value, event.partner)
            self.joinings[event.joining] = named
            self._asked[named] = event.joining

    def like(self, other: "Cases", named: UUID) -> UUID | None:
        """The case here that is like one of the other course; ``None`` where there is none.

        Of a conflict: on the same customer and line, between two or more of the same registrations, of several the one that has most
        of them, of equals the one of the same id, else the latest. Of a joining: one of the same partner at the same place, likewise.
        """
        if named in other.joinings:
            same = self.joinings.get(named) == other.joinings[named]
            return named if same else self._asked.get(other.joinings[named])
        customer, line, parties = other.conflicts[named]
        common = [
            (len(self.conflicts[one][2] & parties), one == named, place, one)
            for place, one in enumerate(self._on.get((customer, line), []))
        ]
        most = max(common, default=None)
        return most[3] if most is not None and most[0] >= TWO else None


def renamed(body: Mapping[str, JsonValue], recorded: Cases, now: Cases) -> tuple[dict[str, JsonValue], bool]:
    """A command's body with the cases of the other course; false where it names one that does not exist there."""
    said, found = dict(body), True
    for name, value in body.items():
        case = _case(value, recorded)
        if case is not None:
            like = now.like(recorded, case)
            found = found and like is not None
            said[name] = str(like) if like is not None else value
    return said, found


def _case(value: JsonValue, recorded: Cases) -> UUID | None:
    if not isinstance(value, str) or len(value) != len(str(UUID(int=0))):
        return None
    try:
        named = UUID(value)
    except ValueError:
        return None
    return named if named in recorded.conflicts or named in recorded.joinings else None
