"""An export, row by row: the real one of Maven Analytics, and small ones with one thing wrong each."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from dealreg.service.ingest.document import MappingFault, read_document
from dealreg.service.ingest.feeding import feed
from dealreg.service.ingest.running import ingest, plan
from dealreg.service.ingest.seeding import SeedingFault
from dealreg.service.ingest.world import world
from dealreg.service.personal import refs
from dealreg.service.settings import Settings

HERE = Path(__file__).parents[2]
MAVEN = HERE.parent / "shared" / "data" / "maven_crm_opportunities"
SHIPPED = HERE / "src" / "dealreg" / "mappings" / "maven.yaml"
ROWS = 1500
"""Enough for every fate but those of the file's last day; the whole file is for `make bench`."""


def dealreg(*words, data):
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "INTAKE_URL"}}
    asked = [sys.executable, "-m", "dealreg", *map(str, words), "--data-dir", str(data)]
    return subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=110, check=False)


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    """The first rows of the export, twice in one folder."""
    data = tmp_path_factory.mktemp("maven")
    shown = []
    for _ in range(2):
        done = dealreg(
            "ingest", MAVEN / "sales_pipeline.csv", "--mapping", "maven", "--first", ROWS, "--json", data=data
        )
        assert done.returncode == 0, done.stdout + done.stderr
        shown.append(json.loads(done.stdout))
    return data, shown


def test_every_row_has_one_fate(maven):
    shown = maven[1][0]
    assert shown["sum"] == shown["rows"] == ROWS
    assert set(shown["account"]) == {"registered", "merged", "declined", "incomplete"}
    without = sum(not row["account"] for row in rows_of(MAVEN / "sales_pipeline.csv")[:ROWS])
    assert shown["account"]["incomplete"] == {"customer": without}


def test_every_row_that_met_another_is_a_conflict(maven):
    """Under ROE-8 and ROE-9; who came too soon after a lapse (ROE-12) met nobody."""
    shown = maven[1][0]
    assert shown["conflicts"]["cross_tier"] == shown["account"]["declined"]["ROE-9"]
    assert shown["conflicts"]["horizontal_dealer"] == shown["account"]["declined"]["ROE-8"]


def test_a_second_run_says_the_same_and_adds_nothing(maven):
    first, second = ({name: value for name, value in one.items() if name != "this_run"} for one in maven[1])
    assert first == second
    assert maven[1][0]["this_run"]["facts"] > 0
    assert maven[1][1]["this_run"]["facts"] == 0


def test_no_persons_name_is_in_the_ledger(maven):
    names = {
        row[column].encode() for row in rows_of(MAVEN / "sales_teams.csv") for column in ("sales_agent", "manager")
    }
    families = {name.split()[-1] for name in names}
    with world(Settings(DEALREG_DATA=maven[0], LOG_LEVEL="ERROR")) as there:
        ledger = there.house.ledger
        after, seen, sealed = 0, 0, set()
        while rows := ledger.notifications(after, 5000):
            seen += len(rows)
            assert not [row.topic for row in rows if any(family in row.state for family in families)]
            sealed |= {
                ref for row in rows if row.topic == "partner_enrolled.v1" for ref in refs(ledger.read(row).event)
            }
            after = rows[-1].position
        held = ledger.run("SELECT value FROM personal.held WHERE ref = ANY(%s::uuid[])", [sorted(sealed)])
    assert seen > 10 * ROWS
    assert {row["value"].encode() for row in held} == names


def rows_of(file):
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


TEAM = "who,boss,office\nAda Lovelace,Grace Hopper,North\nAlan Turing,Grace Hopper,North\n"
RULES = """
program: small
version: "1"
force_from: 2020-01-01T00:00:00+00:00
time_zone: Europe/Berlin
territories: [{territory: North}]
product_lines: [{line: pumps}, {line: valves}]
sources: [{source: small-crm, priority_clock: source, skew_hours: 200000}]
clauses: {ROE-2: {required: [customer, distributor]}, ROE-3: {in_force: false}}
"""
MAPPING: dict[str, Any] = {
    "program": "small",
    "source": "small-crm",
    "rulebook": "rules.yaml",
    "record": "id",
    "companions": {"team": {"file": "team.csv", "key": "who", "column": "agent"}},
    "fixes": {"product": {"pmups": "pumps"}},
    "partners": [
        {"prefix": "boss", "companion": "team", "column": "boss", "fills": "distributor", "track": "distributor"},
        {
            "prefix": "agent",
            "companion": "team",
            "column": "who",
            "fills": "partner",
            "track": "dealer",
            "below": "boss",
            "territory": "office",
        },
    ],
    "facts": [
        {
            "fact": "opened",
            "date": "on",
            "change": "created",
            "names_partners": True,
            "says": {"customer_ref": "firm", "lines": "product", "territory": "team.office", "amount": "value"},
        }
    ],
}


