"""The interval model says at every pair of instants what a fold of the whole ledger says, and a rebuild gives the same rows (D18).

The fold is slow and plain: every leg as the customer file has it after each fact, with the instant from which the fact counts. Of a pair
of instants (it was so at T, as known at K) the last such saying that was recorded by K and counts by T is the answer.
"""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from dealreg.file.ends import ends_at
from dealreg.file.evolve import FILE
from dealreg.file.identity_events import ClaimsGivenBack, FileClosed
from dealreg.file.leg_events import LegFulfilled
from dealreg.file.state import HOLDING, CustomerFile, Leg
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Saved
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.scenario import reading
from dealreg.service.scenario.running import run
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import StreamId, desk_reader
from tests.fix_histories import another_database
from tests.properties.test_one_holder import Program
from tests.properties.test_rebuild_equals_live import FIRM, _project_in_pieces
from tests.properties.test_time_stories import Timed

WORLD = reading.text_of(reading.folder() / reading.WORLD)
CASES = reading.found([reading.folder()])
PARTS = 4
STEP = dt.timedelta(microseconds=1)
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)

LegKey = tuple[UUID, str, str, str]
Fold = dict[LegKey, list["Saying"]]


class Stands(NamedTuple):
    """How a leg stands: what it holds, up to when as things stand, for whom and where; nothing when it protects nobody."""

    state: str
    window_from: dt.datetime | None
    window_to: dt.datetime | None
    valid_to: dt.datetime
    customer: UUID | None
    territory: str
    sites: tuple[str, ...]


class Saying(NamedTuple):
    """From this instant on the leg stands so; said at this place of the log."""

    position: int
    counts_from: dt.datetime
    stands: Stands | None


def fold(rows: Iterable[tuple[int, Recorded]]) -> Fold:
    """Every saying about every leg, in the order recorded."""
    files: dict[StreamId, CustomerFile] = {}
    said: Fold = defaultdict(list)
    for position, recorded in rows:
        event = recorded.event
        if event.AGGREGATE != FILE.name:
            continue
        stream = recorded.originator_id
        before = files.get(stream, FILE.initial)
        after = files[stream] = FILE.evolve(before, event)
        if isinstance(event, FileClosed | ClaimsGivenBack):
            continue  # Where the claims stand now, the other file's fact says.
        counts_from = event.fulfilled_at if isinstance(event, LegFulfilled) else recorded.meta.effective_at
        for key, stands in _legs(after):
            known = said[key][-1].stands if said[key] else None
            if stands != known:
                said[key].append(Saying(position, counts_from, stands))
    return said


def _legs(file: CustomerFile) -> Iterator[tuple[LegKey, Stands | None]]:
    for claim in file.claims.values():
        # A partner that left a place and joined it again has two legs; the last says how it stands.
        for leg in {(leg.tier, leg.partner): leg for leg in claim.legs}.values():
            key = (claim.registration, claim.line, leg.tier.value, str(leg.partner))
            scope = claim.scope
            yield key, _stands(leg, file.customer, scope.territory, scope.sites)


def _stands(leg: Leg, customer: UUID | None, territory: str, sites: tuple[str, ...]) -> Stands | None:
    end = ends_at(leg)
    if leg.state not in HOLDING or end is None:
        return None
    stopped = leg.left_seconds is not None
    return Stands(
        leg.state.value, leg.window_from, leg.window_to, FOREVER if stopped else end, customer, territory, sites
    )


def at(said: Sequence[Saying], instant: dt.datetime, size: int) -> Stands | None:
    """How a leg stood at an instant, and up to when it did, as known when the log had this size."""
    cut = FOREVER
    for saying in reversed(said):
        if saying.position > size:
            continue
        if saying.counts_from <= instant:
            if saying.stands is None or instant >= saying.stands.valid_to:
                return None
            return saying.stands._replace(valid_to=min(cut, saying.stands.valid_to))
        cut = min(cut, saying.counts_from)
    return None


def _moments(rows: Sequence[tuple[int, Recorded]], said: Fold, seed: int, many: int) -> list[tuple[dt.datetime, int]]:
    """Pairs at the edges: the very instants at which something begins or ends, and a microsecond before; any size of the log."""
    edges = {saying.counts_from for one in said.values() for saying in one}
    edges |= {saying.stands.valid_to for one in said.values() for saying in one if saying.stands is not None}
    chance = random.Random(seed)  # which pairs are looked at, the same each time
    instants = sorted({*edges, *(edge - STEP for edge in edges)} - {FOREVER, FOREVER - STEP})
    sizes = [0, *(position for position, _ in rows), rows[-1][0] + 7] if rows else [0]
    return [(chance.choice(instants), chance.choice(sizes)) for _ in range(many)] if instants else []


