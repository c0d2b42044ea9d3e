from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from pydantic import ValidationError

from dealreg.engagement.document import DocumentError, load
from dealreg.engagement.parameters import Clauses
from dealreg.engagement.rulebook import REFERENCE_TRACKS, RulebookDocument
from dealreg.process.publish_rulebook import decide
from dealreg.rulebook.commands import PublishRulebook
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import rulebook_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused

T = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SHIPPED = (resources.files("dealreg") / "rulebooks" / "reference.yaml").read_text(encoding="utf-8")
LEAST = """
program: reference
version: 2026.10
force_from: 2026-01-01T00:00:00+01:00
territories: [{territory: NO}]
product_lines: [{line: drives}]
"""


@pytest.fixture
def publish(streams, rulebook):
    def ask(version, force_from=T, at=T, role=Role.DEAL_DESK, **said):
        document = rulebook(version=version, force_from=force_from, **said)
        return streams.ask(decide, PublishRulebook(document=document), at, role)

    return ask


@pytest.fixture
def in_force(streams):
    def version(at):
        document = streams.of(RULEBOOK, rulebook_stream("reference")).in_force(at)
        return document.version if document is not None else None

    return version


def test_no_version_is_in_force_before_the_first(publish, in_force):
    assert in_force(T) is None
    publish("1")
    assert (in_force(T - timedelta(microseconds=1)), in_force(T)) == (None, "1")


def test_a_version_takes_force_at_its_instant(publish, in_force):
    publish("1")
    publish("2", T + DAY)
    assert [in_force(T + DAY * n / 2) for n in (0, 1, 2, 3)] == ["1", "1", "2", "2"]


def test_the_first_version_may_have_been_in_force_before_this_service(publish, in_force):
    """Nothing was judged by another, and a backfill needs rules."""
    assert publish("1", T - 99 * DAY)["as_asked"] is True
    assert in_force(T - 99 * DAY) == "1"


def test_a_later_version_never_takes_force_before_its_publication(publish, in_force):
    publish("1", T)
    answer = publish("2", T - 50 * DAY, at=T + DAY)
    assert answer["force_from"] == (T + DAY).isoformat()
    assert answer["as_asked"] is False
    assert [in_force(T + n * DAY) for n in (-1, 0, 1)] == [None, "1", "2"]


def test_of_two_versions_of_one_instant_the_later_published_is_in_force(publish, in_force):
    publish("1")
    publish("2")
    assert in_force(T) == "2"


def test_a_version_published_later_may_take_force_earlier(publish, in_force):
    publish("1")
    publish("3", T + 9 * DAY)
    publish("2", T + DAY)
    assert [in_force(T + n * DAY) for n in (0, 1, 8, 9)] == ["1", "2", "2", "3"]


def test_every_version_stays_readable(publish, streams):
    publish("1", time_zone="Europe/Oslo")
    publish("2")
    state = streams.of(RULEBOOK, rulebook_stream("reference"))
    assert state.version("1").time_zone == "Europe/Oslo"
    assert state.version("9") is None


def test_a_version_is_published_once(publish):
    publish("1")
    with pytest.raises(Closed, match="another name"):
        publish("1", currency="USD")


def test_a_rulebook_is_published_in_its_program(publish):
    with pytest.raises(Refused, match="'other'"):
        publish("1", program="other")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DEAL_DESK])
def test_only_the_deal_desk_publishes(publish, role):
    with pytest.raises(NotAllowed, match="deal desk"):
        publish("1", role=role)


def test_the_fact_survives_its_stored_form(publish, streams):
    publish(
        "1", rates=[{"from_currency": "JPY", "to_currency": "EUR", "rate": "0.0061", "day": T.date(), "source": "é"}]
    )
    (event,) = streams.events
    assert type(event).model_validate_json(event.model_dump_json()) == event
    assert type(event).model_validate_json(event.model_dump_json(by_alias=True)) == event


def test_the_shipped_rulebook_says_the_defaults_of_the_reference_program():
    shipped = load(SHIPPED)
    assert shipped.clauses == Clauses()
    assert tuple(track.model_copy(update={"lines": ()}) for track in shipped.tracks) == REFERENCE_TRACKS
    assert {track.track: track.lines for track in shipped.tracks if track.lines} == {"service": ("spares", "service")}
    assert (shipped.time_zone, shipped.currency) == ("Europe/Berlin", "EUR")


