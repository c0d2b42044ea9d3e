"""However the facts came and in whatever batches, a rebuild gives the rows that are there; and these say what the state says (D7).

Two kinds of histories: those that the core decides, and arbitrary ones, as wild as their fields allow (D12: whatever can be stored,
every projection applies).
"""

import datetime as dt
from collections import Counter
from contextlib import closing
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from pydantic import ValidationError

from dealreg.file.leg_events import LegJoined
from dealreg.file.state import CustomerFile
from dealreg.process import bring_to_due
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Saved
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.vocabulary.fact import Actor, Event, Meta, Role
from dealreg.vocabulary.ids import ProgramId, StreamId, derived, desk_reader, partner_reader
from tests.fix_histories import DAY, START, Claim, another_database
from tests.properties.test_one_holder import PROGRAM, Program

FIRM: Any = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
}
"""Every history has a database of its own, so none is made smaller; and CI draws the same ones each time."""


def _project_in_pieces(url: str, ledger: Ledger, facts: list[Recorded], pieces: list[int], *, strict: bool) -> None:
    """Some facts are saved and projected, then some more, in batches of any size."""
    projector = Projector(url, batch=pieces[0], strict=strict)
    rest = list(facts)
    for piece in [*pieces, len(facts)]:
        saved, rest = rest[: piece * 5], rest[piece * 5 :]
        if saved:
            ledger.append([Saved(saved, {})])
            projector.catch_up()


def _rebuilt_alike(url: str) -> None:
    differing = {one.model: one.differs for one in rebuild(url, check=True) if one.differs}
    assert differing == {}


def test_a_rebuild_of_what_was_decided_gives_the_same_rows(servers, _template):  # noqa: PT019 - its value is used
    class Projected(Program):
        def teardown(self) -> None:
            if self.customer is None:
                return
            with another_database(servers, _template) as url, Ledger(url) as ledger:
                _project_in_pieces(url, ledger, self.ledger.facts, [1, 7, 3], strict=True)
                _rebuilt_alike(url)
                with Reading(url) as reading:
                    _rows_say_what_the_state_says(self.state(), reading)
                    _what_falls_due_is_what_the_core_waits_for(self.state(), UUID(self.customer), reading)

    chosen = settings(max_examples=10, stateful_step_count=30, **FIRM)
    run_state_machine_as_test(Projected, settings=chosen)


def _rows_say_what_the_state_says(state: CustomerFile, reading: Reading) -> None:
    """Each leg of the file, as the deal desk reads it."""
    rows = reading.ask("protected_customers", "newest", desk_reader(PROGRAM), Role.DEAL_DESK, {"limit": 1000})
    read = {(row["registration"], row["line"], row["tier"], row["partner"]): row for row in rows}
    for claim in state.claims.values():
        # A partner that left a place and joined it again has two legs in the state and one row; the last says how it stands.
        for leg in {(leg.tier, leg.partner): leg for leg in claim.legs}.values():
            row = read[claim.registration, claim.line, leg.tier.value, leg.partner]
            offered = claim.offer_to is not None and leg.state == "queued"
            assert row["state"] == ("offered" if offered else leg.state.value), (claim, leg)
            if claim.live and leg.state.value in {"approved", "protected", "suspended"}:
                assert (row["window_from"], row["window_to"], row["grace_to"]) == (
                    leg.window_from,
                    leg.window_to,
                    leg.grace_to,
                )


def _what_falls_due_is_what_the_core_waits_for(state: CustomerFile, customer: UUID, reading: Reading) -> None:
    """The clock asks for exactly the streams and instants at which the core would do something by itself."""

    class Held:
        file = state
        situation = type("Situation", (), {"watermarks": {}})

    core = Counter(due.at for due in bring_to_due.all_due(Held()))  # type: ignore[arg-type]  # only these two are looked at
    rows = reading.ask("falling_due", "of_subject", None, Role.CLOCK, {"subject": customer})
    assert Counter(row["due_at"] for row in rows) == core


LISTENED = sorted({topic for model in read_models().values() for topic in model.on})
"""Stored names that any read model hears."""

POOL: dict[str, list[str]] = {
    "line": ["drives", "relays"],
    "partner": ["anna", "north"],
    "holder": ["north", "master"],
    "tier": ["dealer", "distributor"],
    "territory": ["world", "DE"],
}
"""Names that come again, so that the facts meet in the same rows."""

_EARLIEST, _LATEST = dt.datetime.fromisoformat("1900-01-02"), dt.datetime.fromisoformat("2199-12-30")
INSTANTS = st.datetimes(_EARLIEST, _LATEST, timezones=st.just(dt.UTC)).map(dt.datetime.isoformat)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)


