"""Twenty years of another system's history, taken over in bulk: every record accounted for, twice the same, its times the past's."""

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.engagement.document import load
from dealreg.partner.state import PARTNER
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.composition import House
from dealreg.service.importing import running
from dealreg.service.importing.asking import Context
from dealreg.service.importing.comparing import compare, summed
from dealreg.service.importing.form import ImportFault, ImportForm, read_form
from dealreg.service.importing.keeping import refusals
from dealreg.service.importing.reading import Reader
from dealreg.service.importing.rows import Row, RowFault
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.scenario import reading as scenarios
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId, partner_stream

NOW = datetime.now(UTC)


def publish(dispatch):
    """The reference program, in force for long."""
    world = scenarios.text_of(scenarios.folder() / scenarios.WORLD)
    rules = {"program": "reference", "force_from": "2001-01-01T00:00:00Z", **world["rulebook"]}
    command = PublishRulebook(document=load(yaml.safe_dump(rules)))
    dispatch.decide_batch(
        [
            Request(
                id="r", program=ProgramId("reference"), actor=Actor(role=Role.DEAL_DESK, subject="d"), command=command
            )
        ]
    )


def written(folder, name, rows):
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def history(folder, *, registrations=120, customers=40, seed=1):
    """Distributors, dealers with changes, customers with parents below them, opportunities and registrations with every past."""
    chance = random.Random(seed)
    folder.mkdir(exist_ok=True)
    (folder / "import.yaml").write_text("system: oldcrm\nprogram: reference\n")
    everywhere = {"lines": "drives;relays;panels", "territories": "EMEA"}
    partners = [
        {
            "partner": f"dealer-{n}",
            "since": "2003-05-01",
            "track": "dealer",
            "parents": f"dist-{n % 3}",
            "name": f"Dealer {n}",
            **everywhere,
        }
        for n in range(9)
    ]
    partners.insert(1, {"partner": "dealer-0", "since": "2010-01-01", "tier": "premier"})
    partners.insert(2, {"partner": "dealer-0", "since": "2015-01-01", "parents": "dist-1", "standing": "hold"})
    partners.insert(3, {"partner": "dealer-0", "since": "2015-02-01", "standing": "good"})
    partners += [
        {"partner": f"dist-{n}", "since": "2002-01-01", "track": "distributor", **everywhere} for n in range(3)
    ]
    written(folder, "partners", partners)
    people = [
        {
            "customer": f"c{n}",
            "known_at": "2004-01-01T08:00:00Z",
            "name": f"Firma {chr(65 + n % 26)}{n} Werk",
            "country": "DE",
            "place": f"Ort {n}",
            "domain": f"firma{n}.example",
            "parent": f"c{n + 1}" if n % 10 == 0 else "",
        }
        for n in range(customers)
    ]
    written(folder, "customers", people)
    deals, chances = [], []
    for n in range(registrations):
        filed = NOW - timedelta(days=chance.randrange(3, 7000), hours=chance.randrange(24))
        past = (
            chance.choice(["declined", "won", "lost", "lapsed", "withdrawn"]) if (NOW - filed).days > 60 else "approved"
        )
        start = filed + timedelta(hours=20)
        dealer = chance.randrange(9)
        row = {
            "registration": f"r{n}",
            "opportunity": f"o{n}",
            "filed_by": f"dealer-{dealer}",
            "filed_at": filed.isoformat(),
            "customer": f"c{n % customers}",
            "line": chance.choice(["drives", "relays", "panels"]),
            "territory": "DE",
            "distributor": f"dist-{dealer % 3}",
            "dealer": f"dealer-{dealer}",
            "past": past,
            "decided_at": start.isoformat(),
            "amount": "25000",
            "currency": "EUR",
            "contact": f"Person {n}",
        }
        if past != "declined":
            row |= {"window_from": start.isoformat(), "window_to": (start + timedelta(days=60)).isoformat()}
        if past in {"won", "lost", "withdrawn"}:
            row["ended_at"] = (start + timedelta(days=9)).isoformat()
        deals.append(row)
        chances.append(
            {
                "opportunity": f"o{n}",
                "changed_at": filed.isoformat(),
                "customer": f"c{n % customers}",
                "partner": f"dealer-{dealer}",
                "stage": "proposal",
                "lines": row["line"],
                "territory": "DE",
                "amount": "25000",
                "currency": "EUR",
                "custom:Campaign": "x",
            }
        )
    written(folder, "registrations", deals)
    written(folder, "opportunities", chances)
    return folder


def imported(house, folder):
    made = running.plan(house.dispatch, folder, read_form(folder), "reference")
    taken = running.run(house.dispatch, made)
    return made, taken


@pytest.fixture
def house(settings):
    with House(settings) as there:
        publish(there.dispatch)
        yield there


