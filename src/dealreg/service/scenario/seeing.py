"""What each viewer sees at the end of a case: its facts through the real read models, asked under row-level security.

The facts are those that the real decisions made in memory. They are appended to an empty ledger and projected; then every question
is the one that the HTTP faces ask, as the viewer's role and reader. What a viewer sees and the case does not name is a fault too.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.projector import Projector
from dealreg.service.scenario.expected import Expectation
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.running import Result
from dealreg.service.scenario.world import World
from dealreg.vocabulary.fact import PARTNER_ROLES, Actor, Role
from dealreg.vocabulary.ids import desk_reader, partner_reader, region_reader

MODELS: Mapping[Role, str] = {
    Role.DEALER: "my_deals",
    Role.DISTRIBUTOR: "network_deals",
    Role.MASTER: "network_deals",
    Role.CHANNEL_MANAGER: "protected_customers",
    Role.DEAL_DESK: "protected_customers",
}
"""Where each role reads registrations."""

Row = Mapping[str, Any]


def seen(result: Result, database_url: str) -> list[str]:
    """What is not as ``sees`` says. The database is migrated, and its ledger empty. Raises ``Malformed``, ``Unavailable``."""
    record(result, database_url)
    with Reading(database_url) as reading:
        return [
            f"sees.{name}: {fault}"
            for name, wanted in result.case.sees.items()
            for fault in Viewer(result.world, reading, name).faults(wanted)
        ]


def record(result: Result, database_url: str) -> None:
    """Append every fact of a case to an empty ledger and bring the read models there."""
    with Ledger(database_url) as ledger:
        ledger.append([Saved(result.world.ledger.facts, {})])
    Projector(database_url, strict=True).catch_up()


class Viewer:
    """One person or partner, and what it is given to read."""

    def __init__(self, world: World, reading: Reading, name: str) -> None:
        """``name`` as the world has it. Raises ``Malformed``."""
        self._world, self._reading = world, reading
        self._actor = world.who(name, f"sees.{name}")
        if self._actor.role not in MODELS:
            raise Malformed(f"sees.{name}: a {self._actor.role} reads no registrations")
        self._reader = reader_of(world.program, self._actor)

    def faults(self, wanted: Mapping[str, Expectation | None]) -> Iterator[str]:
        """Every difference between what is said and what is read; ``None`` is a thing of which it sees no row."""
        rows = self._ask(MODELS[self._actor.role], "newest")
        named: set[UUID] = set()
        for subject, asked in wanted.items():
            words = subject.removeprefix("conflict over ").split()
            registration = self._world.names.id(words[0], f"sees.{subject}")
            if subject.startswith("conflict over "):
                yield from self._conflict_faults(asked, subject, words)
                continue
            found = [row for row in rows if _is(row, registration, words[1:])]
            named |= {registration} if asked is not None else set()
            yield from self._row_faults(asked, subject, found)
        for stranger in {row["registration"] for row in rows} - named:
            yield f"also sees {self._world.names.word(stranger)}, which the case does not say"

    def _row_faults(self, asked: Expectation | None, subject: str, found: list[Row]) -> Iterator[str]:
        if asked is None:
            if found:
                yield f"{subject}: is to see nothing, but sees {[row['state'] for row in found]}"
            return
        if not found:
            yield f"{subject}: sees nothing of it"
        for row in found:
            yield from _differences(asked, self._parts(row))

    def _conflict_faults(self, asked: Expectation | None, subject: str, words: list[str]) -> Iterator[str]:
        rows = [] if self._actor.role in PARTNER_ROLES else self._ask("conflict_queue", "newest")
        conflict = self._world.names.id("/".join(words), f"sees.{subject}")
        found = [row for row in rows if row["conflict"] == conflict]
        if asked is None:
            if found:
                yield f"{subject}: is to see nothing, but sees the conflict"
            return
        if not found:
            yield f"{subject}: sees nothing of it"
        for row in found:
            yield from _differences(asked, {part: str(row[part]) for part in ("state", "kind", "clause")})

    def _ask(self, model: str, question: str) -> list[Row]:
        rows: list[Row] = list(self._reading.ask(model, question, self._reader, self._actor.role, {"limit": 1000}))
        return rows

    def _parts(self, row: Row) -> dict[str, str]:
        parts = {
            "state": row["state"],
            "clause": row["clause"],
            "partner": row["partner"],
            "protected_from": self._at(row["window_from"]),
            "protected_until": self._until(row["window_to"]),
            "grace_until": self._until(row["grace_to"]),
            "held_until": self._until(row["held_to"]),
            "extension": row["extension"],
            "progress_by": self._at(row["progress_by"]),
            "stale_since": self._at(row["stale_since"]),
            "offer_to": self._at(row["offer_to"]),
            "missing": ", ".join(row["missing"] or ()),
            "stage": row["stage"],
            "shown": row.get("shown"),
        }
        return {part: str(said) for part, said in parts.items() if said}

    def _at(self, instant: datetime | None) -> str | None:
        return self._world.local(instant).strftime("%Y-%m-%d %H:%M") if instant is not None else None

    def _until(self, end: datetime | None) -> str | None:
        return None if end is None else self._world.local(end - timedelta(microseconds=1)).date().isoformat()


def reader_of(program: str, actor: Actor) -> UUID | None:
    """By which reader the rows of an actor are found (architecture D9)."""
    if actor.partner is not None:
        return partner_reader(program, actor.partner)
    if actor.region is not None:
        return region_reader(program, actor.region)
    return desk_reader(program) if actor.role is Role.DEAL_DESK else None


def _is(row: Row, registration: UUID, line_and_tier: list[str]) -> bool:
    return row["registration"] == registration and [row["line"], row["tier"]][: len(line_and_tier)] == line_and_tier


def _differences(asked: Expectation, parts: Mapping[str, str]) -> Iterator[str]:
    for part, wanted in asked.parts.items():
        if parts.get(part, "none") != wanted:
            yield f"{asked.subject}: {part} is {parts.get(part, 'none')!r}, not {wanted!r}"