def test_the_shipped_rulebook_writes_every_parameter_out():
    """Whoever copies it sees all that can be changed."""
    written = {name: field.alias or name for name, field in Clauses.model_fields.items()}
    for name, field in Clauses.model_fields.items():
        parameters = getattr(type(getattr(Clauses(), name)), "model_fields", {})
        for parameter in set(parameters) - {"in_force", "when"}:
            line = next(
                found for found in SHIPPED.split("clauses:")[1].split("\n  ") if found.startswith(written[name])
            )
            rest = SHIPPED.split("clauses:")[1].split(line)[1] if line.endswith(":") else ""
            assert parameter in line + rest, (field, parameter)


def test_yaml_is_read_as_it_is_written():
    """A version is not a number, Norway is not False."""
    document = load(LEAST)
    assert (document.version, document.territories[0].territory) == ("2026.10", "NO")
    assert document.force_from == datetime(2025, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_nothing_is_none(nothing):
    document = load(LEAST + f"clauses: {{ROE-12: {{late_stage: {nothing} }}}}\n")
    assert document.clauses.lapse.late_stage is None
    assert load(LEAST + 'clauses: {ROE-12: {late_stage: "null"}}\nstages: ["null"]').clauses.lapse.late_stage == "null"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "list of settings"]),
        ("- a", ["line 1", "list of settings"]),
        ("a: [", ["no YAML"]),
        ("[" * 900_000, ["line 1", "20 levels"]),
        ("a: \x00", ["no YAML"]),
        ("a: *b", ["line 1", "alias"]),
        ("a: &x [1]\nb: [*x, *x]", ["line 2", "alias"]),
        ("{[a]: 1}", ["no word"]),
        ("x" * 1_000_001, ["1000000 characters"]),
        (LEAST + "program: other", ["line 7", "'program' is set twice"]),
        (LEAST.replace("program: reference", ""), ["program", "is missing; add it"]),
        (LEAST + "clauses:\n  ROE-12:\n    grace_days: soon", ["line 9", "clauses.ROE-12.grace_days", "'soon'"]),
        (LEAST + "clauses:\n  ROE-12: {grace: 3}", ["line 8", "clauses.ROE-12.grace", "no rulebook has this setting"]),
        (LEAST + "clauses: {ROE-34: {}}", ["clauses.ROE-34", "no rulebook has this setting"]),
        (LEAST + "time_zone: Berlin", ["line 7", "time_zone", "Europe/Berlin"]),
        (LEAST + "calendar: {country: XX}", ["calendar", "two letters"]),
        (LEAST + "clauses: {ROE-12: {late_stage: won}}", ["ROE-12 names the late stage 'won'"]),
        (LEAST + "clauses: {ROE-4: {doctrine: merit}}", ["while_pending: side_by_side"]),
        (
            LEAST + "clauses: {ROE-7: {window_days: {authorized: 0, premier: 1, elite: 1, master: 1}}}",
            ["authorized", "'0'"],
        ),
        (LEAST + "clauses: {ROE-3: {amount: 1e999999}}", ["clauses.ROE-3.amount"]),
        (LEAST + 'title: "a\\0b"', ["title", "NUL"]),
        (LEAST.replace("+01:00", ""), ["force_from"]),
        (LEAST.replace("2026-01-01", "0001-01-01"), ["force_from"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_to_do(text, words):
    with pytest.raises(DocumentError) as refused:
        load(text)
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_every_fault_is_said_at_once():
    with pytest.raises(DocumentError) as refused:
        load(LEAST + "currency: euro\ntime_zone: Berlin\n")
    assert len(refused.value.faults) == 2


def test_a_rulebook_has_territories_and_lines():
    for empty in ("territories", "product_lines"):
        with pytest.raises(ValidationError, match=empty):
            RulebookDocument.model_validate({**load(LEAST).model_dump(), empty: []})


def test_a_source_that_is_not_named_is_not_trusted_with_the_clock(rulebook):
    rules = rulebook(sources=[{"source": "crm-eu", "priority_clock": "source", "skew_hours": 24}])
    assert (rules.source("crm-eu").priority_clock, rules.source("crm-eu").skew_hours) == ("source", 24)
    assert rules.source("crm-us").priority_clock == "door"
