"""An ingest from the first row to the account of the last."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dealreg.conflict.events import ConflictDetected, Kind
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import first_instant
from dealreg.process.deciding import AGGREGATES
from dealreg.service.ingest.document import IngestMapping, MappingFault
from dealreg.service.ingest.due import bring_to_due, events_of
from dealreg.service.ingest.feeding import feed
from dealreg.service.ingest.parties import Parties
from dealreg.service.ingest.reconciling import Account, Records, reconcile
from dealreg.service.ingest.seeding import rulebook_named, seed
from dealreg.service.ingest.table import Export, read_export
from dealreg.service.ingest.telling import Telling, tell
from dealreg.service.ingest.world import World
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.ids import opportunity_id, registration_id

Steps = Callable[[str, int], Callable[[int], None]]
"""Opens a step of so many parts; the function it gives is told how many more are done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an ingest will do, read and checked before anything is touched."""

    mapping: IngestMapping
    rules: RulebookDocument
    export: Export
    parties: Parties
    telling: Telling

    @property
    def records(self) -> Records:
        """Row → record, for the account."""
        column = self.mapping.record
        return Records(
            self.mapping.program,
            self.mapping.source,
            {row.number: row.cells.get(column, "") for row in self.export.rows},
            self.mapping.entity,
        )

    def day(self, *, last: bool) -> datetime:
        """The start of the file's first or last day."""
        return first_instant(self.telling.last_day if last else self.telling.first_day, self.rules.zone)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of it. ``facts`` and ``seconds`` are this run's; all else is what the ledger says of the whole file."""

    accounts: list[Account]
    messages: int
    known_to_broker: int
    facts: int
    seconds: dict[str, float]
    conflicts: dict[str, int] = field(default_factory=dict)
    ties_undated: int = 0
    undated: int = 0


def plan(file: Path, mapping: IngestMapping, beside: Path, *, first: int | None = None) -> Plan:
    """Read everything; ``first`` takes so many rows only, in the order of the file. Raises ``MappingFault`` and ``DocumentError``."""
    export = read_export(file, mapping)
    if first is not None:
        export = Export(export.rows[:first], export.companions)
    rules = rulebook_named(mapping.rulebook, beside)
    if rules.program != mapping.program:
        rules = rules.model_copy(update={"program": mapping.program})
    parties = Parties(export, mapping, rules)
    telling = tell(export, mapping, parties, rules.zone)
    if not telling.messages:
        raise MappingFault(f"{file}: no row can be told: {next(iter(telling.untold.values()), 'there is none')}")
    return Plan(mapping, rules, export, parties, telling)


def ingest(world: World, made: Plan, steps: Steps = lambda _name, _parts: lambda _done: None) -> Ingested:
    """Seed, feed, bring to the file's last day, and account. Raises ``SeedingFault``, ``ServerTrouble``, ``Unavailable``."""
    ledger, program = world.house.ledger, made.mapping.program
    before, begun = _facts(ledger), time.perf_counter()
    seed(world.house.dispatch, made.rules, made.parties.all, made.day(last=False))
    seeded = time.perf_counter()
    messages = made.telling.messages
    fed = feed(
        world,
        (one.message for one in messages),
        steps("to the broker", len(messages)),
        steps("decided", len(messages)),
    )
    decided = time.perf_counter()
    bring_to_due(world.house.dispatch, program, made.day(last=True))
    due = time.perf_counter()
    accounts = reconcile(ledger, made.records, messages, made.telling.untold, AGGREGATES)
    kinds, undated = _conflicts(made, ledger)
    return Ingested(
        accounts=accounts,
        messages=len(messages),
        known_to_broker=fed.published.duplicates,
        facts=_facts(ledger) - before,
        seconds={
            "seed": seeded - begun,
            "feed": decided - seeded,
            "due": due - decided,
            "account": time.perf_counter() - due,
        },
        conflicts=kinds,
        ties_undated=undated,
        undated=len(made.telling.undated),
    )


def _facts(ledger: Ledger) -> int:
    """How many facts there are; positions have no gaps."""
    return ledger.head()


def _conflicts(made: Plan, ledger: Ledger) -> tuple[dict[str, int], int]:
    """Conflicts by kind, and how many of the ties have a party whose row has no date at all."""
    undated = _registrations(made)
    kinds: Counter[str] = Counter()
    without_day = 0
    for event in events_of(ledger, made.mapping.program, ConflictDetected):
        kinds[event.kind.value] += 1
        parties = {event.incumbent.registration, event.challenger.registration}
        without_day += event.kind is Kind.TIE and not parties.isdisjoint(undated)
    return {kind.value: kinds[kind.value] for kind in Kind}, without_day


def _registrations(made: Plan) -> set[UUID]:
    """The registrations of the rows that were told on the last day for want of a date."""
    found: set[UUID] = set()
    for row in made.export.rows:
        named = made.parties.named(row)
        filed_by = named.get("partner") or named.get("distributor") or named.get("master")
        if row.number in made.telling.undated and filed_by is not None:
            stream = opportunity_id(made.mapping.source, row.cells[made.mapping.record])
            found.add(registration_id(made.mapping.program, filed_by, str(stream)))
    return found