def test_every_record_is_taken_over_once_and_stands_as_the_files_say(house, tmp_path):
    folder = history(tmp_path / "old")
    made, taken = imported(house, folder)
    assert {name: (one.records, one.counts["refused"]) for name, one in taken.items()} == {
        "partners": (12, 0),
        "customers": (40, 0),
        "opportunities": (120, 0),
        "registrations": (120, 0),
    }
    counts, others = summed(compare(house.dispatch, made))
    assert counts.total() == 120
    assert {one.word for one in others} <= {"moved_on"}
    head = house.ledger.head()
    _, again = imported(house, folder)
    assert house.ledger.head() == head
    assert {one.skipped == one.rows for one in again.values()} == {True}
    state = (
        house.dispatch.see({partner_stream("reference", "dealer-0"): PARTNER.name})
        .held[partner_stream("reference", "dealer-0")]
        .state
    )
    assert [state.tier_at(datetime(year, 6, 1, tzinfo=UTC)).value for year in (2004, 2012)] == ["authorized", "premier"]
    assert [state.parents_at(datetime(year, 6, 1, tzinfo=UTC)) for year in (2004, 2016)] == [("dist-0",), ("dist-1",)]
    assert state.standing_at(datetime(2015, 1, 15, tzinfo=UTC)).value == "hold"


def test_effective_times_are_the_past_s_and_recorded_times_are_now(house, tmp_path):
    imported(house, history(tmp_path / "old", registrations=20))
    rows = house.ledger.run(
        "SELECT recorded_at, (convert_from(state, 'utf8')::jsonb) -> 'meta' ->> 'effective_at' AS effective FROM ledger.events WHERE topic = 'line_approved.v1'"
    )
    assert rows
    for row in rows:
        assert row["recorded_at"] >= NOW
        assert datetime.fromisoformat(row["effective"]) < NOW


def test_a_run_that_was_killed_goes_on_and_ends_as_one_that_was_not(house, tmp_path, monkeypatch):
    folder = history(tmp_path / "old")
    monkeypatch.setattr(running, "BATCH", 7)
    made = running.plan(house.dispatch, folder, read_form(folder), "reference")
    decide, calls = house.dispatch.decide_batch, 0

    def killed(*given):
        nonlocal calls
        calls += 1
        done = decide(*given)
        if calls % 5 == 0:
            raise Unavailable("the database went away after it had saved")
        return done

    monkeypatch.setattr(house.dispatch, "decide_batch", killed)
    for _ in range(40):
        try:
            taken = running.run(house.dispatch, made)
            break
        except Unavailable:
            continue
    else:
        raise AssertionError("it never came to its end")
    assert {name: one.records for name, one in taken.items()} == {
        "partners": 12,
        "customers": 40,
        "opportunities": 120,
        "registrations": 120,
    }
    counts, others = summed(compare(house.dispatch, made))
    assert (counts.total(), {one.word for one in others} - {"moved_on"}) == (120, set())


BAD = {
    "no such partner": ({"dealer": "nobody"}, "there is no partner 'nobody'"),
    "a line of another program": ({"line": "rockets"}, "no product line 'rockets'"),
    "the future": (
        {
            "filed_at": (NOW + timedelta(days=40)).isoformat(),
            "decided_at": (NOW + timedelta(days=41)).isoformat(),
            "ended_at": "",
        },
        "still to come",
    ),
    "the end before the beginning": ({"window_to": "2001-01-01"}, "ends before it begins"),
    "decided before filed": ({"decided_at": "1948-02-29"}, "decided before it was filed"),
    "no date": ({"decided_at": ""}, "give decided_at"),
    "a date that is none": ({"filed_at": "soon"}, "is no day or instant"),
    "a past that is none": ({"past": "maybe"}, "Input should be"),
    "half a window": ({"window_from": ""}, "give window_from and window_to"),
    "no customer": ({"customer": ""}, "names no customer"),
}


def test_what_cannot_have_been_is_refused_with_row_column_and_reason_and_its_neighbours_stand(house, tmp_path):
    folder = history(tmp_path / "old", registrations=30)
    path = folder / "registrations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["past"] == "lapsed" or row["past"] == "won"]
    good, model = rows, {**rows[0], "past": "lapsed", "ended_at": ""}
    bad = [{**model, "registration": name, "opportunity": f"bad {name}", **over} for name, (over, _) in BAD.items()]
    written(folder, "registrations", [*good, *bad])
    made, taken = imported(house, folder)
    assert (taken["registrations"].counts["imported"], taken["registrations"].counts["refused"]) == (
        len(good),
        len(bad),
    )
    told = {row["record"]: row for row in refusals(house.ledger, made.context)}
    assert told.keys() == BAD.keys()
    for name, (_, words) in BAD.items():
        assert words in told[name]["words"], name
        assert told[name]["number"] == len(good) + 1 + list(BAD).index(name)
    # Put right, they come in, and nobody asks about them any more.
    written(
        folder,
        "registrations",
        [*good, *({**model, "registration": name, "opportunity": f"bad {name}"} for name in BAD)],
    )
    _, again = imported(house, folder)
    assert again["registrations"].counts == {"repeated": len(good), "imported": len(bad), "refused": 0}
    assert refusals(house.ledger, made.context) == []