@pytest.fixture
def small(tmp_path):
    """A small export; ``write`` puts rows into it, and changes of the mapping."""
    (tmp_path / "team.csv").write_text(TEAM)
    (tmp_path / "rules.yaml").write_text(RULES)

    def write(rows, **changes):
        (tmp_path / "deals.csv").write_text("id,agent,firm,product,on,value\n" + "".join(f"{row}\n" for row in rows))
        (tmp_path / "map.yaml").write_text(yaml.safe_dump({**MAPPING, **changes}))
        return tmp_path / "deals.csv", read_document(tmp_path / "map.yaml")

    return write


@pytest.fixture
def there(data_dir):
    with world(Settings(DEALREG_DATA=data_dir, LOG_LEVEL="ERROR")) as made:
        yield made


@pytest.fixture
def run(small, there):
    """Ingest rows into one world, one export after another."""

    def ingested(rows, **changes):
        file, mapping = small(rows, **changes)
        return ingest(there, plan(file, mapping, file.parent))

    return ingested


GOOD = "1,Ada Lovelace,Mills,pumps,2024-03-01,"


def fates(done):
    return [(account.row, account.fate.value, account.why) for account in done.accounts]


def test_each_row_comes_to_its_own_end(run):
    rows = [
        GOOD,
        "2,Ada Lovelace,Mills,pmups,2024-03-02,",
        "3,Nobody,Mills,pumps,2024-03-02,",
        "4,Ada Lovelace,,pumps,2024-03-02,",
        "5,Ada Lovelace,Docks,steam,2024-03-02,",
        "6,Ada Lovelace,Docks,pumps,yesterday,",
        "7,Ada Lovelace,Docks,pumps,,",
        "1,Ada Lovelace,Mills,pumps,2024-03-05,700",
        "8,Ada Lovelace,Docks,pumps,2024-03-05,a lot",
        ",Ada Lovelace,Docks,pumps,2024-03-05,",
        "9,Alan Turing,Mills,pumps,2024-03-06,",
    ]
    done = run(rows)
    assert fates(done) == [
        (1, "registered", "protected"),
        (2, "merged", "ROE-28: linked to its own earlier claim"),
        (3, "folded", "names no partner"),
        (4, "incomplete", "customer"),
        (5, "folded", "names no product line or no territory of the program"),
        (6, "not_sent", "on is no day such as 2017-03-01"),
        (7, "not_sent", "has no date, and the mapping says nothing of rows without one"),
        (8, "merged", "the same record as an earlier row"),
        (9, "dead_lettered", "invalid: amount"),
        (10, "not_sent", "id is empty: the row names no opportunity"),
        (11, "registered", "queued"),
    ]


def test_two_on_one_day_are_a_tie_because_a_date_has_no_time(run):
    done = run([GOOD, "2,Alan Turing,Mills,pumps,2024-03-01,", "3,Alan Turing,Docks,pumps,2024-03-02,"])
    assert fates(done)[:2] == [(1, "registered", "protected"), (2, "registered", "contested")]
    assert (done.conflicts["tie"], done.ties_undated) == (1, 0)


def test_rows_without_a_date_are_told_on_the_last_day_where_the_mapping_says_so(run, small):
    facts = [{**MAPPING["facts"][0], "undated": "last_day"}]
    dated = ["2,Ada Lovelace,Docks,pumps,2024-02-01,", "4,Ada Lovelace,Ports,pumps,2024-03-01,"]
    rows = ["1,Ada Lovelace,Mills,pumps,,", *dated, "3,Alan Turing,Mills,pumps,,"]
    done = run(rows, facts=facts)
    assert [fate for _, fate, _ in fates(done)] == ["registered"] * 4
    assert (done.conflicts["tie"], done.ties_undated, done.undated) == (1, 1, 2)
    file, mapping = small(rows, facts=facts)
    told = plan(file, mapping, file.parent).telling.messages
    assert [one.at.date().isoformat() for one in told] == ["2024-01-31"] + ["2024-02-29"] * 3


def test_rows_added_to_an_export_add_only_themselves(run):
    run([GOOD])
    assert run([GOOD]).facts == 0
    more = run([GOOD, "2,Alan Turing,Mills,valves,2024-03-02,"])
    assert more.facts > 0
    assert fates(more) == [(1, "registered", "protected"), (2, "registered", "protected")]


def test_rows_sent_again_when_the_broker_has_forgotten_them_add_nothing(run, small, there):
    """Within two minutes the broker itself knows a message again; later the intake does."""
    run([GOOD, "2,Alan Turing,Mills,pumps,2024-03-02,"])
    file, mapping = small([GOOD, "2,Alan Turing,Mills,pumps,2024-03-02,"])
    told = plan(file, mapping, file.parent).telling.messages
    before = there.house.ledger.head()
    fed = feed(there, [replace(one.message, message_id=None) for one in told])
    assert (fed.published.sent, fed.published.duplicates) == (2, 0)
    assert there.house.ledger.head() == before


