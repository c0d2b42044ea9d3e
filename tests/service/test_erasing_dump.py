"""Requirement 26: after an erasure every proof stands, everything still works, and no dump holds the text, however it is spelt."""

import base64
import gzip
import json
import os
import subprocess
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.proof.tree import Tree
from dealreg.proof.verify import leaf_hash, leaf_text, payload_digest
from dealreg.service.composition import dispatch
from dealreg.service.embedded.binaries import postgres_binaries
from dealreg.service.intake.core import Intake
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.projecting.loader import provision
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.sealing.sealer import Sealer
from tests.fix_intake import delivered, event
from tests.fix_sealing import Role
from tests.fix_web import PROGRAM, RULEBOOK, claim

TOO_SHORT = 6


class Person:
    """Somebody whose name is in this test alone, and everything that it may look like in a file."""

    def __init__(self):
        self.token = uuid4().hex[:12]
        self.name = f"Zoë {self.token} Ælfric-Žižka"
        self.address = f"zoe.{self.token}@persona.example"
        self.note = f"call {self.name} before noon"

    def spellings(self) -> dict[str, bytes]:
        """What to look for, by how it is spelt; the token alone is in the UTF-8, Latin-1 and JSON-escaped text."""
        found = {"as text": self.token.encode(), "as UTF-16": self.token.encode("utf-16-le")}
        for said in (self.token, self.name, self.address):
            raw = said.encode()
            found[f"in hexadecimal: {said}"] = raw.hex().encode()
            found[f"in JSON: {said}"] = json.dumps(said)[1:-1].encode()
            for skipped in range(3):
                # The digits that depend on nothing but the text, wherever in the encoded value it begins.
                digits = base64.b64encode(b"\x00" * skipped + raw)[(4 if skipped else 0) : -4]
                if len(digits) > TOO_SHORT:
                    found[f"in base64, {skipped} in: {said}"] = digits
        return found

    def found_in(self, text: bytes) -> list[str]:
        lowered = text.lower()
        return [
            how
            for how, spelt in self.spellings().items()
            if spelt in text or ("base64" not in how and spelt.lower() in lowered)
        ]


@pytest.fixture
def person():
    return Person()


@pytest.fixture
def database(servers, world):
    """This test's database for its superuser."""
    name = conninfo_to_dict(world.settings.database_url())["dbname"]
    return make_conninfo(servers.postgres.superuser_url, dbname=name)


@pytest.fixture
def sealer(world):
    with Sealer(world.settings.database_url(), world.settings.things) as opened:
        yield opened


@pytest.fixture
def lived(world, person):
    """Whatever could hold the person: a registration with a contact and a note, a partner's name, a record of a CRM, dead letters."""
    provision(world.settings.database_url())
    said = claim("ALPHA", "NORTH", contact=f"{person.name}, {person.address}")
    registration = world["alpha"].post("/registrations", said).json()["registration"]
    noted = world["alpha"].post(
        f"/registrations/{registration}/progress", {"stage": "negotiation", "note": person.note}
    )
    assert noted.status_code in {200, 202}, noted.text
    again = world["alpha"].post("/registrations", said, key="another-key")
    assert again.status_code < 500
    feed = Intake(dispatch(world.house.ledger), Reading(load_mappings(), PROGRAM))
    record = {
        "record": "rec1",
        "change": "created",
        "name": "Bridge",
        "contact": person.name,
        "Buyer__c": person.address,
    }
    broken = [
        json.dumps({"contact": person.name}).encode(),
        f"no JSON: {person.name}".encode(),
        base64.b64encode(person.name.encode()),
        event(3, {"record": "rec3", "contact": person.name, "close_on": "9999-99-99"}),
    ]
    feed.process([delivered(event(1, record), 1)])
    feed.process([delivered(body, number, {"from": person.address}) for number, body in enumerate(broken, 2)])
    kept = world.house.ledger.run("SELECT count(*) AS n FROM intake.dead_letters")
    assert kept[0]["n"] == len(broken)
    return registration


