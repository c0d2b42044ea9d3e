"""A disputed deal in a sealed, witnessed log, and the evidence of it: what the tests of bundles change, and the tools to change it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dealreg.proof.evidence import check_bundle
from dealreg.proof.note import cosignature, vkey
from dealreg.proof.policy import Policy, read_policy
from dealreg.proof.verify import COSIGNED
from dealreg.service.composition import House
from dealreg.service.evidence.making import Made, make
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.settings import Role
from tests.fix_sealing import ORIGIN
from tests.fix_web import PROGRAM, World, claim

WITNESS = "witness.test/w1"


@dataclass
class Trail:
    """A world whose log is sealed and witnessed while the block of ``sealing`` runs."""

    world: World
    sealer: Sealer
    witness: FileSigner

    @property
    def house(self) -> House:
        return self.world.house

    def seal(self, *, cosigned: bool = True) -> int:
        """Seal what is there; the size of the checkpoint, which the witness signs unless it is told not to."""
        state = self.sealer.seal_all()
        if cosigned:
            self.cosign(state.size, state.note)
        return state.size

    def cosign(self, size: int, note: str, at: int | None = None) -> None:
        """A real cosignature over a checkpoint, where the sealer's role puts it."""
        now = int(datetime.now(UTC).timestamp()) if at is None else at
        line = cosignature(note.partition("\n\n")[0] + "\n", self.witness, now)
        row = (self.sealer.own.origin, size, self.witness.name, line, datetime.fromtimestamp(now, UTC))
        with psycopg.connect(self.world.settings.database_url(Role.SEALER), autocommit=True) as connection:
            connection.execute(
                "INSERT INTO seal.cosignatures (origin, size, witness, line, cosigned_at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                row,
            )

    @contextmanager
    def sealing(self) -> Iterator[None]:
        """Sealed again and again, as a sealer of its own would."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(0.01):
                self.seal()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def policy(self, **changed: Any) -> dict[str, Any]:
        key = FileSigner(ORIGIN, self.sealer.things.keys / "log")
        said = {
            "logs": [{"origin": ORIGIN, "keys": [{"vkey": vkey(key), "from_size": 0, "to_size": None}]}],
            "witnesses": [{"vkey": vkey(self.witness, COSIGNED)}],
            "quorum": 1,
            "skew_seconds": 5,
            "require_completeness": True,
        }
        return {**said, **changed}

    def make(self, kind: str, identity: str, **more: Any) -> Made:
        """Evidence, as `dealreg audit export` makes it."""
        subject = Subject.of(Kind(kind), identity, PROGRAM)
        return self.of(subject, **more)

    def of(self, subject: Subject, **more: Any) -> Made:
        with self.sealing():
            return make(self.house.ledger, self.house.audited, subject, by="u-auditor", reason="a dispute", **more)


def trusting(policy: dict[str, Any]) -> Policy:
    return read_policy(json.dumps(policy).encode())


def proved(data: bytes, policy: dict[str, Any], **more: Any) -> list[str]:
    """The lines of the verifier. Raises its ``Refused``."""
    return list(check_bundle(data, trusting(policy), **more))


@pytest.fixture
def trail(seeded: World, sealer: Sealer, tmp_path: Path) -> Trail:
    """The program's beginning, sealed; nothing is filed yet."""
    found = Trail(seeded, sealer, FileSigner(WITNESS, tmp_path / "witness-key"))
    found.seal()
    return found


@dataclass
class Disputed:
    """Two dealers of one distributor want one customer; the desk ruled. ``deal`` is the first one's, ``rival`` the other's."""

    trail: Trail
    deal: str
    rival: str
    customer: str
    conflict: str


@pytest.fixture
def disputed(trail: Trail) -> Disputed:
    """Filed, met, ruled; sealed at each step."""
    return dispute(trail)


def dispute(trail: Trail, domain: str = "lodz.example", name: str = "Łódź – Süd 日本 Sp. z o.o.") -> Disputed:
    world = trail.world
    world["alpha"].post("/registrations", claim("ALPHA", None, domain="earlier.example"))
    trail.seal()
    asked = claim("ALPHA", "NORTH", domain=domain)
    asked["customer"]["name"] = name
    first = world["alpha"].post("/registrations", asked).json()
    trail.seal()
    asked = claim("GAMMA", "SOUTH", domain=domain)
    asked["customer"]["name"] = name
    asked["evidence"] = [{"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}]
    second = world["gamma"].post("/registrations", asked).json()
    trail.seal()
    conflict = facts_of(trail, "conflict_detected.v1")[-1]["conflict"]
    body = {"ruling": "uphold_incumbent", "reason": "ALPHA war zuerst vollständig – 先着順."}
    done = world["desk"].post(f"/conflicts/{conflict}/ruling", body, match="*")
    assert done.status_code == 200, done.text
    customer = facts_of(trail, "registration_submitted.v1")[-1]["customer"]
    world["beta"].post("/registrations", claim("BETA", None, domain="later.example"))
    trail.seal()
    return Disputed(trail, first["registration"], second["registration"], customer, conflict)


def facts_of(trail: Trail, topic: str) -> list[dict[str, Any]]:
    rows = trail.house.ledger.notifications(0, 10_000, [topic])
    return [json.loads(row.state)["data"] for row in rows]


Change = Callable[[dict[str, Any]], None]


def changed(data: bytes, change: Change) -> bytes:
    """A bundle with a change, written as bundles are."""
    from dealreg.proof.bundle import written

    bundle = deepcopy(json.loads(data))
    change(bundle)
    return written(bundle)
