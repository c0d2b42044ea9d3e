"""The real app on a test's own database: a small program, and a caller for each role."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dealreg.service.composition import House
from dealreg.service.projecting.projector import Projector
from dealreg.service.settings import Settings
from dealreg.service.token_key import read_or_make
from dealreg.service.tokens import mint
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.web.app import create

PROGRAM = "reference"

RULEBOOK = {
    "program": PROGRAM,
    "version": "2026-1",
    "force_from": "2026-01-01T00:00:00Z",
    "territories": [
        {"territory": "WORLD"},
        {"territory": "EMEA", "within": "WORLD"},
        {"territory": "DE", "within": "EMEA"},
        {"territory": "APAC", "within": "WORLD"},
        {"territory": "JP", "within": "APAC"},
    ],
    "product_lines": [{"line": "storage"}, {"line": "network"}],
    # Two that file within a second, as tests do, would tie; the tie has scenarios of its own.
    "clauses": {"ROE-6": {"in_force": False}},
}

PARTNERS: dict[str, dict[str, Any]] = {
    "MASTER": {"track": "distributor", "tier": "master"},
    "NORTH": {"track": "distributor", "tier": "premier", "parents": ["MASTER"]},
    "SOUTH": {"track": "distributor", "tier": "authorized"},
    "ALPHA": {"track": "dealer", "tier": "authorized", "parents": ["NORTH"]},
    "BETA": {"track": "dealer", "tier": "authorized", "parents": ["NORTH"]},
    "GAMMA": {"track": "dealer", "tier": "authorized", "parents": ["SOUTH"]},
}

ACTORS = {
    "alpha": Actor(role=Role.DEALER, subject="u-alpha", partner=PartnerId("ALPHA")),
    "beta": Actor(role=Role.DEALER, subject="u-beta", partner=PartnerId("BETA")),
    "gamma": Actor(role=Role.DEALER, subject="u-gamma", partner=PartnerId("GAMMA")),
    "north": Actor(role=Role.DISTRIBUTOR, subject="u-north", partner=PartnerId("NORTH")),
    "south": Actor(role=Role.DISTRIBUTOR, subject="u-south", partner=PartnerId("SOUTH")),
    "master": Actor(role=Role.MASTER, subject="u-master", partner=PartnerId("MASTER")),
    "emea": Actor(role=Role.CHANNEL_MANAGER, subject="u-emea", region="EMEA"),
    "apac": Actor(role=Role.CHANNEL_MANAGER, subject="u-apac", region="APAC"),
    "desk": Actor(role=Role.DEAL_DESK, subject="u-desk"),
    "director": Actor(role=Role.CHANNEL_MANAGER, subject="u-director", region="WORLD", level="regional_director"),
    "desk2": Actor(role=Role.DEAL_DESK, subject="u-desk-2"),
    "direct": Actor(role=Role.DEAL_DESK, subject="u-direct", team="direct"),
    "auditor": Actor(role=Role.AUDITOR, subject="u-auditor"),
    "crm": Actor(role=Role.CRM, subject="u-crm"),
}


@dataclass
class Caller:
    """Somebody at the door. A write gets a name of its own unless one is given."""

    client: TestClient
    token: str
    seen: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def get(self, path: str, *, headers: dict[str, str] | None = None, **params: Any):
        """Read, knowing of every write that was made through this world."""
        return self.client.get(
            path, params=params, headers={"Authorization": f"Bearer {self.token}", **self.seen, **(headers or {})}
        )

    def post(self, path: str, body: Any = None, *, key: str | None = None, match: str | None = None, method="POST"):
        headers = {"Authorization": f"Bearer {self.token}"}
        headers["Idempotency-Key"] = key if key is not None else f"k{next(self.numbers)}"
        if match is not None:
            headers["If-Match"] = match
        done = self.client.request(method, path, json=body, headers=headers)
        if "dealreg-seen" in done.headers:
            self.seen["Dealreg-Seen"] = done.headers["dealreg-seen"]
        return done

    def decide(self, resource: str, verb: str, body: Any = None, **more: Any):
        """Read it, and decide on what was read."""
        return self.post(f"{resource}/{verb}", body, match=self.get(resource).headers.get("etag", "*"), **more)


@dataclass
class World:
    """A running app with a program in it."""

    house: House
    client: TestClient
    settings: Settings
    callers: dict[str, Caller]

    def __getitem__(self, name: str) -> Caller:
        return self.callers[name]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """No sealer is at work unless a test starts one, so no answer waits for the seal."""
    return Settings(DEALREG_DATA=tmp_path / "dealreg", DATABASE_URL=database_url, PROGRAM=PROGRAM, SEAL_WAIT_SECONDS=0)


@pytest.fixture
def bare(settings: Settings) -> Iterator[World]:
    """The app, and nothing in its ledger."""
    key = read_or_make(settings.token_key_file)
    with House(settings) as house, TestClient(create(house), raise_server_exceptions=False) as client:
        seen: dict[str, str] = {}
        callers = {name: Caller(client, mint(key, actor, PROGRAM, seconds=600), seen) for name, actor in ACTORS.items()}
        yield World(house, client, settings, callers)


@pytest.fixture
def projecting(settings: Settings) -> Iterator[None]:
    """The read models that registrations and conflicts are read in follow the ledger, as `dealreg project` has them do."""
    stop = threading.Event()
    models = (
        "my_deals", "network_deals", "my_joinings", "protected_customers", "conflict_queue", "special_prices", "notices", "appeals", "identity_review",
        "account_reports", "protection_intervals",
    )  # fmt: skip
    project = Projector(settings.database_url("projector"), models=models, strict=True)
    projector = threading.Thread(target=project.run, args=(stop,))
    projector.start()
    yield
    stop.set()
    projector.join()


@pytest.fixture
def world(seeded: World, projecting: None) -> World:
    """The app with a program, and read models that follow."""
    return seeded


@pytest.fixture
def seeded(bare: World) -> World:
    """The app with a rulebook and six partners; nothing is projected."""
    done = bare["desk"].post("/rulebooks", {"document": RULEBOOK})
    assert done.status_code == 200, done.text
    for partner, said in PARTNERS.items():
        body = {
            "lines": ["storage", "network"],
            "territories": ["WORLD"],
            "effective_from": "2026-01-01T00:00:00Z",
            **said,
        }
        done = bare["desk"].post(f"/partners/{partner}", body, method="PUT")
        assert done.status_code == 200, done.text
    return bare


def claim(dealer: str | None, distributor: str | None, *, domain: str = "acme.de", territory: str = "DE", **more: Any):
    """What a partner files: one line of storage for the customer with this domain."""
    legs = [{"tier": "distributor", "partner": distributor}] if distributor else []
    legs += [{"tier": "dealer", "partner": dealer}] if dealer else []
    name = f"{domain.partition('.')[0].title()} GmbH"
    return {
        "customer": {"identifiers": [{"scheme": "domain", "value": domain}], "name": name, "country": "DE"},
        "lines": [{"line": "storage", "scope": {"territory": territory}, "legs": legs}],
        "value": {"amount": "48000.00", "currency": "EUR"},
        "close_on": "2027-03-31",
        "contact": "Erika Mustermann, erika@acme.example",
        **more,
    }