def _tables(database) -> dict[str, bytes]:
    """Every table of the database by COPY, those of the system too: what ANALYZE knows is there."""
    with psycopg.connect(database, autocommit=True) as all_seeing:
        all_seeing.execute("ANALYZE")
        names = all_seeing.execute(
            "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')"
        ).fetchall()
        copies = {}
        for schema, table in names:
            copying = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, table))
            with all_seeing.cursor().copy(copying) as rows:
                copies[f"{schema}.{table}"] = b"".join(rows)
        return copies


def _dump(database) -> bytes:
    """What pg_dump writes of it, with whatever it can be asked to add."""
    binary = postgres_binaries() / "pg_dump"
    more = (
        ["--statistics"]
        if b"--statistics" in subprocess.run([binary, "--help"], capture_output=True, check=True).stdout
        else []
    )
    plain = subprocess.run([binary, *more, "--dbname", database], capture_output=True, check=True, timeout=120)
    inserts = subprocess.run([binary, "--inserts", "--dbname", database], capture_output=True, check=True, timeout=120)
    packed = subprocess.run(
        [binary, "--compress=gzip:1", "--dbname", database], capture_output=True, check=True, timeout=120
    )
    return plain.stdout + inserts.stdout + gzip.decompress(packed.stdout)


def _files(servers, database) -> dict[str, bytes]:
    """The files of this database's tables and indexes, as they lie on disk; not the write-ahead log, of which nothing is claimed."""
    with psycopg.connect(database, autocommit=True) as all_seeing:
        all_seeing.execute("CHECKPOINT")
        (oid,) = all_seeing.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchall()[0]
    folder = servers.postgres.folder / "data" / "base" / str(oid)
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _where(person, contents: dict[str, bytes]) -> set[str]:
    return {name for name, text in contents.items() if person.found_in(text)}


def _root(ledger, size: int) -> bytes:
    rows = ledger.run(
        "SELECT position, originator_id::text AS stream, originator_version AS version, recorded_by, topic, salt, state,"
        " to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at"
        " FROM ledger.events WHERE position <= %s ORDER BY position",
        [size],
    )
    return Tree.of([
        leaf_hash(
            leaf_text(
                row["position"], row["stream"], row["version"], row["at"], row["recorded_by"], row["topic"],
                payload_digest(bytes(row["salt"]), bytes(row["state"])),
            )
        )
        for row in rows
    ]).root()  # fmt: skip


@pytest.fixture
def dealreg(world, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url())
    monkeypatch.setenv("DEALREG_DATA", str(world.settings.data))
    monkeypatch.setenv("PROGRAM", PROGRAM)

    def run(*words, code=0):
        done = CliRunner().invoke(verbs(), list(map(str, words)))
        assert done.exit_code == code, (words, done.output, done.exception)
        return done.stdout

    return run


def _erase_everywhere(dealreg, person):
    """As an operator does it: by the name that was given, then by each subject that the answer names."""
    words = ["audit", "erase", f"{person.name}, {person.address}", "--reason", "GDPR-2026-14", "--json"]
    also = ["--also", person.name, "--also", person.address]
    told = json.loads(dealreg(*words, *also))
    for other in told["elsewhere"]:
        words[2] = other["subject"]
        dealreg(*words, *also)
    return told


