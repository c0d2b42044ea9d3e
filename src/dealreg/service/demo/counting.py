"""What came of the story, read back from the ledger, the dead letters and the read models: told again, it says the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dealreg.conflict.events import ConflictDetected, ConflictRuled
from dealreg.file.evolve import FILE
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.override.events import OverrideTookForce
from dealreg.process.deciding import AGGREGATES
from dealreg.process.view import state_of
from dealreg.registration.events import RegistrationSubmitted
from dealreg.registration.state import REGISTRATION
from dealreg.service import telling
from dealreg.service.demo.acting import Acting
from dealreg.service.demo.story import Asking, Story
from dealreg.service.ingest.due import events_of
from dealreg.service.ingest.reconciling import dead_digests, read_states
from dealreg.service.ingest.world import World
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.ledger.cache import States
from dealreg.vocabulary.ids import file_stream


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures: of messages, registrations, conflicts and rulings."""

    events: dict[str, int]
    registrations: dict[str, int]
    conflicts: dict[str, int]
    rulings: dict[str, int]
    overrides: int
    asked: int


def count(world: World, story: Story) -> Counted:
    """Read all figures. Raises ``Unavailable``."""
    ledger, program = world.house.ledger, story.program
    conflicts = Counter(event.kind.value for event in events_of(ledger, program, ConflictDetected))
    ruled = list(events_of(ledger, program, ConflictRuled))
    rulings = Counter(
        "by the rulebook" if one.ruled_by == "rulebook" else "by the desk, otherwise" if one.departs else "by the desk"
        for one in ruled
    )
    return Counted(
        events=_events(world, story),
        registrations=dict(sorted(Counter(_registrations(world, program)).items())),
        conflicts=dict(sorted(conflicts.items())),
        rulings=dict(sorted(rulings.items())),
        overrides=sum(1 for _ in events_of(ledger, program, OverrideTookForce)),
        asked=sum(isinstance(step, Asking) for step in story.steps),
    )


def _events(world: World, story: Story) -> dict[str, int]:
    """Each message as what became of it; a message that came before is a repeat, whatever it was."""
    reading = Reading(load_mappings(world.settings.intake_mappings), story.program)
    deliveries = [_delivery(story, step) for step in story.steps if not isinstance(step, Asking)]
    dead = dead_digests(world.house.ledger, {delivery.digest for delivery in deliveries})
    named = [_named(reading, delivery) for delivery in deliveries]
    streams = {stream for stream, _ in named if stream is not None}
    states = read_states(States(world.house.ledger, AGGREGATES, size=1), OPPORTUNITY, streams)
    counted = Counter({"in": len(deliveries), "folded": 0, "repeated": 0, "nothing_newer": 0, "dead_lettered": 0})
    seen: set[str] = set()
    for delivery, (stream, message) in zip(deliveries, named, strict=True):
        if delivery.digest in dead:
            counted["dead_lettered"] += 1
        elif message in seen:
            counted["repeated"] += 1
        else:
            folded = stream is not None and message in states[stream].digests
            counted["folded" if folded else "nothing_newer"] += 1
            seen.add(message)
    return dict(counted)


def _delivery(story: Story, step: Any) -> Delivery:
    message = story.message(step)
    return Delivery(message.body, message.headers, "", "", 0, datetime.now(UTC))


def _named(reading: Reading, delivery: Delivery) -> tuple[UUID | None, str]:
    """The opportunity that a message is about and the name of the message, as the intake reads them."""
    try:
        [built] = reading.parse(delivery).commands
    except Unreadable:
        return None, delivery.digest
    if not isinstance(built.command, FoldOpportunity):
        raise TypeError("the story tells of opportunities")
    return built.command.message.opportunity, built.command.message.digest


def _registrations(world: World, program: str) -> Iterator[str]:
    """The state of every registration of the program (rules.md section 1)."""
    ledger = world.house.ledger
    states = States(ledger, AGGREGATES, size=1)
    named = {event.registration for event in events_of(ledger, program, RegistrationSubmitted)}
    found = read_states(states, REGISTRATION, named)
    files = {file_stream(program, one.customer) for one in found.values() if one.customer is not None}
    of_registration: dict[UUID, set[str]] = {}
    for file in read_states(states, FILE, files).values():
        for claim in file.claims.values():
            words = of_registration.setdefault(claim.registration, set())
            words |= {str(leg.state.value) for leg in claim.legs}
    for name, one in found.items():
        words = of_registration.get(name, set())
        yield state_of(words) if words else ("withdrawn" if one.closed else "incomplete")


def explained(world: World, story: Story, acting: Acting) -> dict[str, Any]:
    """One conflict as the deal desk reads it: clause, version, inputs, reasons, ruling. Raises ``Unavailable``."""
    replay = world.house.replay
    moment = replay.moment()
    conflict = acting.conflict(story.cast.shown.challenger)
    found, _ = replay.conflict(story.program, conflict, moment)
    told: dict[str, Any] = telling.conflict(found, moment).model_dump(mode="json", exclude={"as_of"})
    return told
