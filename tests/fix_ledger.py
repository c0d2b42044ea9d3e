"""The ledger of a test's own database, dispatch over it, and a toy domain: shelves that boxes are put on.

The toy is the smallest thing with everything that a dispatch meets: facts in one stream and in two, a guard on a stream that is
only read, streams found one after another, a refusal, a bug, a personal value, an effective instant of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid5

import pytest
from pydantic import JsonValue

from dealreg.service.ledger import audit_facts
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.ledger.stored_names import StoredNames
from dealreg.vocabulary.fact import Actor, Aggregate, Command, Event, Meta, Request, Role
from dealreg.vocabulary.ids import ProgramId, StreamId
from dealreg.vocabulary.refused import Closed
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Instant, Sealed, Text, Whole

ROOT = UUID("00000000-0000-0000-0000-00000000b0c5")
CLERK = Actor(role=Role.DEAL_DESK, subject="clerk")


class BoxesPut(Event):
    NAME: ClassVar[str] = "boxes_put.v2"
    AGGREGATE: ClassVar[str] = "shelf"

    boxes: Whole
    note: Text | None = None
    sender: Sealed | None = None


class ShelfCounted(Event):
    NAME: ClassVar[str] = "shelf_counted.v1"
    AGGREGATE: ClassVar[str] = "shelf"

    found: Whole


@dataclass(frozen=True, slots=True)
class Shelf:
    boxes: int = 0
    next_to: str | None = None


def evolve(state: Shelf, event: Event) -> Shelf:
    match event:
        case BoxesPut(boxes=boxes, note=note):
            return replace(state, boxes=state.boxes + boxes, next_to=note or state.next_to)
        case _:
            return state


SHELF = Aggregate("shelf", Shelf(), evolve)


class Put(Command):
    """Put boxes on a shelf that holds at most ``at_most``."""

    shelf: str
    boxes: int = 1
    note: str | None = None
    at_most: int = 10**9
    sender: Sealed | None = None
    counts_since: Instant | None = None


class Move(Command):
    """From one shelf to another: two streams in one save."""

    source: str
    target: str
    boxes: int = 1


class Count(Command):
    """Write on the diary's shelf what the looked-at shelf holds: its stream is read and not written."""

    shelf: str
    diary: str


class Follow(Command):
    """Go from shelf to shelf as the notes say; count on the last. Streams are found one after another."""

    shelf: str
    diary: str


class Fail(Command):
    """A bug in the core."""

    shelf: str


def shelf(name: str) -> StreamId:
    return StreamId(uuid5(ROOT, name))


def decide(request: Request, situation: Situation) -> dict[str, JsonValue]:
    match request.command:
        case Put() as put:
            return _put(put, situation)
        case Move(source=source, target=target, boxes=boxes):
            situation.need("shelf", [shelf(source), shelf(target)])
            situation.record(SHELF, shelf(source), BoxesPut(boxes=-boxes))
            return {"boxes": situation.record(SHELF, shelf(target), BoxesPut(boxes=boxes)).boxes}
        case Count(shelf=name, diary=diary):
            found = situation.of(SHELF, shelf(name)).boxes
            situation.record(SHELF, shelf(diary), ShelfCounted(found=found))
            return {"found": found}
        case Follow(shelf=name, diary=diary):
            here = situation.of(SHELF, shelf(name))
            while here.next_to:
                here = situation.of(SHELF, shelf(here.next_to))
            situation.record(SHELF, shelf(diary), ShelfCounted(found=here.boxes))
            return {"found": here.boxes}
        case _:
            situation.record(SHELF, shelf(request.command.shelf), BoxesPut(boxes=1000))
            raise ZeroDivisionError("a bug in the core")


def _put(put: Put, situation: Situation) -> dict[str, JsonValue]:
    before = situation.of(SHELF, shelf(put.shelf)).boxes
    if before + put.boxes > put.at_most:
        raise Closed(f"the shelf holds {before}", clause="ROE-0")
    if put.counts_since is not None:
        situation.record(SHELF, shelf(put.shelf), ShelfCounted(found=before), effective_at=put.counts_since)
    made = BoxesPut(boxes=put.boxes, note=put.note, sender=put.sender)
    return {"boxes": situation.record(SHELF, shelf(put.shelf), made).boxes}


def home(request: Request) -> StreamId:
    command = request.command
    return shelf(getattr(command, "diary", None) or getattr(command, "target", None) or command.shelf)


def home_kind(request: Request) -> str:
    return "shelf"


def _boxes_put_v1(data: dict[str, Any]) -> dict[str, Any]:
    """The first shape said ``count``."""
    return {"boxes": data["count"]}


TOY_NAMES = StoredNames(
    [BoxesPut, ShelfCounted, *audit_facts.EVENTS], {"boxes_put.v1": ("boxes_put.v2", _boxes_put_v1)}
)


def ask(command: Command, request_id: str, **more: Any) -> Request:
    """A request of the clerk."""
    return Request(**{"id": request_id, "program": ProgramId("toys"), "actor": CLERK, "command": command, **more})


def fact(stream: StreamId, version: int, event: Event, ledger: Ledger) -> Recorded:
    """A fact made beside any decision, effective an hour ago."""
    meta = Meta(program=ProgramId("toys"), actor=CLERK, effective_at=ledger.clock() - timedelta(hours=1), build="test")
    return Recorded(stream, version, meta, event)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """The ledger as the deciding processes have it (role ``dealreg_app``), on a fresh migrated database."""
    with Ledger(database_url) as opened:
        yield opened


@pytest.fixture
def toy_ledger(database_url: str) -> Iterator[Ledger]:
    """The same ledger, that knows the toy's facts."""
    with Ledger(database_url, names=TOY_NAMES) as opened:
        yield opened


@pytest.fixture
def dispatch_for() -> Callable[..., Dispatch]:
    """Dispatch of a core over a ledger: ``dispatch_for(ledger, decide=…, home=…, home_kind=…, aggregates=…)``."""

    def make(ledger: Ledger, **core: Any) -> Dispatch:
        return Dispatch(ledger, **{"build": "test", **core})

    return make


@pytest.fixture
def toys(toy_ledger: Ledger, dispatch_for: Callable[..., Dispatch]) -> Dispatch:
    """Dispatch of the toy domain."""
    return dispatch_for(toy_ledger, decide=decide, home=home, home_kind=home_kind, aggregates={"shelf": SHELF})
