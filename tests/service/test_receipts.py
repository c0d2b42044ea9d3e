"""Receipts: what a partner is given, who is given one, and that it holds without us; `dealreg audit prove`."""

import json
import subprocess
import sys
from base64 import b64decode
from uuid import uuid4

import psycopg
import pytest

from dealreg.proof.note import vkey
from dealreg.proof.policy import check_receipt, read_policy
from dealreg.proof.verify import Refused
from dealreg.service.evidence.one_file import verifier
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.witnessing.asking import Asking
from dealreg.service.witnessing.carrying import once
from dealreg.service.witnessing.keyring import witnesses
from dealreg.service.witnessing.receipts import receipt
from tests.fix_web import PROGRAM, claim


@pytest.fixture
def filed(world):
    """Alpha's registration, which its distributor North reads too."""
    done = world["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    assert done.status_code in {201, 202}, done.text
    registration = done.json()["registration"]
    assert done.headers["link"] == f'</registrations/{registration}/receipt>; rel="urn:dealreg:receipt"'
    return registration


@pytest.fixture
def policy(signer):
    def of(*, quorum=0, witnesses=(), keys=None):
        named = keys or [{"vkey": vkey(signer), "from_size": 0, "to_size": None}]
        said = {
            "logs": [{"origin": signer.name, "keys": named}],
            "witnesses": [{"vkey": one} for one in witnesses],
            "quorum": quorum,
            "skew_seconds": 5,
            "require_completeness": True,
        }
        return json.dumps(said).encode()

    return of


def at(registration):
    return f"/registrations/{registration}/receipt"


def test_a_receipt_is_for_whoever_reads_the_registration_and_holds_without_us(world, filed, sealer, policy, tmp_path):
    assert world["alpha"].get(at(filed)).status_code == 409
    assert world["alpha"].get(at(filed)).json()["type"].endswith(":unsealed")
    assert world["alpha"].get(at(filed)).headers["retry-after"] == "1"
    sealer.seal_all()
    given = world["alpha"].get(at(filed))
    assert given.status_code == 200
    assert given.headers["content-type"] == "text/plain; charset=utf-8"
    assert given.headers["content-disposition"] == f'attachment; filename="{filed}.tlog-proof"'
    assert given.headers["dealreg-witnesses"] == "0"
    assert {world[name].get(at(filed)).text for name in ("north", "master", "emea", "desk", "auditor")} == {given.text}
    (tmp_path / "verify.py").write_text(verifier())
    (tmp_path / "kept.tlog-proof").write_bytes(given.content)
    (tmp_path / "policy.json").write_bytes(policy())
    words = [sys.executable, "-I", "verify.py", "kept.tlog-proof", "--policy", "policy.json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VERIFIED" in done.stdout
    assert f"registration_submitted.v1, fact 1 of {filed}" in done.stdout


def test_who_may_not_read_the_registration_reads_that_there_is_none(world, filed, sealer):
    sealer.seal_all()
    for name in ("gamma", "beta", "south", "apac"):
        refused, none = world[name].get(at(filed)), world[name].get(at(uuid4()))
        assert (refused.status_code, refused.json()) == (404, none.json()), name
        assert refused.json() == world[name].get(f"/registrations/{filed}").json()
    assert world["crm"].get(at(filed)).status_code == 403
    assert world["alpha"].get(at("not-an-id")).status_code == 422
    assert world.client.get(at(filed)).status_code == 401


def test_a_stream_that_is_no_registration_has_no_receipt_over_http(world, filed, sealer, settings):
    sealer.seal_all()
    with Ledger(settings.database_url("app")) as ledger:
        streams = ledger.run("SELECT DISTINCT originator_id AS id FROM ledger.events")
    others = [row["id"] for row in streams if str(row["id"]) != filed]
    assert len(others) > 5
    assert {world["alpha"].get(at(one)).status_code for one in others} == {404}
    assert {world["desk"].get(at(one)).status_code for one in others} == {404}


def test_the_receipt_says_nothing_that_the_partner_may_not_know(world, filed, sealer, settings):
    """Of the payload it has the salted digest: no customer's id (decision 5), no reader, nobody else's stream (architecture D9)."""
    rival = world["gamma"].post("/registrations", claim("GAMMA", "SOUTH", domain="other.de")).json()["registration"]
    sealer.seal_all()
    text = world["alpha"].get(at(filed)).text
    leaf = b64decode(text.splitlines()[1].removeprefix("extra ")).decode().splitlines()
    with Ledger(settings.database_url("app")) as ledger:
        rows = ledger.run("SELECT * FROM ledger.events WHERE originator_id = %s AND originator_version = 1", [filed])
        streams = {str(row["id"]) for row in ledger.run("SELECT DISTINCT originator_id AS id FROM ledger.events")}
    (row,) = rows
    assert leaf[:4] == ["dealreg/event/v1", str(row["position"]), filed, "1"]
    assert leaf[5:7] == ["dealreg_app", "registration_submitted.v1"]
    assert row["salt"].hex() not in text
    assert not [one for one in streams - {filed} if one in text]
    assert rival not in text
    said = json.loads(row["state"])["data"]
    readers = [one for named in said["readers"].values() for one in named]
    assert said["customer"]
    assert readers
    assert not [one for one in (said["customer"], *readers) if one in text]


def test_a_rivals_facts_change_nothing_but_size_and_hashes(world, filed, sealer):
    """Non-interference: the place and the size count all facts (declared in D9); the leaf is the partner's own."""
    sealer.seal_all()
    before = world["alpha"].get(at(filed)).text
    world["gamma"].post("/registrations", claim("GAMMA", "SOUTH"))
    sealer.seal_all()
    assert world["alpha"].get(at(filed)).text == before, "the earliest checkpoint that covers it stays the earliest"


def test_a_receipt_that_a_witness_saw_is_preferred_and_counts_it(
    world, filed, sealer, settings, start_witness, signer, policy
):
    running = start_witness(vkey(signer))
    with Ledger(settings.database_url("sealer"), role="dealreg_sealer") as ledger:
        sealer.seal_all()
        unseen = world["alpha"].get(at(filed))
        assert unseen.headers["dealreg-witnesses"] == "0"
        world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain="second.de"))
        sealer.seal_all()
        (errand,) = [Asking(ledger.run, one) for one in witnesses(running.named)]
        assert once(ledger.run, errand) is None
        seen = world["alpha"].get(at(filed))
        world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain="third.de"))
        sealer.seal_all()
        assert once(ledger.run, errand) is None
    assert world["alpha"].get(at(filed)).text == seen.text, "the first that was seen dates it best"
    assert seen.headers["dealreg-witnesses"] == "1"
    trusting = read_policy(policy(quorum=1, witnesses=[running.vkey]))
    assert "seen by" in check_receipt(seen.content, trusting)[0]
    with pytest.raises(Refused, match="the policy wants 1"):
        check_receipt(unseen.content, trusting)


