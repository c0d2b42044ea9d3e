"""A day as it comes in: published in order, while everything that takes it in is killed at random."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import psycopg

from dealreg.partner.commands import EnrolPartner
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.composition import dispatch
from dealreg.service.embedded.servers import Servers
from dealreg.service.intake.broker import Wiring, ask_backlog, provision_broker
from dealreg.service.intake.brokers.jetstream.provisioning import consumer_config
from dealreg.service.intake.publishing import publish_opportunities
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.migrating import migrate
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId
from tests.day.posting import SECRETS, WEBHOOKS, bring
from tests.day.traffic import Day, mappings, outgoing
from tests.fix_web import PARTNERS, PROGRAM, RULEBOOK

_BEHIND = """
SELECT (SELECT max(position) FROM ledger.events) > (SELECT position FROM projection.generations WHERE model = 'stale_records' AND state = 'live')
"""
SOURCES = ("salesforce-emea", "hubspot-eu", "dataverse-north", "https://crm.example/in-house")
RULES = {
    **RULEBOOK,
    # The CRMs' own clocks lead, so that what is decided does not hang on when a message happened to reach us.
    "sources": [{"source": source, "priority_clock": "source", "skew_hours": 24 * 30} for source in SOURCES],
}
LIMIT_SECONDS = 240.0
ACK_WAIT_SECONDS = 3


class Roles:
    """Processes of roles that are started again whenever they have ended."""

    def __init__(self, names: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self.deaths = 0
        self.running = {name: self._started(name) for name in names}

    def _started(self, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "dealreg", *name.split()], env=self._environment)

    def tend(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                self.deaths += 1
                self.running[name] = self._started(name)

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait()

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Lived:
    """How a day went: seconds, and what was killed in which order."""

    seconds: float = 0.0
    fed_seconds: float = 0.0
    kills: list[str] = field(default_factory=list)


def prepared(servers: Servers, folder: Path, made: Day, url: str | None) -> dict[str, str]:
    """A migrated database, a broker, a program, and the mappings of the day; the environment of every role.

    With an ``url`` of the sources' interfaces there is a door for them, too.
    """
    migrate(servers.database_url)
    provision_broker(servers.intake_url)
    asyncio.run(_shorten_ack_wait(servers.intake_url))
    with Ledger(servers.database_url) as ledger:
        outcomes = dispatch(ledger).decide_batch(list(_program()))
    assert all(isinstance(outcome, Decided) for outcome in outcomes), outcomes
    folder.mkdir(exist_ok=True)
    for document in mappings(made.crms, url, WEBHOOKS if url is not None else None):
        name = str(document["format"])
        # JSON is YAML, too.
        (folder / f"{name}.yaml").write_text(json.dumps(document))
    return {
        "DATABASE_URL": servers.database_url,
        "INTAKE_URL": servers.intake_url,
        "INTAKE_MAPPINGS": str(folder),
        "PROGRAM": PROGRAM,
        "LOG_LEVEL": "ERROR",
        "CRM_TOKEN": "good",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "HTTP_PORT": str(_free_port()),
        **SECRETS,
    }


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def _shorten_ack_wait(url: str) -> None:
    """Shorter than in life, so that nobody waits long for what a killed consumer held."""
    client = await nats.connect(url)
    config = consumer_config(Wiring())
    config.ack_wait = ACK_WAIT_SECONDS
    await client.jetstream().add_consumer(Wiring().stream, config)
    await client.close()


def _program() -> Iterator[Request]:
    desk = Actor(role=Role.DEAL_DESK, subject="desk")
    command: Any = PublishRulebook.model_validate({"document": RULES})
    yield Request(id="rules", program=ProgramId(PROGRAM), actor=desk, command=command)
    for partner in ("NORTH", "SOUTH", "ALPHA", "BETA", "GAMMA"):
        said = {"partner": partner, "lines": ["storage", "network"], "territories": ["WORLD"], **PARTNERS[partner]}
        above = [one for one in PARTNERS[partner].get("parents", []) if one != "MASTER"]
        command = EnrolPartner.model_validate({**said, "parents": above, "effective_from": "2026-01-01T00:00:00Z"})
        yield Request(id=f"enrol {partner}", program=ProgramId(PROGRAM), actor=desk, command=command)


def live(servers: Servers, made: Day, roles: Roles, *, kills: int = 0, seed: int = 1, door: str | None = None) -> Lived:
    """Bring the day in, through the ``door`` what posts, where there is one; kill at random meanwhile; drain."""
    lived, chance = Lived(), random.Random(seed)
    begun, come = time.monotonic(), 0

    def feed() -> None:
        nonlocal come
        if door is None:
            come = publish_opportunities(servers.intake_url, outgoing(made.real)).sent
        else:
            for come in bring(made.posts, servers.intake_url, door):  # noqa: B007 - the killer looks at it
                pass
        lived.fed_seconds = time.monotonic() - begun

    feeding = threading.Thread(target=feed)
    feeding.start()
    for kill in range(kills):
        # Spread over the feed, whatever the machine does; each at a moment of its own.
        while feeding.is_alive() and come < len(made.posts) * (kill + chance.random()) / kills:
            roles.tend()
            time.sleep(0.05)
        lived.kills.append(_one_kill(servers, roles, chance))
        roles.tend()
    while feeding.is_alive():
        roles.tend()
        feeding.join(0.2)
    assert lived.fed_seconds, "the feed broke off"
    drain(servers, roles)
    lived.seconds = time.monotonic() - begun
    return lived


def _one_kill(servers: Servers, roles: Roles, chance: random.Random) -> str:
    victim = chance.choice([*roles.running, "postgres", "nats"])
    if victim == "postgres":
        servers.postgres.kill()
        time.sleep(chance.uniform(0, 0.5))
        servers.postgres.start()
    elif victim == "nats":
        servers.nats.kill()
        time.sleep(chance.uniform(0, 0.5))
        servers.nats.start()
    else:
        roles.kill(victim)
    return victim


def drain(servers: Servers, roles: Roles) -> None:
    """Until the broker holds nothing that is not decided, and nothing is stale that can be read again."""
    deadline = time.monotonic() + LIMIT_SECONDS
    quiet = 0
    while quiet < 3:
        roles.tend()
        try:
            now = ask_backlog(servers.intake_url)
            idle = now.waiting == now.open == 0 and not _stale(servers, roles)
        except LedgerError:
            now, idle = None, False
        quiet = quiet + 1 if idle else 0
        assert time.monotonic() < deadline, f"not drained: {now}"
        time.sleep(0.3)


def _stale(servers: Servers, roles: Roles) -> bool:
    """Whether anything waits to be read again, where somebody does; the read model has to have caught up to say so."""
    if "reread" not in roles.running:
        return False
    with psycopg.connect(servers.database_url) as connection:
        behind = connection.execute(_BEHIND).fetchone()
        left = connection.execute("SELECT count(*) FROM stale_records_g1.stale_records").fetchone()
    return bool((behind and behind[0]) or (left and left[0]))