def test_where_somebody_consumes_no_second_consumer_is_started(run, there, tmp_path):
    """Two would take every other batch each, and the file's order would be lost."""
    run([GOOD])
    urls = {"DATABASE_URL": there.settings.database, "INTAKE_URL": there.settings.intake}
    assert there.consumer is not None
    with world(Settings(DEALREG_DATA=tmp_path, LOG_LEVEL="ERROR", **urls)) as beside:
        assert beside.consumer is None


def test_a_program_that_was_seeded_otherwise_is_refused(run):
    run([GOOD])
    changed = [*MAPPING["partners"][:1], {**MAPPING["partners"][1], "tier": "elite"}]
    with pytest.raises(SeedingFault, match=r"enrol:agent-1.*another content"):
        run([GOOD], partners=changed)


def test_rows_are_told_in_the_order_of_their_days(small):
    file, mapping = small(["1,Ada Lovelace,A,pumps,2024-03-09,", "2,Ada Lovelace,B,pumps,2024-03-01,"])
    told = plan(file, mapping, file.parent).telling.messages
    assert [(one.row, one.at.isoformat()) for one in told] == [
        (2, "2024-02-29T23:00:00+00:00"),
        (1, "2024-03-08T23:00:00+00:00"),
    ]


def test_what_is_closed_on_a_day_is_told_before_what_is_opened_but_never_before_its_own_opening(small):
    closed = {"fact": "closed", "date": "value", "says": {"outcome": {"always": "lost"}}}
    rows = ["1,Ada Lovelace,A,pumps,2024-03-01,2024-03-04", "2,Ada Lovelace,A,pumps,2024-03-04,2024-03-04"]
    file, mapping = small(rows, facts=[closed, {**MAPPING["facts"][0], "says": {"lines": "product"}}])
    told = [(one.row, one.fact) for one in plan(file, mapping, file.parent).telling.messages]
    assert told == [(1, "opened"), (1, "closed"), (2, "opened"), (2, "closed")]


def test_json_lines_are_read_like_columns(small, tmp_path):
    file, mapping = small([GOOD])
    row = {"id": "1", "agent": "Ada Lovelace", "firm": "Mills", "product": "pumps", "on": "2024-03-01", "value": None}
    lines = tmp_path / "deals.jsonl"
    lines.write_text(json.dumps(row) + "\n\n")
    ours, theirs = (plan(one, mapping, tmp_path).telling.messages for one in (lines, file))
    assert [one.digest for one in ours] == [one.digest for one in theirs]


def _with_fact(**says):
    return {"facts": [{**MAPPING["facts"][0], "says": {**MAPPING["facts"][0]["says"], **says}}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"record": "number"}, "record names the column 'number', which is not there; there are agent, firm"),
        (_with_fact(country="team.land"), "facts.opened.says.country names the column 'team.land'"),
        (_with_fact(partner="agent"), "only 'partners' name a partner"),
        ({"companions": {"team": {"file": "teams.csv", "key": "who", "column": "agent"}}}, "lie beside the export"),
        ({"companions": {"team": {"file": "team.csv", "key": "boss", "column": "agent"}}}, "boss is there twice"),
        ({"rulebook": "nothing"}, "no file 'nothing' beside the mapping and no shipped rulebook"),
        ({"partners": [{**MAPPING["partners"][1], "below": "chief"}]}, "'below' names 'chief'"),
        ({"facts": []}, "at least 1 item"),
        ({"sauce": "x"}, "sauce: Extra inputs are not permitted"),
        ({"fixes": {"team.office": {"North": "Nroth"}}}, "the rulebook has no territory 'Nroth'; add it there"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_change(small, changes, words):
    def read():
        file, mapping = small([GOOD], **changes)
        plan(file, mapping, file.parent)

    with pytest.raises(MappingFault) as refused:
        read()
    assert words in str(refused.value)


def test_called_wrongly_it_ends_with_two_before_anything_is_started(small, tmp_path, data_dir):
    file, _ = small([GOOD], record="number")
    done = dealreg("ingest", file, "--mapping", tmp_path / "map.yaml", data=data_dir)
    assert (done.returncode, data_dir.exists()) == (2, False)
    assert "record names the column 'number'" in done.stderr
    done = dealreg("ingest", file, "--mapping", tmp_path / "none.yaml", data=data_dir)
    assert done.returncode == 2
    assert "name a mapping file with --mapping" in done.stderr


def test_the_shipped_mapping_reads_the_whole_file():
    made = plan(MAVEN / "sales_pipeline.csv", read_document(SHIPPED), SHIPPED.parent)
    assert (len(made.export.rows), len(made.telling.messages), made.telling.untold) == (8800, 15511, {})
    assert (len(made.telling.undated), len(made.parties.all)) == (500, 41)
    bodies = b"".join(one.message.body for one in made.telling.messages)
    assert b"GTXPro" not in bodies
    assert b"Darcel" not in bodies
