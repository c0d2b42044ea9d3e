"""Keys of the log come and go: requirement 17, rehearsed with the real sealer, the trail, the policy and the verifier."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dealreg.proof.note import checkpoint_body, signed_note, vkey
from dealreg.proof.policy import check_receipt, read_policy, trusted
from dealreg.proof.verify import Refused, parse_checkpoint, parse_vkey, signed_by
from dealreg.service.ledger.audit_facts import LogKeyRevoked, LogKeyRotated
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.restoring import restore
from dealreg.service.sealing.rotating import rotate
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.witnessing.keyring import fingerprint, keys_stream
from dealreg.service.witnessing.policy import Trust, trust
from dealreg.service.witnessing.receipts import receipt
from dealreg.service.witnessing.revoking import revoke
from dealreg.vocabulary import refused
from tests.fix_ledger import TOY_NAMES, Put, ask, shelf

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def auditor(database_url):
    with Ledger(database_url, role="dealreg_auditor", names=TOY_NAMES) as ledger:
        yield ledger


@pytest.fixture
def put(toys):
    """Records one fact on a shelf; its stream."""
    numbers = iter(range(10**6))

    def one(name: str) -> UUID:
        toys.decide_batch([ask(Put(shelf=name), f"r{next(numbers)}")])
        return shelf(name)

    return one


@pytest.fixture
def overlapping(sealer):
    """The sealer, and how long two keys sign: set to nothing, the old key rests."""

    def until(**overlap):
        sealer.things = replace(sealer.things, overlap=timedelta(**overlap))

    return until


def written(found: Trust) -> bytes:
    return json.dumps(found.document([], 0)).encode()


def lines_of(sealer):
    return (sealer.things.keys / "log.vkeys").read_text().split()


def test_requirement_17_keys_rotate_old_bundles_stay_verifiable_and_a_revoked_key_stops_counting_from_a_stated_size(
    sealer, put, auditor, overlapping, tmp_path
):
    overlapping(days=7)
    first = FileSigner(sealer.own.origin, sealer.things.keys / "log")
    old_fact = put("old")
    sealer.seal_all()
    old = receipt(auditor.run, old_fact, 1)
    rotated = rotate(sealer, by="login:otto", reason="a year is over")
    both_fact = put("both")
    overlap = sealer.seal_all()
    both = receipt(auditor.run, both_fact, 1)

    # The overlap checkpoint has both signatures: whoever trusts either key, and knows nothing of the other, takes it.
    note = parse_checkpoint(overlap.note).note
    assert signed_by(note, parse_vkey(vkey(first)))
    assert signed_by(note, parse_vkey(rotated.vkey))
    for known in (vkey(first), rotated.vkey):
        alone = {
            "logs": [{"origin": overlap.origin, "keys": [{"vkey": known, "from_size": 0, "to_size": None}]}],
            "witnesses": [],
        }
        one = read_policy(json.dumps({**alone, "quorum": 0, "skew_seconds": 5, "require_completeness": True}).encode())
        assert trusted(overlap.note, one).checkpoint.size == overlap.size

    # The old key rests, then it is revoked from the size at which the new one began.
    before, last = sealer.own.keys
    sealer.remember(sealer.own.model_copy(update={"keys": (before.model_copy(update={"signs_until": LONG_AGO}), last)}))
    new_fact = put("new")
    newest = sealer.seal_all()
    new = receipt(auditor.run, new_fact, 1)
    assert not signed_by(parse_checkpoint(newest.note).note, parse_vkey(vkey(first)))
    revoke(
        auditor,
        trust(auditor, lines_of(sealer)),
        vkey(first),
        overlap.size,
        by="login:otto",
        reason="a laptop was stolen",
    )
    policy = read_policy(written(trust(auditor, lines_of(sealer))))

    for kept in (old, both, new):
        assert check_receipt(kept.text.encode(), policy)

    # What a thief signs with the old key, at and beyond that size, counts for nobody; below it, what was signed stays good.
    stolen = signed_note(checkpoint_body(newest.origin, newest.size, bytes.fromhex(newest.root)), [first])
    with pytest.raises(Refused, match="no key that counts"):
        trusted(stolen, policy)
    at_the_edge = signed_note(checkpoint_body(overlap.origin, overlap.size, bytes.fromhex(overlap.root)), [first])
    with pytest.raises(Refused, match="no key that counts"):
        trusted(at_the_edge, policy)
    forged = new.text.replace(newest.note, stolen)
    assert forged != new.text
    with pytest.raises(Refused, match="no key that counts"):
        check_receipt(forged.encode(), policy)

    # A signature of a key that nobody knows is passed over, under good notes and bad ones.
    stranger = FileSigner(newest.origin, tmp_path / "stranger")
    beside = signed_note(parse_checkpoint(newest.note).note.body, [stranger]).rpartition("\n\n")[2]
    assert check_receipt((new.text + beside).encode(), policy)
    with pytest.raises(Refused, match="no key that counts"):
        trusted(stolen + beside, policy)


def test_the_policy_is_made_of_the_trail(sealer, put, auditor, overlapping):
    overlapping(days=7)
    put("a")
    size = sealer.seal_all().size
    (first,) = lines_of(sealer)
    made = rotate(sealer, by="login:otto", reason="routine")
    put("b")
    sealer.seal_all()
    keys = [(one.vkey, one.from_size, one.to_size) for one in trust(auditor).logs[sealer.own.origin]]
    assert keys == [(first, 0, None), (made.vkey, size, None)], "the trail alone names both"
    assert trust(auditor, lines_of(sealer)).document(["w+1+1"], 1) == {
        "logs": [
            {
                "origin": sealer.own.origin,
                "keys": [
                    {"vkey": first, "from_size": 0, "to_size": None},
                    {"vkey": made.vkey, "from_size": size, "to_size": None},
                ],
            }
        ],
        "witnesses": [{"vkey": "w+1+1"}],
        "quorum": 1,
        "skew_seconds": 5,
        "require_completeness": True,
    }


def test_a_key_that_the_trail_names_and_no_checkpoint_shows_is_left_out(sealer, put, auditor, tmp_path):
    """Somebody who can write facts of audit, and has no key, names one of his own."""
    put("a")
    size = sealer.seal_all().size
    (first,) = lines_of(sealer)
    thief = FileSigner(sealer.own.origin, tmp_path / "thief")
    named = LogKeyRotated(origin=sealer.own.origin, old=first, new=vkey(thief), from_size=size)
    record(auditor, fact(keys_stream(sealer.own.origin), named, by="role:auditor", reason="routine"))
    for _ in range(2):
        found = trust(auditor, lines_of(sealer))
        assert [one.vkey for one in found.logs[sealer.own.origin]] == [first]
        assert vkey(thief) in found.left_out[0]
        put("b")
        sealer.seal_all()


def test_an_origin_after_a_restore_is_known_by_the_signature_of_the_key_that_went_on(
    sealer, put, auditor, database_url
):
    put("a")
    sealer.seal_all()
    before, (old_key,) = sealer.own.origin, lines_of(sealer)
    sealer.remember(sealer.own.model_copy(update={"size": 10**6, "root": "00" * 32}))
    sealer.close()
    made = restore(database_url, sealer.things, by="login:otto", reason="an old backup")
    with Sealer(database_url, sealer.things) as again:
        again.seal_all()
    (new_key,) = lines_of(sealer)
    assert parse_vkey(new_key).name == made.origin != before
    for named in ([new_key], [old_key]):
        found = trust(auditor, named)
        assert {origin: [one.vkey for one in keys] for origin, keys in found.logs.items()} == {
            before: [old_key],
            made.origin: [new_key],
        }
    stranger = vkey(FileSigner("another.log", sealer.things.keys / "stranger"))
    assert [one.vkey for one in trust(auditor, [stranger, new_key]).logs[before]] == [old_key], "only who signed it"
    unknown = trust(auditor)
    assert unknown.logs == {}
    assert len(unknown.left_out) == 2


def test_a_key_after_a_restore_is_a_new_one(sealer, put, overlapping, database_url):
    """The new origin begins with one key, the newest: counted, the next would be that very key, and sign every note twice."""
    overlapping(days=7)
    put("a")
    sealer.seal_all()
    rotate(sealer, by="login:otto", reason="a year is over")
    sealer.seal_all()
    sealer.halt("an old backup")
    sealer.close()
    restore(database_url, sealer.things, by="login:otto", reason="an old backup")
    with Sealer(database_url, sealer.things) as again:
        rotate(again, by="login:otto", reason="stolen")
        assert [key.file for key in again.own.keys] == ["log-2", "log-3"]
        note = parse_checkpoint(again.seal_all().note).note
        assert all(signed_by(note, parse_vkey(key.vkey)) for key in again.own.keys)


def test_what_cannot_be_revoked_is_said(sealer, put, auditor, overlapping, tmp_path):
    put("a")
    sealer.seal_all()
    (first,) = lines_of(sealer)
    stranger = vkey(FileSigner(sealer.own.origin, tmp_path / "stranger"))

    def revoked(key, size, reason="stolen"):
        return revoke(auditor, trust(auditor, lines_of(sealer)), key, size, by="login:otto", reason=reason)

    with pytest.raises(refused.Refused, match="rotate-key"):
        revoked(first, 0)
    overlapping(days=7)
    rotate(sealer, by="login:otto", reason=None)
    with pytest.raises(refused.Refused, match="rotate-key"):
        revoked(first, 0)
    put("b")
    size = sealer.seal_all().size
    with pytest.raises(refused.Refused, match="with its reason"):
        revoked(first, size, " ")
    with pytest.raises(refused.Unknown):
        revoked(stranger, size)
    with pytest.raises(refused.Refused):
        revoked("no key", size)
    revoked(first, size)
    for later in (size, size + 1):
        with pytest.raises(refused.Closed, match=f"from size {size}"):
            revoked(first, later)
    revoked(first, size - 1)
    later = LogKeyRevoked(origin=sealer.own.origin, key=first, from_size=size + 99)
    record(auditor, fact(keys_stream(sealer.own.origin), later, by="role:auditor", reason="beside the verb"))
    (counting, _) = trust(auditor, lines_of(sealer)).logs[sealer.own.origin]
    assert counting.to_size == size - 1, "an earlier size wins, whoever says another later"


@pytest.fixture
def dealreg(database_url, sealer, monkeypatch, capfd, tmp_path):
    from dealreg.cli import app

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DEALREG_DATA", str(tmp_path))
    monkeypatch.setenv("LOG_KEYS", str(sealer.things.keys))
    monkeypatch.setenv("WITNESS_FOLDER", str(tmp_path / "witness" / "witness"))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["dealreg", *words])
        capfd.readouterr()
        try:
            code = app.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


def test_the_verbs_write_a_policy_show_fingerprints_and_revoke(
    sealer, put, overlapping, dealreg, tmp_path, start_witness
):
    put("a")
    sealer.seal_all()
    (first,) = lines_of(sealer)
    witness = start_witness(first)
    code, out, err = dealreg("audit", "policy", "--witness", witness.vkey)
    assert code == 0
    assert json.loads(out)["quorum"] == 1
    assert fingerprint(first) in err
    assert fingerprint(witness.vkey) in err
    read_policy(out.encode())
    file = tmp_path / "policy.json"
    assert dealreg("audit", "policy", "--out", str(file), "--quorum", "0")[:2] == (0, "")
    assert json.loads(file.read_text())["witnesses"] == [{"vkey": witness.vkey}], "the witness of this data folder"
    assert dealreg("audit", "policy", "--quorum", "2")[0] == 2
    assert dealreg("audit", "policy", "--key", "no key")[0] == 2
    assert dealreg("audit", "policy", "--key", witness.vkey)[0] == 2
    overlapping(days=7)
    began = sealer.own.size
    rotate(sealer, by="login:otto", reason=None)
    put("b")
    size = sealer.seal_all().size
    assert dealreg("audit", "revoke-key", first, "--from-size", str(size))[0] == 2, "without a reason"
    code, out, _ = dealreg("audit", "revoke-key", first, "--from-size", str(size), "--reason", "stolen", "--json")
    assert code == 0
    assert json.loads(out)["from_size"] == size
    assert dealreg("audit", "revoke-key", first, "--from-size", str(size), "--reason", "stolen")[0] == 1
    said = json.loads(dealreg("audit", "policy")[1])["logs"][0]["keys"]
    assert [(one["from_size"], one["to_size"]) for one in said] == [(0, size), (began, None)]
    assert f"revoked from size {size}" in dealreg("audit", "policy")[2]
