"""The log as CloudEvents: other people's reader reads it, the root comes out of the file alone, and a new installation takes it in."""

import hashlib
import io
import json
import tracemalloc
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cloudevents.core.formats.json import JSONFormat
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.cli.exit_codes import answer_to
from dealreg.proof.note import checkpoint_body, signed_note, vkey
from dealreg.proof.tree import Tree
from dealreg.service.deciding_again.walking import decided_again
from dealreg.service.exporting import cloudevents
from dealreg.service.exporting.growing import Growing
from dealreg.service.exporting.importing import Trusted, checked
from dealreg.service.exporting.reading_back import lines, whole
from dealreg.service.exporting.stored import Stored, stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.migrating import migrate, pending
from dealreg.service.projecting.projector import Projector
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.things import Things
from dealreg.vocabulary.refused import Refused
from tests.fix_histories import START, Claim, History, customer, meeting
from tests.fix_postgres import _fresh
from tests.fix_web import claim

ROWS = "SELECT position, originator_id, originator_version, topic, state, recorded_at, recorded_by, salt FROM ledger.events ORDER BY position"
ODD = [
    b"\x00\xff no text",
    b'{"a": 1,\n"b": 2}',
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b"[1]",
    b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}",
]
"""Bytes that cannot stand in a line as they are: not written by any build of ours, but the ledger would hold them."""


class Key:
    """A key of a log, as a test has one."""

    def __init__(self, name="example.org/log"):
        self.name = name
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@pytest.fixture
def log(ledger: Ledger) -> Ledger:
    """Two rivals and their conflict, names with letters of everywhere, and bytes that are no JSON."""
    history, first, second = History(), *(Claim(name, customer("c"), "north", name) for name in ("anna", "bert"))
    first.filed(history)
    history.add(first.file, first.approved(), START)
    second.filed(history, START + timedelta(hours=1), 2)
    meeting(first, second, history, START + timedelta(hours=1))
    history.save(ledger)
    for state in ODD:
        ledger.run(
            "SELECT ledger.append('{0}', %b::uuid[], '{1}', '{toy.v1}', %b::bytea[], '{}', '{}', '{}')",
            [[uuid4()], [state]],
        )
    return ledger


def exported(ledger: Ledger, **wanted) -> bytes:
    out = io.BytesIO()
    written = cloudevents.write(ledger, out, Wanted(**{"up_to": ledger.head(), **wanted}), lambda _: None)
    assert written.facts == out.getvalue().count(b"\n")
    return out.getvalue()


def tree(ledger: Ledger) -> Tree:
    return Tree.of([fact.leaf for fact in stored(ledger, Wanted(ledger.head()))])


def signed(key: Key, size: int, root: bytes) -> str:
    return signed_note(checkpoint_body(key.name, size, root), [key])


