"""An export of anything: opportunities and accounts whatever their columns, dates, numbers and letters."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from dealreg.service.ingest.document import MappingFault, read_document
from dealreg.service.ingest.running import ingest, plan
from dealreg.service.ingest.world import world
from dealreg.service.intake.reading import Reading
from dealreg.service.settings import Settings
from tests.fix_formats import SHIPPED, told

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "fivetran_crm_seeds"
BASE = {"program": "seeds", "source": "seeds", "rulebook": "maven", "record": "id"}
NAMED = {"name": "name"}


@pytest.fixture
def planned(tmp_path):
    """The plan of a file by a mapping; ``rows`` is text, or a file that is there."""

    def plan_of(rows, **mapping):
        file = rows
        if not isinstance(rows, Path):
            file = tmp_path / "rows.csv"
            file.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        (tmp_path / "map.yaml").write_text(yaml.safe_dump({**BASE, **mapping}, allow_unicode=True))
        return plan(file, read_document(tmp_path / "map.yaml"), tmp_path)

    return plan_of


def fact(says=NAMED, **more):
    return [{"fact": "seen", "date": "at", "change": "created", "says": says, **more}]


def data(made):
    return [json.loads(one.message.body)["data"] for one in made.telling.messages]


def messages(made):
    """As the intake reads them."""
    return [told(one.message.body, Reading(SHIPPED, "seeds"))[0] for one in made.telling.messages]


OPPORTUNITIES = {
    "facts": [
        {
            "fact": "seen",
            "date": "created_date",
            "change": "created",
            "says": {
                "name": "name",
                "stage": "stage_name",
                "amount": "amount",
                "close_on": "close_date",
                "customer_ref": "account_id",
                "identifiers.crm_synced": "_fivetran_synced",
            },
        },
        {"fact": "won", "date": "created_date", "when": {"is_won": ["true"]}, "says": {"outcome": {"always": "won"}}},
        {"fact": "gone", "date": "_fivetran_synced", "when": {"is_deleted": [True]}, "change": "deleted", "says": {}},
    ]
}


def test_real_opportunities_as_a_sync_lands_them_are_told_row_by_row(planned):
    """Instants without a zone, a close date with a time, deleted rows, amounts of 64 bits."""
    file = SEEDS / "sf_opportunity_data.csv"
    made = planned(file, **OPPORTUNITIES)
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert made.telling.untold == {}
    said = messages(made)
    assert {one.record for one in said} == {row["id"] for row in rows}
    assert sum(one.change == "deleted" for one in said) == sum(row["is_deleted"] == "true" for row in rows) > 0
    first = next(one for one in said if one.name == "$1m deal")
    assert (first.amount, first.close_on, first.changed_at.isoformat()) == (
        24120000,
        date(2018, 12, 19),
        "2018-12-19T19:51:13+00:00",
    )
    assert [one.changed_at for one in said] == sorted(one.changed_at for one in said)


def test_real_accounts_are_told_as_accounts(planned):
    says = {"name": "name", "country": "billing_country", "place": "billing_city", "parent": "parent_id"}
    made = planned(
        SEEDS / "sf_account_data.csv", entity="account", facts=[{**fact(says)[0], "date": "_fivetran_synced"}]
    )
    said = messages(made)
    assert len(said) > 5
    assert {type(one).__name__ for one in said} == {"AccountMessage"}
    assert "Eric's Test" in {one.name for one in said}


def test_hubspots_companies_with_a_single_digit_hour_are_told(planned):
    says = {"name": "property_name", "country": "property_country", "place": "property_city"}
    facts = [{**fact(says)[0], "date": "_fivetran_synced"}]
    made = planned(
        SEEDS / "hubspot_company_data.csv", entity="account", words={"country": {"United States": "US"}}, facts=facts
    )
    assert made.telling.untold == {}
    assert "US" in {one.country for one in messages(made)}
    assert "2020-12-30T03:15:52+00:00" in {one.at.isoformat() for one in made.telling.messages}


def test_whatever_a_spreadsheet_writes_is_read_as_the_mapping_says(planned):
    rows = (
        "id;name;value;when;lines;dealer\n9223372036854775807;M\xfcller;1.234.567,89;31.12.2026;a|b;acme\n2;N/A;;;;\n"
    )
    says = {"name": "name", "amount": "value", "close_on": "when", "lines": "lines"}
    made = planned(
        rows.encode("cp1252"),
        delimiter=";",
        encoding="cp1252",
        decimal=",",
        dates=["%d.%m.%Y"],
        nothing=["", "N/A"],
        separator="|",
        as_of="2026-06-30",
        partner_ids={"partner": "dealer"},
        facts=[{**fact(says)[0], "date": None, "undated": "last_day", "names_partners": True}],
    )
    first, second = messages(made)
    assert (first.record, first.name, str(first.amount)) == ("9223372036854775807", "Müller", "1234567.89")
    assert (first.close_on, first.lines, first.partner) == (date(2026, 12, 31), ("a", "b"), "acme")
    assert (second.given(), second.nulled) == ((), ())
    assert {one.at.date().isoformat() for one in made.telling.messages} == {"2026-06-30"}
    assert made.telling.undated == {1, 2}


def test_a_whole_record_says_what_is_empty(planned):
    made = planned(
        "id,name,value,at\n1,,5,2026-01-01\n",
        facts=[{**fact({"name": "name", "amount": "value"})[0], "change": "read"}],
    )
    (said,) = messages(made)
    assert (said.change, said.nulled, said.amount) == ("read", ("name",), 5)


def test_of_two_instants_of_one_day_the_later_one_counts(planned):
    made = planned("id,name,at\n1,b,2026-01-01 10:00:00.5\n1,a,2026-01-01 9:00\n1,z,2026-01-01\n", facts=fact())
    said = messages(made)
    assert [one.name for one in said] == ["z", "a", "b"]
    assert [one.order for one in said] == sorted(one.order for one in said)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("3.32507E+11,x,2026-01-01", "id is 3.32507E+11: a spreadsheet cut the digits of the id; export it as text"),
        ("1,x,soon", "at is no day such as 2017-03-01"),
        ("1,x,2026-02-30", "at is no day of the calendar"),
        ("1,x,9999-12-31", "at lies outside the years 1900 to 2200"),
        (",x,2026-01-01", "id is empty: the row names no opportunity"),
    ],
)
def test_a_row_that_cannot_be_told_says_why(planned, row, why):
    made = planned(f"id,name,at\n2,good,2026-01-01\n{row}\n", facts=fact())
    assert made.telling.untold == {2: why}
    assert len(made.telling.messages) == 1


def test_numbers_of_json_lines_keep_every_digit(planned, tmp_path):
    lines = tmp_path / "rows.jsonl"
    lines.write_text(
        '{"id": 9007199254740993, "name": 12345678901234567.89, "at": "2026-01-01", "tree": {"a": [1]}, "flag": true}\n'
    )
    made = planned(lines, facts=fact({"name": "name", "tree": "tree", "flag": "flag"}))
    (said,) = data(made)
    assert said == {
        "record": "9007199254740993",
        "change": "created",
        "name": "12345678901234567.89",
        "tree": '{"a": [1]}',
        "flag": "true",
    }


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (
            {"facts": [{**fact()[0], "date": None}]},
            "names no date; say 'undated: last_day' and give the file an 'as_of'",
        ),
        ({"facts": [{**fact()[0], "date": None, "undated": "last_day"}]}, "say 'as_of' in the mapping"),
        ({"facts": fact(), "encoding": "klingon"}, "is no way to write letters"),
        ({"facts": fact(), "zone": "Europe/Entenhausen"}, "is no time zone"),
        ({"facts": fact(), "partner_ids": {"partner": "nobody"}}, "partner_ids.partner names the column 'nobody'"),
        ({"facts": fact(when={"nothing": ["x"]})}, "facts.seen.when names the column 'nothing'"),
        ({"facts": fact(), "entity": "boat"}, "entity: Input should be"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_change(planned, mapping, words):
    with pytest.raises(MappingFault) as refused:
        planned("id,name,at\n1,x,2026-01-01\n", **mapping)
    assert words in str(refused.value)


def test_letters_of_another_kind_are_named(planned):
    with pytest.raises(MappingFault, match="name its 'encoding'"):
        planned("id,name,at\n1,M\xfcller,2026-01-01\n".encode("cp1252"), facts=fact())


def test_accounts_go_through_the_broker_and_every_row_is_accounted_for(planned, data_dir):
    rows = "id,name,parent,at\n1,Mills,,2026-01-01\n2,Docks,1,2026-01-01\n3,Docks,3,2026-01-01\n"
    says = {"name": "name", "parent": "parent"}
    with world(Settings(DEALREG_DATA=data_dir, LOG_LEVEL="ERROR")) as there:
        done = ingest(there, planned(rows, entity="account", facts=fact(says)))
    assert [(one.row, one.fate.value) for one in done.accounts] == [(1, "folded"), (2, "folded"), (3, "dead_lettered")]
    assert done.accounts[2].why.startswith("invalid: ")


def test_the_shipped_example_reads_what_it_describes(tmp_path):
    shipped = Path(__file__).parents[2] / "src" / "dealreg" / "mappings" / "any-csv-example.yaml"
    columns = (
        "Opportunity ID,Created,Closed,Stage,Opportunity Name,Account ID,Account Name,Country,City,VAT No,Products,"
        "Region,Amount,Currency,Close Date,Dealer No,Distributor No"
    )
    row = (
        "7,01.03.2026,,Offer,Bridge,17,Mills,Norway,Oslo,-,drives;motors,South,"
        '"48,000.50",eur,09/30/2026,bauer,nordwind'
    )
    won = "8,2026-03-01 08:15,31.03.2026,Won,Docks,18,Docks,,,,,,,,9999-12-31,,"
    (tmp_path / "rows.csv").write_text(f"{columns}\n{row}\n{won}\n")
    made = plan(tmp_path / "rows.csv", read_document(shipped), shipped.parent)
    first, second, third = messages(made)
    assert (first.stage, first.country, first.territory, first.lines) == (
        "proposal",
        "NO",
        "DE-S",
        ("drives", "motors"),
    )
    assert (str(first.amount), first.currency, first.close_on) == ("48000.50", "EUR", date(2026, 9, 30))
    assert (first.partner, first.distributor, first.identifiers) == ("bauer", "nordwind", ())
    assert (second.changed_at.isoformat(), second.close_on) == ("2026-03-01T07:15:00+00:00", None)
    assert (third.outcome, third.record) == ("won", "8")
