"""A CRM's own fields from the message to the row: learned, typed, shown to whom they may be, declared, taken back, as of any moment."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.service.intake.core import Intake
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.loader import provision
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from tests.fix_intake import SOURCE, delivered, event
from tests.fix_web import PROGRAM, RULEBOOK

MAPPING = """
source: //crm.example/acme
format: neutral
harmless: ["*__c"]
types: {Code__c: text, Renewal__c: day}
dates: ["%d.%m.%Y"]
visible_to:
  dealer: [Seats__c, Code__c]
  distributor: ["*__c"]
account:
  harmless: [Industry__c, Staff__c]
  visible_to: {distributor: [Industry__c]}
"""

MODELS = ("my_deals", "network_deals", "protected_customers", "custom_fields")

DEAL = {
    "name": "Bridge", "stage": "proposal", "customer_name": "Acme GmbH", "country": "DE", "identifiers": {"domain": "acme.de"},
    "partner": "ALPHA", "distributor": "NORTH", "lines": ["storage"], "territory": "DE", "amount": 48000, "currency": "EUR",
    "close_on": "2027-03-31", "contact": "Erika Mustermann",
}  # fmt: skip


@pytest.fixture
def feed(seeded, tmp_path):
    """``feed({"custom": …}, …)``: messages of a source whose mapping treats its fields each in its way; then the rows follow."""
    return _feed(seeded, tmp_path, MAPPING)


def _feed(world, tmp_path, mapping):
    (tmp_path / "maps").mkdir(exist_ok=True)
    (tmp_path / "maps" / "acme.yaml").write_text(mapping)
    intake = Intake(world.house.dispatch, Reading(load_mappings(tmp_path / "maps"), PROGRAM))
    projector = Projector(world.settings.database_url("projector"), models=MODELS, strict=True)

    def say(*said):
        batch = [_delivery(world, one) for one in said]
        assert intake.process(batch) == [Verdict.DONE] * len(batch)
        projector.catch_up()

    return say


def _delivery(world, said):
    number = world.house.ledger.head() * 100 + said.pop("n", 0)
    said |= said.pop("custom", {})
    kind = {"type": "dealreg.account.changed.v1"} if said.pop("account", False) else {}
    return delivered(event(said.pop("order", number), said, id=f"e{number}", **kind), number)


def rows(world, who):
    return {row["line"]: row["fields"] for row in world[who].get("/deals").json()["deals"]}


def fields_of(world, **asked):
    return world["desk"].get("/custom-fields", **asked).json()["fields"]


def fields(world, **asked):
    return {one["name"]: one for one in fields_of(world, **asked)}


def test_a_field_of_the_crm_is_there_typed_and_only_for_whom_it_is(seeded, feed):
    """Nothing was configured but whom the mapping shows what: no code, no migration."""
    feed({"record": "a", **DEAL, "custom": {
        "Seats__c": 12, "Share__c": 0.5, "Signed__c": True, "Start__c": "2026-05-01", "Code__c": "0123", "Owner": "Erika", "Renewal__c": "31.12.2027",
    }})  # fmt: skip
    shown = {
        "Seats__c": 12,
        "Share__c": 0.5,
        "Signed__c": True,
        "Start__c": "2026-05-01",
        "Code__c": "0123",
        "Renewal__c": "2027-12-31",
    }
    assert rows(seeded, "desk") == {"storage": {**shown, "Owner": None}}
    assert rows(seeded, "north") == {"storage": shown}
    assert rows(seeded, "alpha") == {"storage": {"Seats__c": 12, "Code__c": "0123"}}
    for field, equals, found in (
        ("Seats__c", "12", 1),
        ("Signed__c", "true", 1),
        ("Seats__c", "13", 0),
        ("Share__c", "0.5", 1),
    ):
        assert len(seeded["north"].get("/deals", field=field, equals=equals).json()["deals"]) == 2 * found
    assert seeded["alpha"].get("/deals", field="Share__c", equals="0.5").json()["deals"] == [], (
        "what is not shown is no filter"
    )
    told = fields(seeded)
    assert {name: one["type"] for name, one in told.items()} == {
        "Seats__c": "whole", "Share__c": "number", "Signed__c": "truth", "Start__c": "day", "Code__c": "text", "Owner": "text", "Renewal__c": "day",
    }  # fmt: skip
    assert {name for name, one in told.items() if one["personal"]} == {"Owner"}
    assert (told["Renewal__c"]["by_mapping"], told["Seats__c"]["shown_to"]) == ("day", ["dealer", "distributor"])
    assert {one["carried"] for one in told.values()} == {1}
    assert seeded["emea"].get("/custom-fields").status_code == seeded["alpha"].get("/custom-fields").status_code == 403


def test_a_type_that_changes_is_told_and_every_row_follows_it(seeded, feed):
    feed({"record": "a", **DEAL, "custom": {"Seats__c": 12}})
    feed({"record": "b", "custom": {"Seats__c": 1.5}})
    feed({"record": "c", "custom": {"Seats__c": "a dozen"}}, {"record": "b", "custom": {"Seats__c": None}, "n": 1})
    assert rows(seeded, "desk") == rows(seeded, "north") == rows(seeded, "alpha") == {"storage": {"Seats__c": "12"}}
    (told,) = fields(seeded).values()
    assert (told["type"], told["carried"], told["changes"]) == ("text", 2, 3)
    done = seeded["desk"].post("/custom-fields/type", {"source": SOURCE, "name": "Seats__c", "type": "whole"})
    assert (done.status_code, done.json()["type"], done.json()["learned"]) == (200, "whole", "text")
    feed({"record": "c", "custom": {"Seats__c": "thirteen"}})
    assert rows(seeded, "alpha") == {"storage": {"Seats__c": 12}}
    (told,) = fields(seeded, misread=True).values()
    assert (told["by_desk"], told["misread"]) == ("whole", ["text"])
    seeded["desk"].post("/custom-fields/type", {"source": SOURCE, "name": "Seats__c"})
    feed()
    assert rows(seeded, "alpha") == {"storage": {"Seats__c": "12"}}, "what was declared is taken back"
    path = "/custom-fields/history"
    told = seeded["desk"].get(path, source=SOURCE, name="Seats__c").json()["changes"]
    assert [(one["what"], one["before"], one["after"], one["because"], one["record"]) for one in told] == [
        ("learned", None, "whole", "whole", "a"), ("changed", "whole", "number", "number", "b"), ("changed", "number", "text", "text", "c"),
        ("declared", "text", "whole", "desk", None), ("misread", "whole", None, "text", "c"), ("taken_back", "whole", "text", "desk", None),
    ]  # fmt: skip
    unknown = seeded["desk"].post("/custom-fields/type", {"source": SOURCE, "name": "Seat__c", "type": "text"})
    assert (unknown.status_code, "Seats__c" in unknown.json()["detail"]) == (404, True)


def test_what_the_crm_says_of_the_account_rides_along(seeded, feed):
    """Said before or after the deal, under a name of its own, and counted by itself."""
    company = {
        "account": True,
        "record": "0019",
        "name": "Acme GmbH",
        "Industry__c": "Steel",
        "Staff__c": 250,
        "Boss": "Erika",
    }
    feed(company)
    feed({"record": "a", **DEAL, "customer_ref": "0019", "custom": {"Seats__c": 12}})
    seats = {"Seats__c": 12}
    assert rows(seeded, "desk") == {
        "storage": {**seats, "account.Industry__c": "Steel", "account.Staff__c": 250, "account.Boss": None}
    }
    assert rows(seeded, "north") == {"storage": {**seats, "account.Industry__c": "Steel"}}
    assert rows(seeded, "alpha") == {"storage": seats}
    feed(
        {"account": True, "record": "0019", "Industry__c": None, "Staff__c": "many"},
        {"account": True, "record": "0020", "Staff__c": 1, "n": 1},
    )
    assert rows(seeded, "desk") == {"storage": {**seats, "account.Staff__c": "many", "account.Boss": None}}
    assert rows(seeded, "north") == {"storage": seats}
    told = {(one["entity"], one["name"]): (one["type"], one["carried"]) for one in fields_of(seeded)}
    assert told["account", "Staff__c"] == ("text", 2)
    assert told["account", "Industry__c"] == ("text", 0)
    done = seeded["desk"].post(
        "/custom-fields/type", {"source": SOURCE, "entity": "account", "name": "Staff__c", "type": "whole"}
    )
    assert done.status_code == 200
    feed({"account": True, "record": "0019", "Staff__c": 260})
    assert rows(seeded, "desk")["storage"]["account.Staff__c"] == 260
    feed({"record": "a", "customer_ref": None, "custom": {}})
    assert rows(seeded, "desk") == {"storage": seats}, "the deal names no account any more"


def test_as_of_then_a_field_had_the_type_of_then(seeded, feed):
    ledger = seeded.house.ledger
    feed({"record": "a", "custom": {"Seats__c": 12}})
    before = ledger.head()
    feed({"record": "b", "custom": {"Seats__c": "a dozen"}})
    for size, kind in ((before, ["whole"]), (ledger.head(), ["text"]), (1, [])):
        then = seeded["desk"].get("/custom-fields/then", source=SOURCE, at_size=size).json()
        assert [one["type"] for one in then["fields"]] == kind
        assert then["as_of"]["at_size"] == size
    elsewhere = seeded["desk"].get("/custom-fields/then", source="another", entity="account").json()
    assert elsewhere["fields"] == []


def test_what_a_mapping_hides_or_makes_personal_leaves_every_row(seeded, tmp_path):
    _feed(seeded, tmp_path, MAPPING)({"record": "a", **DEAL, "custom": {"Seats__c": 12, "Code__c": "7"}})
    hidden = MAPPING.replace("dealer: [Seats__c, Code__c]", "dealer: [Code__c]")
    _feed(seeded, tmp_path, hidden)({"record": "b", "custom": {"Seats__c": 1}})
    assert rows(seeded, "alpha") == {"storage": {"Code__c": "7"}}
    assert rows(seeded, "north") == {"storage": {"Seats__c": 12, "Code__c": "7"}}
    _feed(seeded, tmp_path, MAPPING)({"record": "b", "custom": {"Seats__c": 2}})
    assert rows(seeded, "alpha") == {"storage": {"Seats__c": 12, "Code__c": "7"}}, "shown again"
    personal = MAPPING.replace('["*__c"]', "[Code__c]", 1)
    _feed(seeded, tmp_path, personal)({"record": "b", "custom": {"Seats__c": 3}})
    assert rows(seeded, "desk") == {"storage": {"Seats__c": None, "Code__c": "7"}}
    assert rows(seeded, "north") == rows(seeded, "alpha") == {"storage": {"Code__c": "7"}}
    with connect(seeded.settings.database_url("projector")) as connection:
        for model in MODELS[:3]:
            kept = connection.execute(f"SELECT said FROM {model}_g1.opportunities").fetchall()
            assert {row[0].get("Seats__c") for row in kept} == {None}, "it is not even kept where nobody reads"


def test_built_again_every_row_is_as_it_was(seeded, feed, database_url):
    feed({"record": "a", **DEAL, "custom": {"Seats__c": 12, "Code__c": 3, "Renewal__c": "never", "Late__c": 2}})
    feed(
        {"record": "b", "custom": {"Seats__c": "a dozen"}},
        {"record": "a", "order": 1, "custom": {"Late__c": 1.5}, "n": 1},
    )
    feed({"account": True, "record": "0019", "Staff__c": 250}, {"record": "a", "customer_ref": "0019", "n": 1})
    url = seeded.settings.database_url("projector")
    with connect(url) as connection:
        before = _everything(connection)
    provision(database_url)
    rebuild(database_url, MODELS)
    with connect(url) as connection:
        assert _everything(connection) == before
    assert fields(seeded)["Late__c"]["type"] == "number", "a message that comes late teaches too"


def _everything(connection):
    schemas = connection.execute(
        "SELECT model || '_g' || generation FROM projection.generations WHERE state = 'live'"
    ).fetchall()
    tables = {"custom_fields": ("custom_fields", "changes", "carried", "carriers")}
    return {
        (schema.rsplit("_g", 1)[0], table): sorted(
            connection.execute(f"SELECT t::text FROM {schema}.{table} AS t").fetchall()
        )
        for (schema,) in schemas
        if schema.rsplit("_g", 1)[0] in MODELS
        for table in tables.get(
            schema.rsplit("_g", 1)[0], ("opportunities", "accounts", "custom_types", schema.rsplit("_g", 1)[0])
        )
    }


def test_the_command_line_lists_declares_and_looks_back(seeded, feed, monkeypatch, database_url, tmp_path):
    feed({"record": "a", "custom": {"Seats__c": 12}})
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PROGRAM", PROGRAM)
    monkeypatch.setenv("DEALREG_DATA", str(tmp_path))

    def run(*words, verb="fields"):
        done = CliRunner().invoke(verbs(), [verb, *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout.splitlines()[-1])

    feed({"record": "b", **DEAL})
    assert run("--field", "Seats__c=12", verb="deals") == []
    feed({"record": "b", "custom": {"Seats__c": 12}})
    assert [one["fields"] for one in run("--field", "Seats__c=12", verb="deals")] == [{"Seats__c": 12}] * 2
    feed({"record": "b", "custom": {"Seats__c": None}})
    assert [(one["name"], one["type"], one["carried"]) for one in run("list")] == [("Seats__c", "whole", 1)]
    assert run("declare", SOURCE, "Seats__c", "number", "--reason", "They share seats.")["type"] == "number"
    assert run("declare", SOURCE, "Seats__c")["type"] == "whole"
    assert run("declare", SOURCE, "Seats__c", "number")["type"] == "number"
    feed()
    assert [one["what"] for one in run("history", SOURCE, "Seats__c")] == [
        "learned",
        "declared",
        "taken_back",
        "declared",
    ]
    assert run("then", SOURCE)["fields"][0]["by_desk"] == "number"
    assert CliRunner().invoke(verbs(), ["fields", "declare", SOURCE, "Seats__c", "money"]).exit_code == 2


def _guarded(when, **more):
    clauses = {"ROE-6": {"in_force": False}, "ROE-30": {"when": when}}
    return {**RULEBOOK, "version": "2026-2", "force_from": "2190-07-01T00:00:00Z", "clauses": clauses, **more}


def test_a_guard_may_name_a_field_as_soon_as_it_was_learned(seeded, feed, monkeypatch, database_url, tmp_path):
    """By value: what was published is of the type of then, whatever the CRM does later."""

    def checked(document):
        return seeded["desk"].post("/rulebooks/check", {"yaml": yaml.safe_dump(document)}).json()

    seats = _guarded("opportunity.custom.Seats__c > 10")
    assert "'Seats__c' is not declared" in checked(seats)["faults"][0]
    feed({"record": "a", **DEAL, "custom": {"Seats__c": 12, "Owner": "Erika", "Share__c": 1}})
    as_learned = {"name": "Seats__c", "type": "whole", "field": None, "source": SOURCE}
    told = checked(seats)
    assert (told["holds"], told["custom_fields"], told["notes"]) == (True, [as_learned], [])
    assert "'Owner' is not declared" in checked(_guarded("opportunity.custom.Owner == 'x'"))["faults"][0], (
        "it is personal"
    )
    assert "does not take" in checked(_guarded("opportunity.custom.Seats__c == 'x'"))["faults"][0], (
        "its type is checked"
    )
    declared = [
        {"name": "Seats__c", "type": "truth"},
        {"name": "mail", "type": "text", "field": "Owner"},
        {"name": "gone", "type": "day"},
    ]
    notes = checked(_guarded("opportunity.custom.Seats__c", custom_fields=declared))["notes"]
    assert ["sends whole" in notes[0], "as personal" in notes[1], "no CRM has sent" in notes[2]] == [True] * 3
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PROGRAM", PROGRAM)
    monkeypatch.setenv("DEALREG_DATA", str(tmp_path))
    path = tmp_path / "rulebook.yaml"
    path.write_text(yaml.safe_dump(_guarded("opportunity.custom.Share__c > 0", version="2026-3")))
    run = CliRunner().invoke
    assert run(verbs(), ["rulebook", "check", str(path), "--json"]).exit_code == 1, "by itself it knows of no CRM"
    assert run(verbs(), ["rulebook", "check", str(path), "--mirror", "--json"]).exit_code == 0
    assert run(verbs(), ["rulebook", "publish", str(path), "--json"]).exit_code == 0
    assert seeded["desk"].post("/rulebooks", {"document": seats}).status_code == 200
    feed({"record": "a", "custom": {"Seats__c": "many"}})
    for version, name in (("2026-2", "Seats__c"), ("2026-3", "Share__c")):
        published = seeded["desk"].get(f"/rulebooks/{version}").json()
        assert [(one["name"], one["type"]) for one in published["custom_fields"]] == [(name, "whole")]


def test_consumers_that_learn_at_once_end_alike(seeded, tmp_path):
    """Each steps aside for the others and decides again on what they learned: nothing is learned twice, nothing is lost."""
    (tmp_path / "acme.yaml").write_text(MAPPING)
    said = [{"record": f"r{n}", f"F{n % 5}__c": (n, n + 0.5, f"text {n}")[n % 3]} for n in range(24)]
    waiting = [delivered(event(n, one), n) for n, one in enumerate(said, 1)]

    def consume(part):
        intake, left = Intake(seeded.house.dispatch, Reading(load_mappings(tmp_path), PROGRAM)), waiting[part::4]
        for _ in range(20):
            verdicts = [intake.process([one])[0] for one in left]
            left = [one for one, verdict in zip(left, verdicts, strict=True) if verdict is Verdict.RETRY]
        return left

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(consume, range(4))) == [[]] * 4
    then = seeded["desk"].get("/custom-fields/then", source=SOURCE).json()["fields"]
    assert {one["name"]: one["type"] for one in then} == {f"F{n}__c": "text" for n in range(5)}
    (learned,) = seeded.house.ledger.run(
        "SELECT count(*) AS n FROM ledger.events WHERE topic = 'custom_field_learned.v1'"
    )
    assert learned["n"] == 5
