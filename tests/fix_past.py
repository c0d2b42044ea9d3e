"""A story with everything that the past is asked for: late facts, a rival, a merge, a rulebook's own hand; each step a save of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest

from dealreg.service.insight import Insight
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Saved
from dealreg.service.past.differing import Past
from dealreg.service.replay import Replay
from dealreg.service.scenario import reading
from dealreg.service.scenario.form import NOTHING, Case
from dealreg.service.scenario.running import run
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Role

PROGRAM = "reference"
WORLD = reading.text_of(reading.folder() / reading.WORLD)

STORY: list[dict[str, Any]] = [
    {"at": "2026-03-02 09:00", "as": "R1", "FileRegistration": {"filed_by": "bauer", "customer": "acme", "value": "90000 EUR", "lines": {"drives": {"distributor": "nordwind", "dealer": "bauer"}}}},
    {"at": "2026-03-05 09:00", "as": "R2", "FileRegistration": {"filed_by": "dorn", "customer": "acme", "lines": {"drives": {"distributor": "suedkraft", "dealer": "dorn"}}}},
    {"at": "2026-03-09 09:00", "as": "R3", "FileRegistration": {"filed_by": "gerda", "customer": "brandt", "lines": {"relays": {"in": "DE-SOUTH", "distributor": "nordwind", "dealer": "gerda"}}}},
    {"at": "2026-03-20 09:00", "by": "bauer", "RecordProgress": {"registration": "R1", "stage": "negotiation"}},
    {"at": "2026-04-02 09:00", "by": "dana", "ChangeTier": {"partner": "claus", "tier": "elite", "effective_from": "2026-04-10 00:00"}},
    {"at": "2026-04-20 09:00", "by": "gerda", "ReportOutcome": {"registration": "R3", "outcome": "won", "partner": "gerda", "closed_at": "2026-04-06 15:00"}},
    {"at": "2026-05-04 09:00", NOTHING: ""},
    {"at": "2026-05-05 09:00", "by": "bauer", "reason": "The plant was sold.", "WithdrawRegistration": {"registration": "R1", "partner": "bauer"}},
]  # fmt: skip
"""R1 holds, R2 waits behind it; R3 is won, which is told two weeks late; R1 runs into grace; its dealer gives up."""


@dataclass(frozen=True)
class Told:
    """The story in a database: where each of its saves ends, and what its names are."""

    url: str
    base: int
    sizes: tuple[int, ...]
    ids: dict[str, str]
    facts: tuple[Recorded, ...]

    def after(self, step: int) -> int:
        """The size of the log once so many saves of the story were made."""
        return self.sizes[step]

    def size_of(self, name: str, nth: int = 0) -> int:
        """The size of the log with the nth fact of this name in it, and nothing after it."""
        found = [number for number, fact in enumerate(self.facts, 1) if fact.event.NAME == name]
        return self.base + found[nth]


def told(url: str, story: list[dict[str, Any]], *, base: int | None = None) -> Told:
    """Decide a story in memory with the real rules and record it, each decision a save of its own."""
    last = {"at": "2026-05-06 09:00", NOTHING: "", "then": {"R1 drives": {"entry": "1"}}}
    written = {
        "scenario": "A deal whose past is asked for",
        "rule": "ROE-12",
        "side": "both",
        "because": "Its past is asked for.",
    }
    world = run(Case.model_validate({**written, "story": [*story, last]}), WORLD).world
    sizes = []
    with Ledger(url) as ledger:
        start = ledger.head() if base is None else base
        for _, facts in groupby(world.ledger.facts, key=_asked):
            assert not ledger.append([Saved(list(facts), {})]).late
            sizes.append(ledger.head())
    ids: dict[str, str] = {}
    for fact in world.ledger.facts:
        for name in ("registration", "customer", "conflict"):
            value = getattr(fact.event, name, None)
            if isinstance(value, UUID):
                ids.setdefault(name if name == "conflict" else str(world.names.word(value)), str(value))
    return Told(url, start, tuple(sizes), ids, tuple(world.ledger.facts))


def _asked(fact: Recorded) -> tuple[str, str]:
    request = fact.meta.request
    return (request.caller, request.id) if request is not None else ("", "")


@pytest.fixture
def story(projected_url: str) -> Told:
    """The story in a database of its own, not yet projected."""
    return told(projected_url, STORY)


@pytest.fixture
def audited(story: Told) -> Iterator[Ledger]:
    """Its ledger as auditors read it."""
    with Ledger(story.url, role="dealreg_auditor") as ledger:
        yield ledger


def claims_of(role: Role, **more: Any) -> Claims:
    """Who asks."""
    return Claims.model_validate({"role": role, "sub": "u-1", "program": PROGRAM, "iat": 0, "exp": 0, **more})


def insight(ledger: Ledger, role: Role = Role.AUDITOR, **more: Any) -> Insight:
    return Insight(Replay(ledger), claims_of(role, **more))


def asks(ledger: Ledger, role: Role = Role.AUDITOR, **more: Any) -> Past:
    return Past(Replay(ledger), claims_of(role, **more))
