"""Who is one customer, on the command line: listed, side by side, rejected, merged, undone, split (ROE-24)."""

import json

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.refused import Closed, Refused, Unknown
from tests.fix_web import claim


@pytest.fixture
def identity(seeded, monkeypatch):
    """Run a verb of identity as this world's operator, on read models that know of everything."""
    monkeypatch.setenv("DATABASE_URL", seeded.settings.database or "")
    monkeypatch.setenv("DEALREG_DATA", str(seeded.settings.data))
    monkeypatch.setenv("PROGRAM", seeded.settings.program)
    monkeypatch.setenv("SEAL_WAIT_SECONDS", "0")
    models = ("identity_review", "protected_customers")

    def run(*words, refused=None, as_json=True):
        Projector(seeded.settings.database_url("projector"), models=models, strict=True).catch_up()
        done = CliRunner().invoke(verbs(), ["identity", *words, *(["--json"] if as_json else [])])
        if refused is not None:
            assert isinstance(done.exception, refused), done.output
            return done.exception
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout) if as_json else done.stdout

    return run


def filed(world, who, name, domain):
    body = claim(who.upper(), "NORTH" if who == "alpha" else "SOUTH", domain=domain)
    body["customer"]["name"] = name
    return world[who].post("/registrations", body).json()["registration"]


def test_the_desk_tells_who_customers_are_on_the_command_line(seeded, identity):
    first = filed(seeded, "alpha", "Acme GmbH", "acme.de")
    second = filed(seeded, "gamma", "Acme AG", "acme-europe.de")
    (question,) = identity("list")
    pair = (question["one"], question["other"])
    told = identity("show", *pair)
    assert {row["registration"] for side in ("one", "other") for row in told[f"{side}_claims"]} == {first, second}
    shown = identity("show", *pair, as_json=False)
    assert all(word in shown for word in ("Acme AG", "acme-europe.de", "speaks", "waiting hours", told["method"]))
    identity("show", pair[0], pair[0], refused=Unknown)
    identity("reject", *pair, "--reason", "Two firms.", "--subject", "u-desk-2")
    assert identity("list") == []
    (kept,) = identity("list", "--customer", pair[0])
    assert (kept["state"], kept["told_by"], kept["reason"]) == ("apart", "u-desk-2", "Two firms.")
    assert identity("confirm", *pair, "--reason", "One after all.")["customer"] == pair[0]
    identity("merge", *pair, "--reason", "Again.", refused=Closed)
    assert identity("undo", pair[1], "--reason", "No.")["customer"] == pair[1]
    assert identity("parent", *pair)["customer"] == pair[0]
    assert identity("parent", pair[1], pair[0], refused=Refused).clause == "ROE-24"


def test_one_that_was_two_is_split_on_the_command_line(seeded, identity):
    filed(seeded, "alpha", "Acme GmbH", "acme.de")
    second = filed(seeded, "gamma", "Acme GmbH", "acme.de")
    seeded["gamma"].post("/registrations", claim("GAMMA", "SOUTH", domain="acme-works.example"))
    assert identity("list") == []
    (customer, *_) = {row["customer"] for row in _deals(seeded) if row["registration"] == second}
    identity("split", customer, "--identifier", "acme.de", "--reason", "x", refused=SystemExit, as_json=False)
    goes = ("--registration", second, "--identifier", "domain=acme.de", "--name", "Acme Works", "--country", "DE")
    other = identity("split", customer, *goes, "--reason", "Two companies.")["customer"]
    assert {row["customer"] for row in _deals(seeded) if row["registration"] == second} == {other}
    identity("split", customer, *goes, "--reason", "Once more.", refused=Refused)


def _deals(world):
    models = ("identity_review", "protected_customers")
    Projector(world.settings.database_url("projector"), models=models, strict=True).catch_up()
    return world["desk"].get("/deals", limit=50).json()["deals"]