@pytest.fixture
def file(log: Ledger, tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(exported(log))
    return path


@pytest.fixture
def note(log: Ledger, tmp_path: Path) -> tuple[Path, str]:
    """A checkpoint over what stands in the ledger, and the key that signed it."""
    key, whole_log = Key(), tree(log)
    path = tmp_path / "checkpoint"
    path.write_text(signed(key, whole_log.size, whole_log.root()), encoding="utf-8")
    return path, vkey(key)


def run(*words: object) -> tuple[int, str]:
    """A verb of the command line; its exit code and what it said, or why not."""
    done = CliRunner().invoke(verbs(), [str(word) for word in words])
    if done.exception is None or isinstance(done.exception, SystemExit):
        return done.exit_code, done.output
    answer = answer_to(done.exception)
    assert answer is not None, done.exception
    return answer.code, answer.reason


def test_requirement_29_the_cloudevents_library_reads_every_line_of_an_export(log: Ledger):
    rows = log.run(ROWS)
    read = [JSONFormat().read(None, line) for line in exported(log, origin="example.org/a log").splitlines()]
    assert [int(one.get_extension("sequence")) for one in read] == [row["position"] for row in rows]
    for one, row in zip(read, rows, strict=True):
        assert (one.get_id(), one.get_subject()) == (
            f"{row['originator_id']}:{row['originator_version']}",
            str(row["originator_id"]),
        )
        assert (one.get_type(), one.get_time()) == (f"dealreg.{row['topic']}", row["recorded_at"])
        assert one.get_source() == "dealreg:example.org%2Fa%20log"
        assert one.get_extension("leafindex") == str(row["position"] - 1)
        assert b64decode(one.get_extension("salt")) == bytes(row["salt"])
        data = one.get_data()
        assert data == (json.loads(bytes(row["state"])) if isinstance(data, dict) else bytes(row["state"]))
    assert sum(isinstance(one.get_data(), bytes) for one in read) == len(ODD)


def test_requirement_29_the_root_out_of_the_file_alone_is_the_one_that_was_signed(file: Path, note, log: Ledger):
    checkpoint, key = note
    code, said = run("audit", "root", file, "--checkpoint", checkpoint, "--vkey", key, "--json")
    assert code == 0, said
    told = json.loads(said)
    assert (told["size"], told["root"], told["equal"]) == (log.head(), b64encode(tree(log).root()).decode(), True)


def test_the_root_of_the_ledger_itself_is_held_against_a_checkpoint_too(
    log: Ledger, note, database_url: str, monkeypatch: pytest.MonkeyPatch, servers
):
    checkpoint, key = note
    monkeypatch.setenv("DATABASE_URL", database_url)
    code, said = run("audit", "root", "--checkpoint", checkpoint, "--vkey", key, "--json")
    assert (code, json.loads(said)["equal"], json.loads(said)["behind_the_checkpoint"]) == (0, True, 1), (
        "the look itself"
    )
    assert json.loads(said)["root_hex"] == tree(log).root().hex()
    with psycopg.connect(
        servers.postgres.superuser_url, dbname=conninfo_to_dict(database_url)["dbname"], autocommit=True
    ) as root:
        root.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        root.execute("UPDATE ledger.events SET recorded_by = 'postgres' WHERE position = 3")
    code, said = run("audit", "root", "--checkpoint", checkpoint)
    assert (code, "is not the one that was signed" in said) == (1, True)


def test_requirement_29_what_the_library_wrote_again_still_has_the_root(file: Path, log: Ledger):
    """Its JSON is laid out otherwise, and its times: the leaf's bytes are found again, or the file is refused."""
    again = b"".join(
        JSONFormat().write(JSONFormat().read(None, line)) + b"\n" for line in file.read_bytes().splitlines()
    )
    assert again != file.read_bytes()
    growing = Growing()
    for fact in whole(lines(io.BytesIO(again))):
        growing.add(fact.leaf)
    assert growing.root == tree(log).root()


@pytest.fixture
def other_url(servers) -> Iterator[str]:
    yield from _fresh(servers, template="template1")


def test_requirement_29_an_import_into_an_empty_database_is_the_same_log(
    file: Path, note, log: Ledger, other_url: str, monkeypatch: pytest.MonkeyPatch
):
    checkpoint, key = note
    monkeypatch.setenv("DATABASE_URL", other_url)
    before = log.run(ROWS)
    code, said = run(
        "audit", "import", file, "--checkpoint", checkpoint, "--vkey", key, "--reason", "a new site", "--json"
    )
    assert code == 0, said
    with Ledger(other_url) as there:
        assert there.run(ROWS)[: len(before)] == before
        assert tree(there).root(len(before)) == tree(log).root()
        (taken,) = there.notifications(len(before))
        assert taken.topic == "audit.log_imported.v1"
        said_of_it = json.loads(taken.state)
        assert said_of_it["data"]["file"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert said_of_it["meta"]["reason"] == "a new site"
        assert (pending(other_url), migrate(other_url)) == ([], 0)
        # A ledger like any other from here on.
        history = History()
        Claim("carl", customer("d"), "north", "carl").filed(history)
        assert history.save(there) == len(before) + 1 + 3
    code, why = run("audit", "import", file, "--checkpoint", checkpoint, "--reason", "once more")
    assert (code, "an empty database only" in why) == (1, True), why


def test_an_older_log_is_followed_by_the_migrations_that_it_does_not_know(
    log: Ledger, tmp_path: Path, other_url: str, monkeypatch: pytest.MonkeyPatch
):
    first = next(log.notifications(0, 1).__iter__())
    assert first.topic == "audit.migrated.v1"
    path = tmp_path / "old.jsonl"
    path.write_bytes(exported(log, up_to=1))
    monkeypatch.setenv("DATABASE_URL", other_url)
    root = b64encode(tree(log).root(1)).decode()
    assert run("audit", "import", path, "--root", root, "--reason", "old")[0] == 0
    with Ledger(other_url) as there:
        topics = [row.topic for row in there.notifications(0)]
        migrated = [
            json.loads(row.state)["data"]["migration"] for row in there.notifications(0, topics=["audit.migrated.v1"])
        ]
    assert topics[-1] == "audit.log_imported.v1"
    assert len(migrated) == len(set(migrated)) == len(topics) - 1


def test_an_import_that_fails_leaves_nothing_and_may_be_tried_again(file: Path, note, other_url: str, monkeypatch):
    checkpoint, _ = note
    monkeypatch.setenv("DATABASE_URL", other_url)
    broken = file.with_name("broken.jsonl")
    broken.write_bytes(file.read_bytes().replace(b"anna", b"anne", 1))
    assert run("audit", "import", broken, "--checkpoint", checkpoint, "--reason", "x")[0] == 1
    with psycopg.connect(other_url) as connection:
        assert connection.execute("SELECT to_regclass('ledger.events')").fetchone() == (None,)
    assert run("audit", "import", file, "--checkpoint", checkpoint, "--reason", " ")[0] == 1, "a reason is demanded"
    assert run("audit", "import", file, "--reason", "x")[0] == 1, "something to hold it against is demanded"
    assert run("audit", "import", file, "--checkpoint", checkpoint, "--check")[0] == 0, "a check writes nothing"
    code, said = run("audit", "import", file, "--checkpoint", checkpoint, "--reason", "x")
    assert code == 0, said


def test_a_file_that_changes_between_the_check_and_the_copy_is_not_kept(
    file: Path, note, other_url: str, monkeypatch: pytest.MonkeyPatch, log: Ledger
):
    """The swap is made as the last line of the check is read; the new file is a whole, sound log, but not the one that was checked."""
    from dealreg.service.exporting import importing
    from dealreg.service.tokens import Claims

    other = exported(log, up_to=log.head() - 1)
    seen = []

    def swap(fact: Stored) -> None:
        seen.append(fact)
        if len(seen) == log.head():
            file.write_bytes(other)

    who = Claims.model_validate({"sub": "x", "role": "auditor", "program": "p", "iat": 0, "exp": 0})
    trusted = Trusted(root=tree(log).root())
    with pytest.raises(Refused, match="the file changed meanwhile"):
        importing.take_in(other_url, file, trusted, who, "x", swap)
    with Ledger(other_url) as there:
        assert there.head() == 0
        # What was begun may be begun again, and is whole then: guarded, with every migration said once.
        file.write_bytes(exported(log))
        importing.take_in(other_url, file, trusted, who, "x")
        assert there.head() == log.head() + 1
        told = [
            json.loads(row.state)["data"]["migration"] for row in there.notifications(0, topics=["audit.migrated.v1"])
        ]
        assert len(told) == len(set(told))
    with (
        psycopg.connect(other_url, options="-c role=dealreg_owner") as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="a fact enters through"),
    ):
        owner.execute("INSERT INTO ledger.events SELECT * FROM ledger.events LIMIT 1")


def _edit(line: bytes, **said) -> bytes:
    """A line with some attributes changed, as a forger with a text editor would."""
    head, data, rest = line.partition(cloudevents.DATA)
    made = json.loads(head + b"}")
    made.update(said)
    kept = {name: value for name, value in made.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()[:-1] + data + rest


def _recomputed(line: bytes, **fields) -> bytes:
    """The same by somebody who computes the leaf hash of the line again."""
    (fact,) = lines(io.BytesIO(line))
    return cloudevents.line(fact._replace(**fields), "dealreg:log")


def _mutations(of: list[bytes], at: int) -> dict[str, tuple[list[bytes], str]]:
    """What may be done to a file: the lines then, and the words that it is refused with. Line ``at`` is plain JSON."""
    line, before, after = of[at], of[:at], of[at + 1 :]
    number = f"line {at + 1}: "

    def put(*lines: bytes) -> list[bytes]:
        return [*before, *lines, *after]

    return {
        "one letter of the fact": (put(line.replace(b"north", b"nordh", 1)), number + "it is not the fact of its leafhash"),
        "one letter of the fact, hash made again": (
            put(_recomputed(line, state=next(lines(io.BytesIO(line))).state.replace(b"north", b"nordh", 1))), "the root over the first",
        ),
        "the instant": (put(_edit(line, time="2026-01-01T00:00:00.000000Z")), number + "it is not the fact"),
        "the instant, hash made again": (put(_recomputed(line, recorded_at="2026-01-01T00:00:00.000000Z")), "the root over the first"),
        "who recorded it": (put(_edit(line, recordedby="postgres")), number + "it is not the fact"),
        "the name of the fact": (put(_edit(line, type="dealreg.line_approved.v1")), number + "it is not the fact"),
        "a foreign type": (put(_edit(line, type="com.example.line_approved.v1")), number + "type does not begin with"),
        "another salt": (put(_edit(line, salt=b64encode(b"1" * 32).decode())), number + "it is not the fact"),
        "a short salt": (put(_edit(line, salt="AAAA")), number + "salt does not have 32 bytes"),
        "a salt that is no base64": (put(_edit(line, salt="*")), number + "no base64"),
        "a salt in another base64": (put(_edit(line, salt="A" * 42 + "B=")), number + "base64 that is not canonical"),
        "another leaf hash": (put(_edit(line, leafhash=b64encode(b"1" * 32).decode())), number + "it is not the fact"),
        "another index": (put(_edit(line, leafindex="0")), number + "leafindex is not sequence less one"),
        "another version": (put(_edit(line, streamversion="9")), number + "id is not made of"),
        "another id": (put(_edit(line, id="x")), number + "id is not made of"),
        "a stream that is none": (put(_edit(line, subject="x", id="x:1")), number + "subject is no id"),
        "a stream in capitals": (put(_edit(line, subject=json.loads(line)["subject"].upper())), number + "subject is no id"),
        "a time that is none": (put(_edit(line, time="yesterday")), number + "time is no RFC 3339"),
        "a time that no calendar has": (put(_edit(line, time="2026-02-30T00:00:00Z")), number),
        "a version of CloudEvents that is not": (put(_edit(line, specversion="0.3")), number + "specversion is not 1.0"),
        "no salt": (put(_edit(line, salt=None)), number + "salt is missing"),
        "a number where text belongs": (put(_edit(line, streamversion=1)), number + "streamversion is missing, or no text"),
        "a line break in a name": (put(_edit(line, recordedby="a\nb")), number + "recordedby is missing, or no text in one line"),
        "a huge position": (put(_edit(line, sequence="9" * 40)), number + "sequence is no whole number"),
        "position nothing": (put(_edit(line, sequence="0" * 20)), number + "sequence is no whole number"),
        "no data": (put(line.partition(cloudevents.DATA)[0] + b"}\n"), number + "it has neither data nor data_base64"),
        "data twice": (put(line[:-2] + b',"data_base64":"AA=="}\n'), number + "it has neither data nor data_base64, or both"),
        "data of bad base64": (put(line.partition(cloudevents.DATA)[0] + b',"data_base64":"A"}\n'), number + "no base64"),
        "data of no text": (put(line.partition(cloudevents.DATA)[0] + b',"data_base64":7}\n'), number + "no base64"),
        "a key twice": (put(b'{"salt":"x",' + line[1:]), number + "it is no JSON object"),
        "no JSON": (put(b"salt and pepper\n"), number + "it is no JSON object"),
        "no object": (put(b"[1]\n"), number + "it is no JSON object"),
        "no UTF-8": (put(b'{"a":"\xff"}\n'), number + "it is no JSON object"),
        "an empty line": (put(b"\n", line), number + "it is no JSON object"),
        "deep nesting": (put(b"[" * 200_000 + b"]" * 200_000 + b"\n"), number + "it is no JSON object of its own: it is nested too deep"),
        "cut inside a line": ([*before, line[:-9]], number + "it is cut off"),
        "cut behind a line": (of[:at], f"the file ends at position {at}, the checkpoint speaks of"),
        "a line left out": (put(), number + f"position {at + 2} stands where {at + 1} should: {at + 1} is missing"),
        "many left out": (of[: at - 2] + of[at + 2 :], f"line {at - 1}: position {at + 3} stands where {at - 1} should: {at - 1} to {at + 2} are"),
        "a line twice": (put(line, line), f"line {at + 2}: position {at + 1} stands where {at + 2} should: it is here twice"),
        "two lines swapped": ([*before, after[0], line, *after[1:]], number + f"position {at + 2} stands where {at + 1} should"),
        "nothing at all": ([], "the file ends at position 0"),
    }  # fmt: skip


def test_requirement_29_no_change_of_an_export_is_taken_for_the_log(log: Ledger, tmp_path: Path, note):
    """Truncated, reordered, doubled, re-encoded, forged with and without the hash: the line and what is wrong with it, exit code 1."""
    checkpoint, _ = note
    good = exported(log).splitlines(keepends=True)
    at = next(number for number, line in enumerate(good) if b"north" in line and number > 3)
    taken = {}
    for what, (changed, words) in _mutations(good, at).items():
        path = tmp_path / "changed.jsonl"
        path.write_bytes(b"".join(changed))
        code, said = run("audit", "root", path, "--checkpoint", checkpoint)
        again, said_again = run("audit", "import", path, "--checkpoint", checkpoint, "--check")
        if (code, again) != (1, 1) or words not in said or said != said_again:
            taken[what] = (code, again, said)
    assert taken == {}


def test_a_line_that_is_too_long_is_refused_without_reading_it_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dealreg.service.exporting.reading_back.LONGEST_LINE", 1000)

    class Endless(io.RawIOBase):
        given = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.given += size or 0
            return b"a" * (size or 0)

    endless = Endless()
    with pytest.raises(Refused, match="line 1: it is longer than 1000 bytes"):
        next(lines(endless))  # type: ignore[arg-type]  # all that is asked of a file is a line
    assert endless.given == 1001


def test_a_checkpoint_of_another_log_and_a_note_that_is_none_are_refused(file: Path, tmp_path: Path, note, log: Ledger):
    checkpoint, key = note
    other, root = Key("example.org/another"), tree(log).root()
    found = {}
    for what, text, keys, words in (
        ("another root", signed(other, log.head(), b"7" * 32), [], "the root over the first"),
        ("a larger size", signed(other, log.head() + 1, root), [], "was cut off, or is of another log"),
        ("a key that nobody trusts", signed(other, log.head(), root), [key], "signed by none of the keys that you trust"),
        ("no note", "hello\n", [], "the checkpoint is none"),
        ("no text", "\ud800", [], "the checkpoint is none"),
        ("a size that is none", checkpoint.read_text(encoding="utf-8").replace(f"\n{log.head()}\n", "\n-1\n"), [], "the checkpoint is none"),
        ("a key that is none", checkpoint.read_text(encoding="utf-8"), ["x"], "the checkpoint is none"),
    ):  # fmt: skip
        path = tmp_path / "other"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        code, said = run(
            "audit", "root", file, "--checkpoint", path, *(word for one in keys for word in ("--vkey", one))
        )
        found[what] = None if (code, words in said) == (1, True) else (code, said)
    assert not any(found.values()), found
    assert run("audit", "root", file, "--vkey", key)[0] == 2


def test_an_export_of_some_streams_or_a_period_is_sound_but_no_whole_log(log: Ledger):
    stream = log.notifications(0, 1, topics=["claim_entered.v1"])[0].stream
    some = exported(log, streams=frozenset({stream}))
    assert {fact.stream for fact in lines(io.BytesIO(some))} == {str(stream)}
    assert [fact.version for fact in lines(io.BytesIO(some))] == list(range(1, some.count(b"\n") + 1))
    with pytest.raises(Refused, match=r"line 1: position \d+ stands where 1 should"):
        list(whole(lines(io.BytesIO(some))))
    assert [fact.position for fact in lines(io.BytesIO(exported(log, after=3, up_to=7)))] == [4, 5, 6, 7]
    of_program = {
        fact.position for fact in lines(io.BytesIO(exported(log, up_to=log.head() - len(ODD), program="acme")))
    }
    assert of_program == {row.position for row in log.notifications(0) if not row.topic.startswith(("audit.", "toy."))}


def test_a_checkpoint_in_the_middle_holds_the_beginning(file: Path, tmp_path: Path, log: Ledger):
    key, path = Key(), tmp_path / "earlier"
    for size in (0, 1, 5, log.head() - 1):
        path.write_text(signed(key, size, tree(log).root(size)), encoding="utf-8")
        code, said = run("audit", "root", file, "--checkpoint", path, "--json")
        assert (code, json.loads(said)["behind_the_checkpoint"]) == (0, log.head() - size)


def test_the_root_that_is_read_once_is_the_trees_own():
    growing, leaves = Growing(), [hashlib.sha256(bytes([n])).digest() for n in range(140)]
    for size in range(140):
        assert growing.root == Tree.of(leaves[:size]).root()
        growing.add(leaves[size])


@contextmanager
def _counting() -> Iterator[list[int]]:
    tracemalloc.start()
    peak: list[int] = []
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def test_the_memory_of_an_export_and_of_reading_it_is_that_of_a_page(ledger: Ledger, tmp_path: Path):
    """Eight megabytes of facts, in fact; a page of them is less than two."""
    state = b'{"meta":{"program":"p"},"data":{"text":"' + b"x" * 4000 + b'"}}'
    for _ in range(4):
        ledger.run(
            "SELECT ledger.append(array_fill(0, ARRAY[500]), array_agg(gen_random_uuid()), array_fill(1, ARRAY[500]), "
            "array_fill('toy.v1'::text, ARRAY[500]), array_agg(%b::bytea), '{}', '{}', '{}') FROM generate_series(1, 500)",
            [state],
        )
    path = tmp_path / "log.jsonl"
    with _counting() as writing, path.open("wb") as out:
        cloudevents.write(ledger, out, Wanted(ledger.head()), lambda _: None)
    with _counting() as reading:
        checked(path, Trusted(root=tree_root(path)))
    assert path.stat().st_size > 8_000_000
    assert (writing[0] < 4_000_000, reading[0] < 1_000_000) == (True, True), (writing, reading)


def tree_root(path: Path) -> bytes:
    growing = Growing()
    with path.open("rb") as opened:
        for fact in lines(opened):
            growing.add(fact.leaf)
    return growing.root


def test_requirement_29_what_was_taken_in_is_sealed_verified_decided_again_and_goes_out_the_same(
    seeded, tmp_path: Path, other_url: str, monkeypatch: pytest.MonkeyPatch
):
    """A program with a registration and its rival moves house: nothing but the source's name differs in a second export."""
    for dealer in ("alpha", "beta"):
        assert seeded[dealer].post("/registrations", claim(dealer.upper(), "NORTH")).status_code == 201
    before, here = exported(seeded.house.ledger), seeded.house.ledger.head()
    path = tmp_path / "log.jsonl"
    path.write_bytes(before)
    monkeypatch.setenv("DATABASE_URL", other_url)
    monkeypatch.setenv("DEALREG_DATA", str(tmp_path / "there"))
    root = b64encode(tree_root(path)).decode()
    code, said = run("audit", "import", path, "--root", root, "--reason", "the house was moved")
    assert code == 0, said
    with Ledger(other_url) as there:
        assert exported(there, up_to=here) == before
        facts = [there.read(row) for row in there.notifications(0, 10_000) if not row.topic.startswith("audit.")]
        assert {one.equal for one in decided_again(facts)} == {True}
    Projector(other_url, strict=True).catch_up()
    assert run("rebuild", "--check")[0] == 0
    things = Things(
        state=tmp_path / "there" / "sealer" / "state.json", keys=tmp_path / "there" / "keys", origin="example.org/there"
    )
    with Sealer(other_url, things) as sealer:
        sealed = sealer.seal_all()
    assert sealed.size == here + 1
    code, said = run("audit", "verify", "--reason", "after the move", "--json")
    assert (code, {one["check"] for one in json.loads(said)["findings"]}) == (1, {"personal values"}), said
    _carry_personal_values(seeded.settings.database, other_url)
    code, said = run("audit", "verify", "--reason", "after the values came too", "--json")
    assert (code, json.loads(said)["sound"]) == (0, True), said
    (first, *_) = json.loads(run("audit", "log", "--json")[1])
    assert first["what"] == "audit log"


def _carry_personal_values(here: str, there: str) -> None:
    """As `pg_dump --data-only --table personal.held` does: they are no part of the log, so they travel by themselves."""
    with (
        psycopg.connect(here, options="-c role=dealreg_app") as source,
        psycopg.connect(there, options="-c role=dealreg_app") as target,
    ):
        rows = source.execute("SELECT ref, subject, value, salt FROM personal.held").fetchall()
        assert rows
        with target.cursor() as cursor:
            cursor.executemany("INSERT INTO personal.held (ref, subject, value, salt) VALUES (%s, %s, %s, %s)", rows)