def test_nobody_is_given_a_receipt_that_would_not_hold(world, filed, sealer, servers, database_url, settings):
    sealer.seal_all()
    name = database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        for (trigger,) in connection.execute("SELECT evtname FROM pg_event_trigger").fetchall():
            connection.execute(f"ALTER EVENT TRIGGER {trigger} DISABLE")
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE ledger.events SET recorded_at = recorded_at - interval '1 day' WHERE originator_id = %s", [filed]
        )
    with Ledger(settings.database_url("app")) as ledger, pytest.raises(Unavailable, match="not what was sealed"):
        receipt(ledger.run, filed)
    assert world["alpha"].get(at(filed)).status_code == 503


def test_every_line_of_a_receipt_matters(world, filed, sealer, policy):
    sealer.seal_all()
    kept, trusting = world["alpha"].get(at(filed)).content, read_policy(policy())
    check_receipt(kept, trusting)
    lines = kept.splitlines(keepends=True)
    for number, line in enumerate(lines):
        for spoiled in (
            b"",
            line + line,
            line[:-1] + b" \n",
            line.replace(b"A", b"B", 1) if b"A" in line else b"x" + line,
        ):
            changed = b"".join([*lines[:number], spoiled, *lines[number + 1 :]])
            if changed == kept:
                continue
            with pytest.raises(Refused):
                check_receipt(changed, trusting)


@pytest.fixture
def dealreg(settings, database_url, monkeypatch, capfd):
    """The command line in this process, on the test's database."""
    from dealreg.cli import app

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DEALREG_DATA", str(settings.data))
    monkeypatch.setenv("PROGRAM", PROGRAM)

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


def test_audit_prove_gives_the_same_receipt_and_the_proof_of_any_fact_to_auditors(
    world, filed, sealer, dealreg, policy, tmp_path, settings
):
    world["alpha"].get(f"/registrations/{filed}")  # So that the read model has it.
    assert dealreg("audit", "prove", filed)[0] == 1
    sealer.seal_all()
    over_http = world["alpha"].get(at(filed)).text
    assert dealreg("audit", "prove", filed, "--as", "dealer:ALPHA") == (0, over_http, "")
    code, out, _ = dealreg("audit", "prove", filed, "--out", str(tmp_path / "r.tlog-proof"), "--json")
    assert code == 0
    assert json.loads(out)["of"] == f"{filed}:1"
    assert (tmp_path / "r.tlog-proof").read_text() == over_http
    code, out, _ = dealreg("audit", "prove", f"{filed}:2", "--as", "deal_desk")
    assert code == 0
    assert f"fact 2 of {filed}" in check_receipt(out.encode(), read_policy(policy()))[1]
    for words in (
        [filed, "--as", "dealer:GAMMA"],
        [f"{filed}:2", "--as", "dealer:ALPHA"],
        [f"{filed}:2", "--as", "channel_manager:EMEA"],
        [f"{filed}:99"],
        [filed, "--program", "another"],
        [f"{filed}:2", "--program", "another"],
        ["no-id"],
        [str(uuid4())],
    ):
        assert dealreg("audit", "prove", *words)[0] == 1, words
    with Ledger(settings.database_url("auditor"), role="dealreg_auditor") as ledger:
        topics = ledger.run("SELECT count(*) AS n FROM ledger.events WHERE topic LIKE 'audit.trail_read%%'")
    assert topics[0]["n"] >= 3, "who reads a whole program leaves a trace"