def _shown(row: dict[str, Any]) -> Stands:
    end = row["valid_to"]
    return Stands(
        row["state"], row["window_from"], row["window_to"], end or FOREVER, row["customer"], row["territory"],
        tuple(row["sites"]),
    )  # fmt: skip


def equal_to_the_fold(url: str, *, seed: int = 7, many: int = 40) -> int:
    """Compare each program at pairs of instants, by size of the log and by instant of recording; how many legs were seen protected."""
    recorded: dict[str, list[tuple[int, Recorded, dt.datetime]]] = defaultdict(list)
    with Ledger(url) as ledger, closing(Reading(url)) as asked:
        for row in ledger.notifications(0, 1_000_000):
            fact = ledger.read(row)
            recorded[fact.meta.program].append((row.position, fact, row.recorded_at))
        return sum(_equal(asked, program, rows, seed, many) for program, rows in recorded.items())


def _equal(
    asked: Reading, program: str, recorded: Sequence[tuple[int, Recorded, dt.datetime]], seed: int, many: int
) -> int:
    seen = 0
    rows = [(position, fact) for position, fact, _ in recorded]
    said = fold(rows)
    known_at = {position: instant for position, _, instant in recorded}
    last_of_save = {instant: position for position, _, instant in recorded}
    for instant, size in _moments(rows, said, seed, many):
        by_size = _ask(asked, program, instant, size=size)
        wanted = {key: stands for key, one in said.items() if (stands := at(one, instant, size)) is not None}
        got = {key: piece for key, (piece, _) in by_size.items()}
        assert got == wanted, (instant, size)
        seen += len(wanted)
        if size in known_at:
            whole = last_of_save[known_at[size]]
            by_time = _ask(asked, program, instant, known=known_at[size])
            assert by_time == _ask(asked, program, instant, size=whole), (instant, size)
    return seen


def _ask(
    asked: Reading, program: str, instant: dt.datetime, *, size: int | None = None, known: dt.datetime | None = None
) -> dict[LegKey, tuple[Stands, str]]:
    params = {"from": instant, "to": instant + STEP, "size": size, "known": known, "limit": 100_000}
    rows = asked.ask("protection_intervals", "protected", desk_reader(program), Role.DEAL_DESK, params)
    found = {
        (row["registration"], row["line"], row["tier"], row["partner"]): (_shown(row), row["fact"]) for row in rows
    }
    assert len(found) == len(rows), "a leg is in two pieces at one pair of instants"
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_every_case_of_the_rulebook_folds_to_what_the_intervals_say(projected_url, part):
    known: set[tuple[StreamId, int]] = set()
    commands = []
    for number, path in enumerate(CASES[part::PARTS]):
        world = run(reading.case_of(path), WORLD | {"program": f"case-{number}"}).world
        facts = [fact for fact in world.ledger.facts if (fact.originator_id, fact.originator_version) not in known]
        known |= {(fact.originator_id, fact.originator_version) for fact in facts}
        # Some saves are of one fact, some of many: instants between the facts of one save must be there.
        size = 1 + number % 5
        commands.append([facts[start : start + size] for start in range(0, len(facts), size)])
    with Ledger(projected_url) as ledger:
        for case in commands:
            for saved in case:
                assert not ledger.append([Saved(saved, {})]).late
    Projector(projected_url, models=["protection_intervals"], strict=True).catch_up()
    assert equal_to_the_fold(projected_url, many=6) > 50
    assert [one.model for one in rebuild(projected_url, ["protection_intervals"], check=True) if one.differs] == []


@pytest.mark.parametrize("kind", [Program, Timed], ids=["holders", "time"])
def test_any_story_folds_to_what_the_intervals_say(servers, _template, kind):  # noqa: PT019 - its value is used
    def teardown(self: Program) -> None:
        if self.customer is None:
            return
        with another_database(servers, _template) as url, Ledger(url) as ledger:
            _project_in_pieces(url, ledger, self.ledger.facts, [1, 7, 3], strict=True)
            equal_to_the_fold(url, many=60)

    compared = type("Compared", (kind,), {"teardown": teardown})
    chosen = settings(max_examples=8, stateful_step_count=30, **FIRM)
    run_state_machine_as_test(compared, settings=chosen)
