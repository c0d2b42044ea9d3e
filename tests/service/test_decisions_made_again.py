"""A decision is made again from what the ledger's bytes say it read; whoever changes an input or an outcome in the database shows in it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.service.deciding_again.walking import decided_again
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation
from dealreg.vocabulary.ids import rulebook_stream
from tests.fix_web import PROGRAM, claim


def test_requirement_24_every_decision_of_a_program_comes_out_the_same_from_its_stored_bytes(ledger: Ledger):
    """And each fact that a clause decided names the clause and had read the rulebook at a version that lies in the same ledger."""
    simulation = Simulation(plan(seed=2, partners=20, registrations=120))
    for _ in simulation.steps():
        pass
    ledger.append([Saved(list(simulation.ledger.facts), {})])
    facts = [ledger.read(row) for row in ledger.notifications(0, 1_000_000)]
    of_program = [fact for fact in facts if fact.event.AGGREGATE != "audit"]
    assert len(of_program) == len(simulation.ledger.facts)
    again = list(decided_again(of_program))
    assert {one.decision.id: (one.unable, one.differs) for one in again if not one.equal} == {}
    assert len(again) > 300
    rules = str(rulebook_stream(of_program[0].meta.program))
    published = {fact.originator_version for fact in facts if str(fact.originator_id) == rules}
    decided = [fact for fact in of_program if getattr(fact.event, "clause", None)]
    assert len(decided) > 100
    assert {fact.meta.read.get(rules) for fact in decided} <= published


@pytest.fixture
def superuser(servers, seeded) -> Iterator[psycopg.Connection]:
    """Whoever owns the server takes the guards away first."""
    name = psycopg.conninfo.conninfo_to_dict(seeded.settings.database)["dbname"]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        yield connection


def _tier(said: dict[str, Any]) -> None:
    said["data"]["tier"] = "elite"


def _window(said: dict[str, Any]) -> None:
    said["data"]["document"]["clauses"]["dealer_exclusivity"]["window_days"]["authorized"] = 61


def _asked(said: dict[str, Any]) -> None:
    said["meta"]["request"]["content"]["body"]["lines"][0]["line"] = "network"


def _outcome(said: dict[str, Any]) -> None:
    said["data"]["reason"] = "because I say so"


def _carries_command(said: dict[str, Any]) -> bool:
    return (said["meta"].get("request") or {}).get("content") is not None


def _any(_: dict[str, Any]) -> bool:
    return True


def _of_alpha(said: dict[str, Any]) -> bool:
    return bool(said["data"].get("partner") == "ALPHA")


@pytest.mark.parametrize(
    ("topics", "which", "change", "shows"),
    [
        (("partner_enrolled.v1",), _of_alpha, _tier, "elite"),
        (("rulebook_published.v1",), _any, _window, "protected_until"),
        (
            ("registration_submitted.v1", "registration_completed.v1", "line_approved.v1"),
            _carries_command,
            _asked,
            "line",
        ),
        (("line_approved.v1",), _any, _outcome, "reason"),
    ],
    ids=["a partner's tier", "a parameter of the rulebook", "what was asked", "what was decided"],
)
def test_requirement_24_a_changed_input_is_shown(
    seeded,
    superuser,
    monkeypatch: pytest.MonkeyPatch,
    topics: tuple[str, ...],
    which: Callable,
    change: Callable,
    shows: str,
):
    done = seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    registration = done.json()["registration"]
    assert _unequal(monkeypatch, seeded, registration) == []
    rows = superuser.execute(
        "SELECT position, state FROM ledger.events WHERE topic = ANY (%s) ORDER BY position", [list(topics)]
    )
    position, said = next((at, json.loads(state)) for at, state in rows.fetchall() if which(json.loads(state)))
    change(said)
    superuser.execute(
        "UPDATE ledger.events SET state = %s WHERE position = %s",
        [json.dumps(said, separators=(",", ":")).encode(), position],
    )
    (unequal,) = _unequal(monkeypatch, seeded, registration)
    assert unequal["asked"].startswith("file registration")
    assert shows in json.dumps(unequal["differs"]), unequal["differs"]


def _unequal(monkeypatch: pytest.MonkeyPatch, world: Any, registration: str) -> list[dict[str, Any]]:
    """Of `dealreg explain`: the decisions that do not come out as they were recorded."""
    monkeypatch.setenv("DATABASE_URL", world.settings.database)
    monkeypatch.setenv("PROGRAM", PROGRAM)
    done = CliRunner().invoke(verbs(), ["explain", registration, "--json"])
    assert done.exit_code == 0, done.exception
    decisions = json.loads(done.stdout)["decisions"]
    assert decisions
    return [one for one in decisions if one["equal"] is not True]