def test_requirement_26_erasure_removes_the_text_from_every_dump_and_every_proof_stands(
    world, sealer, servers, database, person, lived, dealreg, tmp_path
):
    before = sealer.seal_all()
    root = _root(world.house.ledger, before.size)
    assert root.hex() == before.root
    facts = world.house.ledger.notifications(0, 10_000)
    rebuild(world.settings.database_url("projector"), ())  # All read models, not only those that this world follows.
    holding = _where(person, _tables(database))
    assert holding == {"personal.held", "intake.dead_letters"}, (
        "nothing else holds it: not the statistics, not a read model"
    )
    assert person.found_in(_dump(database)), "the search finds what is there"

    told = _erase_everywhere(dealreg, person)
    assert told["letters"] == 4
    assert {one["subject"] for one in told["elsewhere"]} >= {"//crm.example/acme:rec1"}

    # The ledger: the facts, the root, the sealed checkpoints, the whole verification.
    assert world.house.ledger.notifications(0, before.size)[: len(facts)] == facts
    assert _root(world.house.ledger, before.size) == root
    after = sealer.seal_all()
    assert after.size > before.size
    assert json.loads(dealreg("audit", "verify", "--json"))["sound"] is True

    # Replay, rebuild, back-test and explain.
    as_of = world["desk"].get(f"/registrations/{lived}", as_of=facts[-1].recorded_at.isoformat())
    assert as_of.status_code == 200
    assert not any(one.differs for one in rebuild(world.settings.database_url("projector"), (), check=True))
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps(RULEBOOK))
    tested = json.loads(dealreg("rulebook", "backtest", "--candidate", rules, "--json"))
    assert tested["changes"] == []
    explained = world["desk"].get(f"/decisions/{lived}/explain").json()["decisions"]
    assert explained
    assert all(one["equal"] for one in explained)

    # No dump holds it.
    assert _where(person, _tables(database)) == set()
    assert person.found_in(_dump(database)) == []

    # Nor do the tables' files, once they are written anew; until then they do, and the answer says so.
    assert any("dealreg audit rewrite" in one for one in told["beyond"])
    dealreg("audit", "rewrite")
    assert _where(person, _files(servers, database)) == set()


def test_the_files_hold_it_until_they_are_written_anew(world, servers, database, person, lived, dealreg):
    """Why `rewrite` is there: without it the claim of the files would be false."""
    _files(servers, database)
    _erase_everywhere(dealreg, person)
    assert _where(person, _files(servers, database))


def test_the_search_knows_every_spelling(person):
    """A search that finds nothing proves nothing, unless it finds each of these."""
    for text in (
        person.name.encode(),
        person.name.upper().encode(),
        person.name.encode("utf-16-le"),
        person.address.encode().hex().encode(),
        person.address.encode().hex().upper().encode(),
        json.dumps(person.name).encode(),
        *(base64.b64encode(os.urandom(n) + person.name.encode() + os.urandom(3)) for n in range(7)),
        *(base64.b64encode(os.urandom(n) + person.address.encode() + os.urandom(3)) for n in range(7)),
    ):
        assert person.found_in(b"before " + text + b" after"), text
    assert person.found_in(Person().name.encode()) == []


def test_what_remains_of_the_person_is_a_digest_that_nobody_can_guess(world, person, lived, dealreg):
    """The digests in the facts had salts of 16 bytes, which are gone: knowing the very text does not find it."""
    salts = [bytes(row["salt"]) for row in world.house.ledger.run("SELECT salt FROM personal.held")]
    assert salts
    assert all(len(salt) >= 16 for salt in salts)
    _erase_everywhere(dealreg, person)
    left = b"".join(row.state for row in world.house.ledger.notifications(0, 10_000))
    for text in (person.name, person.address, f"{person.name}, {person.address}", person.note):
        for salt in (b"", person.name.encode()):
            assert sha256(salt + text.encode()).hexdigest().encode() not in left
    assert not any(salt.hex().encode() in left for salt in salts)
    assert Path(world.settings.data).exists()


def test_every_export_shows_what_was_erased_and_which_holds_stand(world, sealer, person, lived, dealreg, tmp_path):
    _erase_everywhere(dealreg, person)
    said = ["--matter", "LIT-2026-7", "--reason", "claim pending", "--json"]
    hold = json.loads(dealreg("audit", "hold", "place", "deal", lived, *said))["hold"]
    role, told = Role(sealer, 0.1), {}
    for form in ("bundle", "cloudevents", "ocel"):
        out = tmp_path / form
        dealreg(
            "audit", "export", "--deal", lived, "--format", form, "--out", out, "--reason", "for counsel", "--wait", 60
        )
        files = [out] if out.is_file() else [file for file in out.iterdir() if file.suffix in {".json", ".html"}]
        told[form] = "".join(file.read_text(encoding="utf-8") for file in files)
    role.stop()
    for form, text in told.items():
        assert "audit.subject_erased" in text or "SubjectErased" in text, form
        assert "audit.hold_placed" in text, form
        assert hold in text or form == "ocel", form  # There the hold is an event of the deal; its own id is no object.
        assert not person.found_in(text.encode()), form
    assert "erased on 20" in told["bundle"], "in the same words as everywhere"