def _values(schema: dict[str, Any], known: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Values of a JSON schema as pydantic writes it; ids and names come from small pools."""
    if "$ref" in schema:
        return _values(known[schema["$ref"].rsplit("/", 1)[1]], known, name)
    if "anyOf" in schema:
        return st.one_of(*(_values(option, known, name) for option in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            fields = {field: _values(part, known, field) for field, part in schema.get("properties", {}).items()}
            return st.fixed_dictionaries(fields) if fields else st.just({})
        case "array":
            return st.lists(_values(schema.get("items", {}), known, name), max_size=3)
        case "integer":
            return st.integers(max(schema.get("minimum", -5), -5), 10)
        case "number":
            return st.decimals(-(10**13), 10**13, places=4).map(str)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "string":
            return _texts(schema, name)
        case _:
            return st.none()


def _texts(schema: dict[str, Any], name: str) -> st.SearchStrategy[str]:
    match schema.get("format"):
        case "uuid":
            return st.sampled_from([str(uuid5(UUID(int=0), f"{n}")) for n in range(3)])
        case "date-time":
            return INSTANTS
        case "date":
            return st.dates(dt.date(1900, 1, 2), dt.date(2199, 12, 30)).map(dt.date.isoformat)
        case _:
            return _plain_texts(schema, name)


def _plain_texts(schema: dict[str, Any], name: str) -> st.SearchStrategy[str]:
    if name in POOL:
        return st.sampled_from(POOL[name])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"), alphabet=st.characters(codec="ascii"))
    return st.one_of(
        TEXTS, st.sampled_from(["custom:Budget", "%(line)s", "'; DROP TABLE my_deals --", "\\", "null", "{}"])
    )


@st.composite
def wild_facts(draw: st.DrawFn) -> Event:
    """Any fact that a read model hears, with any values that its class takes."""
    cls = stored_names().newest(draw(st.sampled_from(LISTENED)))
    schema = cls.model_json_schema()
    try:
        return cls.model_validate(draw(_values(schema, schema.get("$defs", {}))))
    except ValidationError:
        assume(False)
        raise


def _recorded(facts: list[Event], instants: list[str]) -> list[Recorded]:
    """In streams of their own, by whom they belong to."""
    versions: Counter[StreamId] = Counter()
    found = []
    for number, event in enumerate(facts):
        owner = event.model_dump().get("registration") if event.AGGREGATE == "registration" else event.AGGREGATE
        stream = StreamId(uuid5(UUID(int=1), str(owner)))
        versions[stream] += 1
        meta = Meta(
            program=ProgramId("wild"),
            actor=Actor(role=Role.DEAL_DESK, subject="Ł \"o'" + str(number)),
            effective_at=dt.datetime.fromisoformat(instants[number % len(instants)]),
            build="test",
        )
        found.append(Recorded(stream, versions[stream], meta, event))
    return found


@given(
    facts=st.lists(wild_facts(), min_size=1, max_size=40),
    instants=st.lists(INSTANTS, min_size=1, max_size=3),
    pieces=st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
@settings(max_examples=15, **FIRM)
def test_whatever_can_be_stored_is_projected_and_rebuilt_alike(servers, _template, facts, instants, pieces):  # noqa: PT019 - its value is used
    with another_database(servers, _template) as url, Ledger(url) as ledger:
        _project_in_pieces(url, ledger, _recorded(facts, instants), pieces, strict=False)
        _rebuilt_alike(url)


def test_what_is_named_twice_in_one_fact_stops_no_model(servers, _template):  # noqa: PT019 - its value is used
    """Lines, legs and readers are lists in the facts: nothing in a stored one keeps them apart."""
    claim = Claim("twice", derived("customer", "twice"), "north", "anna")
    window = {"window_from": START, "window_to": START + DAY, "hard_stop_at": START + 2 * DAY}
    leg = {"tier": "dealer", "partner": "bert", **window}
    joined: dict[str, Any] = {**claim.of, "joining": UUID(int=1), "leg": leg, "capped": False, "joined_at": START}
    joined["dealers"] = joined["distributors"] = (partner_reader(ProgramId("acme"), "bert"),)
    facts = [claim.submitted(), claim.entered(), claim.approved(), LegJoined.model_validate(joined)]
    with another_database(servers, _template) as url, Ledger(url) as ledger:
        doubled = [_doubled(fact) for fact in facts]
        _project_in_pieces(url, ledger, _recorded(doubled, [START.isoformat()]), [1, 7], strict=False)
        _rebuilt_alike(url)
        with Reading(url) as reading:
            rows = reading.ask("my_deals", "newest", partner_reader(ProgramId("acme"), "bert"), Role.DEALER)
        assert [(row["partner"], row["state"]) for row in rows] == [("bert", "protected")]


def _doubled(fact: Event) -> Event:
    """The fact with every element of every list said twice."""

    def twice(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: twice(part) for name, part in value.items()}
        return [twice(part) for part in value for _ in range(2)] if isinstance(value, list) else value

    return type(fact).model_validate(twice(fact.model_dump(mode="json")))


def test_the_comparison_sees_a_difference(servers, _template):  # noqa: PT019 - its value is used
    """Broken on purpose: one byte of one row."""
    with another_database(servers, _template) as url, closing(connect(url)) as connection:
        connection.execute("INSERT INTO falling_due_g1.claims VALUES (%s, 'drives', NULL)", [UUID(int=7)])
        with pytest.raises(AssertionError, match="falling_due"):
            _rebuilt_alike(url)
