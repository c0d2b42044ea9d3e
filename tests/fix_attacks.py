"""A sealed, witnessed and projected database, copies of it that a superuser may do anything to, and how he repairs what he did."""

import itertools
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dealreg.proof.note import Signer, checkpoint_body, signed_note, vkey
from dealreg.proof.tiles import full_tiles, tile_of
from dealreg.proof.tree import Tree
from dealreg.proof.verify import COSIGNED, parse_vkey
from dealreg.service.embedded.servers import Servers
from dealreg.service.guarding.superuser import set_up
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Saved
from dealreg.service.personal import seal
from dealreg.service.projecting.projector import Projector
from dealreg.service.sealing.halting import Halted, NotOurs
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.leaves import COLUMNS, Entry, leaf_of
from dealreg.service.sealing.patrolling import Patrol
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.things import Things
from dealreg.service.settings import pinned
from dealreg.service.verifying.finding import Report
from dealreg.service.verifying.running import Asked, verify
from dealreg.service.verifying.trusting import LogKey, Trust
from dealreg.service.witnessing.memory import Memory
from dealreg.service.witnessing.request import request_text
from dealreg.service.witnessing.witness import Witness
from dealreg.vocabulary.fact import Meta
from dealreg.vocabulary.ids import StreamId
from tests.fix_histories import CLERK, DAY, PROGRAM, START, Claim, History, customer, meeting, ruled
from tests.fix_postgres import TEMPLATE, as_superuser

LOG = "dealreg.test/attacked"
GUARDED = ("ledger.events", "seal.checkpoints", "seal.tiles", "seal.cosignatures", "seal.tokens", "personal.held")
_numbers = itertools.count(1)


def made(servers: Servers, name: str, template: str) -> str:
    """A copy of a database in which nobody is."""
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER dealreg TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # What a copy of a database forgets: its own grants.
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO dealreg_projector").format(sql.Identifier(name)))
    return servers.postgres.url(name)


def dropped(servers: Servers, name: str) -> None:
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass
class Attacked:
    """A database that somebody attacks; ``root`` is a superuser on it, and the triggers are off."""

    url: str
    root: psycopg.Connection[Any]
    things: Things
    signer: Signer

    def run(self, statement: str, *parameters: Any) -> list[Any]:
        done = self.root.execute(statement.encode(), parameters or None)
        return done.fetchall() if done.description else []

    def entries(self) -> list[Entry]:
        """The rows that there are now."""
        with self.root.cursor(binary=True) as cursor:
            return [
                Entry(*row) for row in cursor.execute(f"SELECT {COLUMNS} FROM ledger.events ORDER BY position".encode())
            ]

    def tree(self) -> Tree:
        return Tree.of(leaf_of(entry) for entry in self.entries())

    def repair_tiles(self) -> None:
        """Tiles as an honest sealer would have made them of the rows that there are now."""
        tree, size = self.tree(), self.run("SELECT max(size) FROM seal.checkpoints")[0][0]
        self.run("DELETE FROM seal.tiles")
        for tile in full_tiles(0, min(size, tree.size)):
            self.run(
                "INSERT INTO seal.tiles (origin, level, tile, hashes) VALUES (%s, %s, %s, %s)",
                LOG, tile.level, tile.place, tile_of(tree, tile),
            )  # fmt: skip

    def repair_checkpoints(self, key: Signer | None) -> None:
        """Every checkpoint with the root that the rows have now: signed by a key, or with the old signature where there is none."""
        tree = self.tree()
        self.run("DELETE FROM seal.cosignatures")
        for size, note in self.run("SELECT size, note FROM seal.checkpoints ORDER BY size"):
            if size > tree.size:
                self.run("DELETE FROM seal.checkpoints WHERE size = %s", size)
                continue
            body = checkpoint_body(LOG, size, tree.root(size))
            made_note = signed_note(body, [key]) if key else f"{body}\n{note.partition(chr(10) * 2)[2]}"
            self.run(
                "UPDATE seal.checkpoints SET root = %s, note = %s WHERE size = %s", tree.root(size), made_note, size
            )

    def repair(self, key: Signer | None) -> None:
        """Tiles and checkpoints."""
        self.repair_checkpoints(key)
        self.repair_tiles()
        self.run("UPDATE seal.standing SET size = (SELECT max(size) FROM seal.checkpoints)")

    def seal(self) -> str | None:
        """The honest sealer, with its own memory, starts, seals what is there and walks once over all; why it halts."""
        self.root.commit()
        try:
            with Sealer(self.url, self.things) as sealer:
                sealer.seal_all()
                Patrol(sealer).step()
        except (Halted, NotOurs) as halted:
            return str(halted)
        return None


@dataclass(frozen=True)
class Original:
    """What is attacked, and what lies elsewhere: ``early`` and ``newest`` checkpoints, a witness's memory, a receipt's leaf."""

    servers: Servers
    name: str
    folder: Path
    signer: FileSigner
    witness: FileSigner
    trust: Trust
    sizes: Sequence[int]
    personal: str

    @property
    def early(self) -> Path:
        return self.folder / "outside" / "early.note"

    @property
    def newest(self) -> Path:
        return self.folder / "outside" / "newest.note"

    @contextmanager
    def copy(self) -> Iterator[Attacked]:
        """A copy of its own for one attack; the triggers stand again when the attack is over."""
        number = next(_numbers)
        url = made(self.servers, f"attacked_{number}", template=self.name)
        things = Things(self.folder / f"sealer-{number}" / "state.json", self.folder / "keys", LOG)
        shutil.copytree(self.folder / "sealer", things.state.parent)
        with closing(psycopg.connect(as_superuser(url))) as root:
            yield Attacked(url, root, things, self.signer)
        dropped(self.servers, f"attacked_{number}")

    def verified(
        self, copy: Attacked, *outside: Path, models: bool = False, trust: Trust | None = None, witnessed: bool = True
    ) -> Report:
        copy.root.commit()
        trust = trust or (self.trust if witnessed else replace(self.trust, witnesses=()))
        return verify(
            Asked(
                pinned(copy.url, "dealreg_auditor"),
                trust,
                pinned(copy.url, "dealreg_projector"),
                models,
                outside,
                late_seconds=HOUR,
            )
        )