def test_a_row_with_more_cells_than_the_header_is_refused_and_not_taken_shifted(house, tmp_path):
    """A comma in a name that nobody quoted: what stands behind it would be read one column further on, and the last cell by nobody."""
    folder = tmp_path / "h"
    folder.mkdir()
    (folder / "import.yaml").write_text("system: oldcrm\nprogram: reference\n")
    (folder / "customers.csv").write_text(
        "customer,known_at,country,name,place\nc1,2004-01-01,DE,Acme AG,Ulm\nc2,2004-01-01,DE,Acme, Inc.,Ulm\n"
    )
    made, taken = imported(house, folder)
    assert taken["customers"].counts == {"imported": 1, "refused": 1}
    (refused,) = refusals(house.ledger, made.context)
    assert (refused["record"], refused["number"]) == ("c2", 2)
    assert "more cells" in refused["words"]


def test_a_folder_that_cannot_be_read_says_what_to_change(house, tmp_path):
    folder = history(tmp_path / "old", registrations=2)
    for name, text, words in [
        ("import.yaml", "system: [", "no YAML"),
        ("import.yaml", "program: reference", "system"),
        ("import.yaml", "system: old\ncolumns: {sales: {}}", "names the file 'sales'"),
        ("import.yaml", "system: oldcrm\nprogram: nobody", "no rulebook in force"),
    ]:
        (folder / name).write_text(text)
        with pytest.raises(ImportFault, match=words):
            imported(house, folder)
    (folder / "import.yaml").write_text("system: oldcrm")
    (folder / "partners.csv").write_text("partner,since,colour\nx,2003-01-01,red\n")
    with pytest.raises(ImportFault, match="nobody reads the column 'colour'"):
        imported(house, folder)
    (folder / "partners.csv").write_bytes(b"partner,since\nx\xff,2003")
    with pytest.raises(ImportFault, match="save it as UTF-8"):
        imported(house, folder)
    (folder / "partners.jsonl").write_text("{}")
    with pytest.raises(ImportFault, match="both there"):
        imported(house, folder)


def test_columns_words_and_dates_of_the_other_system_are_read_by_its_form(house, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "import.yaml").write_text(
        "system: oldcrm\nprogram: reference\ndates: ['%d.%m.%Y', '%d.%m.%Y %H:%M']\nseparator: '|'\ndelimiter: ';'\n"
        "columns: {partners: {partner: Nummer, since: Seit, track: Art}}\nwords: {track: {Händler: dealer, Großhandel: distributor}}\n"
    )
    (folder / "partners.csv").write_text(
        "Nummer;Seit;Art;parents;lines;territories\n9223372036854775807;01.02.2003;Händler;g-1;drives|relays;DE\ng-1;31.12.2002 23:30;Großhandel;;;\n"
    )
    (folder / "registrations.jsonl").write_text(
        json.dumps(
            {
                "registration": 12345678901234567890123,
                "filed_by": 9223372036854775807,
                "filed_at": "01.02.2020",
                "name": "Müller",
                "place": "Köln",
                "country": "DE",
                "line": "drives",
                "territory": "DE",
                "dealer": "9223372036854775807",
                "distributor": "g-1",
                "past": "lapsed",
                "decided_at": "02.02.2020",
                "window_from": "02.02.2020",
                "last_day": "28.02.2020",
            }
        )
        + "\n"
    )
    made, taken = imported(house, folder)
    assert [one.counts["imported"] for one in taken.values()] == [2, 1], refusals(house.ledger, made.context)
    (line,) = compare(house.dispatch, made)
    assert (line.record, line.word) == ("12345678901234567890123", "agrees")


def test_a_last_day_with_a_time_is_refused_and_the_day_after_it_is_free():
    reader = Reader(ImportForm(system="old"), ZoneInfo("Europe/Berlin"))
    free = reader.after(Row(1, {"last_day": "2026-03-28"}), "last_day")
    assert free == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert reader.after(Row(1, {"last_day": "2026-03-29"}), "last_day") == datetime(2026, 3, 29, 22, tzinfo=UTC)
    with pytest.raises(RowFault, match="is the last day, without a time"):
        reader.after(Row(1, {"last_day": "2026-03-28 12:00"}), "last_day")
    with pytest.raises(RowFault):
        reader.instant(Row(1, {"at": "0001-01-01"}), "at")
    assert Context(ProgramId("p"), reader).system == "old"


def test_the_verb_accounts_for_every_record_and_its_exit_code_says_whether_all_are_here(
    house, settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", settings.database)
    folder = history(tmp_path / "old", registrations=12, customers=5)
    done = CliRunner().invoke(verbs(), ["import", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["files"]["registrations"]["imported"], told["refused"]) == (12, [])
    assert sum(told["lines"].values()) == 12
    shown = CliRunner().invoke(verbs(), ["import", str(folder), "--compare"])
    assert (shown.exit_code, "effective times are the other system's" in shown.stdout) == (0, True)
    with (folder / "registrations.csv").open("a") as file:
        file.write("\n")
        file.write("r-bad,,dealer-1,soon\n")
    assert CliRunner().invoke(verbs(), ["import", str(folder)]).exit_code == 1