@contextmanager
def disarmed(root: psycopg.Connection[Any]) -> Iterator[None]:
    """What every attack begins with, and ends with so that nobody sees it: triggers are off in between."""
    events = root.execute("SELECT evtname FROM pg_event_trigger").fetchall()
    for (name,) in events:
        root.execute(sql.SQL("ALTER EVENT TRIGGER {} DISABLE").format(sql.Identifier(name)))
    kept = root.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    ).fetchall()
    for table in GUARDED:
        root.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
    yield
    for table, trigger in kept:
        root.execute(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{trigger}"'.encode())
    for (name,) in events:
        root.execute(sql.SQL("ALTER EVENT TRIGGER {} ENABLE ALWAYS").format(sql.Identifier(name)))
    root.commit()


def _claims(history: History, number: int) -> None:
    """Two claims on one customer, and what came of it: thirteen facts in four streams."""
    at = START + number * DAY
    first = Claim(f"r{number}-a", customer(f"c{number}"), "north", "dealer-1")
    second = Claim(f"r{number}-b", customer(f"c{number}"), "south", "dealer-2")
    first.filed(history, at)
    history.add(first.file, first.approved(at), at)
    second.filed(history, at + DAY, entry=2)
    ruled(meeting(first, second, history, at + DAY), first, history, at + 2 * DAY)


@dataclass
class _Making:
    """What the original is made with."""

    url: str
    folder: Path
    witness: Witness
    name: str

    def facts(self, ledger: Ledger, history: History, numbers: Iterable[int]) -> None:
        for number in numbers:
            _claims(history, number)
            history.save(ledger, size=4)

    def cosigned(self, sealer: Sealer, old: int) -> str:
        """The newest checkpoint with a real witness's line, which is kept in the database and given."""
        own = sealer.own
        proof = sealer.tree.consistency(old, own.size) if old else []
        answer = self.witness.add(request_text(old, proof, own.note).encode())
        assert answer.status == 200, answer
        with psycopg.connect(pinned(self.url, "dealreg_sealer")) as connection:
            connection.execute(
                "INSERT INTO seal.cosignatures (origin, size, witness, line, cosigned_at) VALUES (%s, %s, %s, %s, now())",
                [LOG, own.size, self.name, answer.body],
            )
        return own.note + answer.body


HOUR = 3600.0
"""Long enough for every test that copies the original."""

CUSTOMERS = 36


@pytest.fixture(scope="module")
def original(servers: Servers, _template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """Some 480 facts under a dozen checkpoints, three of them cosigned two seconds after their facts."""
    servers.postgres.start()
    folder = tmp_path_factory.mktemp("attacked")
    name = f"original_{next(_numbers)}"
    url = made(servers, name, template=TEMPLATE)
    set_up(as_superuser(url))
    things = Things(folder / "sealer" / "state.json", folder / "keys", LOG)
    signer = FileSigner(LOG, folder / "keys" / "log")
    key = FileSigner("witness.test/one", folder / "witness-key")
    log_key = parse_vkey(vkey(signer))
    memory = Memory(folder / "witness")
    outside = folder / "outside"
    outside.mkdir()
    with memory.held(folder / "no-key-yet"), Sealer(url, things) as sealer, Ledger(url) as ledger:
        making = _Making(url, folder, Witness(key, memory, lambda: {LOG: [log_key]}), key.name)
        history, old, sizes = History(), 0, []
        _filler(ledger, history)
        for number in range(0, CUSTOMERS, 3):
            making.facts(ledger, history, range(number, number + 3))
            if number == 0:
                personal = _personal(ledger)
            sealer.seal_all()
            sizes.append(sealer.own.size)
            if (number + 3) % 12 == 0:
                time.sleep(2.2)
                note = making.cosigned(sealer, old)
                old = sealer.own.size
                (outside / ("newest.note" if number + 3 == CUSTOMERS else "early.note")).write_text(note)
        project = Projector(pinned(url, "dealreg_projector"), models=("registration_history", "my_deals"), strict=True)
        project.catch_up()
    trust = Trust({LOG: [LogKey(log_key)]}, (parse_vkey(vkey(key, COSIGNED)),), 0, "the test")
    yield Original(servers, name, folder, signer, key, trust, sizes, personal)
    dropped(servers, name)


FIRST = 41
"""The position of the first customer's first fact, however many migrations there are."""


def _filler(ledger: Ledger, history: History) -> None:
    """Registrations up to the same position in every build."""
    for number in range(ledger.head() + 1, FIRST):
        claim = Claim(f"filler-{number - FIRST}", customer("filler"), "north", "dealer-1")
        history.add(claim.id, claim.submitted(START), START)
    assert history.save(ledger, size=1) == FIRST - 1


def _personal(ledger: Ledger) -> str:
    """A registration that names its contact; the ref of the value."""
    sealed, row = seal("person:1", "Erika Mustermann")
    claim = Claim("r-person", customer("person"), "north", "dealer-1")
    said = claim.submitted(START).model_copy(update={"contact": sealed})
    meta = Meta(program=PROGRAM, actor=CLERK, effective_at=START, build="test")
    ledger.append([Saved([Recorded(StreamId(claim.id), 1, meta, said)], {}, personal=(row,))])
    return sealed.ref
