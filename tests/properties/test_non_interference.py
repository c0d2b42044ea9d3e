"""Nothing that a viewer can read changes when facts that it must not know change (architecture D9; rules.md section 3).

Two histories differ only in a rival's facts; what the viewer's login can read, in every table and without any WHERE, is the same
bytes in both.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dealreg.file import events as filed
from dealreg.file.commands import BringFileToDue
from dealreg.opportunity.events import OpportunityChanged
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import derived, partner_reader, region_reader
from dealreg.vocabulary.values import CustomField, Tier
from tests.fix_histories import DAY, PROGRAM, START, Claim, History, another_database, customer, meeting, ruled
from tests.properties import test_one_holder as decided

FIRM: Any = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}

SHOWN = sorted(
    (model.name, line.table)
    for model in read_models().values()
    for line in model.readers
    if line.role == "dealreg_reader"
)
"""Every table of which a partner or manager reads anything."""

CUSTOMER = customer("łódź")
OWN = Claim("own", CUSTOMER, "dist-1", "dealer-1")
RIVALS = [
    Claim(f"rival-{n}", CUSTOMER, f"dist-{n}", f"dealer-{n}", opportunity=derived("opportunity", n)) for n in (2, 3)
]
ELSEWHERE = Claim("fr", customer("paris"), "dist-9", "dealer-9", territory="fr")
VIEWERS = [
    partner_reader(PROGRAM, "dealer-1"),
    partner_reader(PROGRAM, "dist-1"),
    region_reader(PROGRAM, "fr"),
]

RIVAL_MOVES = [
    "queued",
    "contested",
    "declined",
    "promoted",
    "offered",
    "conflict",
    "ruled",
    "crm",
    "left",
    "withdrawn",
]


def _read(url: str, viewers: Sequence[UUID]) -> dict[tuple[UUID, str, str], list[str]]:
    """All that the login of partners and managers shows each viewer."""
    found = {}
    with connect(url, "dealreg_reader") as connection:
        for viewer in viewers:
            for model, table in SHOWN:
                with connection.transaction():
                    connection.execute("SELECT set_config('dealreg.reader', %s, true)", [str(viewer)])
                    rows = connection.execute(f"SELECT t::text FROM {model}_g1.{table} AS t ORDER BY 1").fetchall()
                found[viewer, model, table] = [row for (row,) in rows]
    return found


def _seen(
    servers: Any, template: str, history: History, viewers: Sequence[UUID]
) -> dict[tuple[UUID, str, str], list[str]]:
    with another_database(servers, template) as url, Ledger(url) as ledger:
        history.save(ledger)
        Projector(url).catch_up()
        return _read(url, viewers)


def _own_moves(history: History, step: int) -> None:
    """The viewers' own facts, one step after another."""
    at = START + step * 20 * DAY
    match step:
        case 0:
            OWN.filed(history, at)
            history.add(OWN.file, OWN.approved(at), at)
            ELSEWHERE.filed(history, at)
        case 1:
            history.add(ELSEWHERE.file, ELSEWHERE.queued(at), at)
        case 3:
            grace = OWN.leg(filed.GraceBegan, at, Tier.DEALER, stage="late", grace_to=at + 14 * DAY)
            history.add(OWN.file, grace, at)
        case 4:
            history.add(OWN.file, OWN.leg(filed.ProtectionLapsed, at, Tier.DEALER, ground="grace"), at)
        case _:
            pass


def _rival_moves(history: History, rival: Claim, move: str, at: dt.datetime) -> None:
    match move:
        case "queued":
            history.add(rival.file, rival.queued(at), at)
        case "contested":
            history.add(rival.file, rival.contested(derived("conflict", rival.request)), at)
        case "declined":
            history.add(rival.file, rival.declined(at), at)
        case "promoted":
            history.add(rival.file, filed.ClaimPromoted(**rival.of), at)
        case "offered":
            history.add(rival.file, filed.LineOffered(**rival.of, offer_to=at + 5 * DAY, offered_at=at), at)
        case "conflict":
            meeting(OWN, rival, history, at)
        case "ruled":
            ruled(meeting(OWN, rival, history, at), OWN, history, at)
        case "crm":
            history.add(derived("opportunity", rival.request), _crm(rival, at), at)
        case "left":
            history.add(rival.file, filed.QueueLeft(**rival.of, reason="lost", left_at=at), at)
        case _:
            history.add(rival.file, rival.leg(filed.LegWithdrawn, at, Tier.DEALER, reason="gave up"), at)


def _crm(rival: Claim, at: dt.datetime) -> OpportunityChanged:
    return OpportunityChanged(
        opportunity=rival.opportunity or UUID(int=0),
        source="crm",
        record="r",
        message="0" * 64,
        order="1",
        change=Change.UPDATED,
        changed_at=at,
        custom=(CustomField(name="Budget", value="1000000"),),
    )


@given(
    moves=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(RIVALS), st.sampled_from(RIVAL_MOVES), st.integers(0, 19)),
        max_size=12,
    )
)
@settings(max_examples=12, **FIRM)
def test_a_viewers_rows_are_the_same_bytes_whatever_a_rival_does(servers, _template, moves):  # noqa: PT019 - its value is used
    alone, together, known = History(), History(), set()
    for step in range(5):
        _own_moves(alone, step)
        _own_moves(together, step)
        for when, rival, move, days in moves:
            if when == step:
                at = START + (step * 20 + days) * DAY
                if rival not in known:
                    known.add(rival)
                    rival.filed(together, at, entry=2)
                _rival_moves(together, rival, move, at)
    seen = _seen(servers, _template, alone, VIEWERS)
    assert all(
        seen[viewer, model, model]
        for viewer, model in zip(VIEWERS, ("my_deals", "network_deals", "protected_customers"), strict=True)
    )
    assert _seen(servers, _template, together, VIEWERS) == seen


def _waits(ways: list[str]) -> History:
    """The viewer's claim meets another's: one answer, then whatever happens among those who wait."""
    history = History()
    OWN.filed(history)
    for days, way in enumerate(ways):
        at = START + days * DAY
        _rival_moves(history, OWN, way, at)
    return history


@given(ways=st.lists(st.sampled_from(["queued", "contested"]), min_size=1, max_size=4))
@settings(max_examples=6, **FIRM)
def test_a_partner_reads_one_word_for_every_way_of_waiting(servers, _template, ways):  # noqa: PT019 - its value is used
    partners = VIEWERS[:2]
    seen = _seen(servers, _template, _waits(["queued"]), partners)
    assert all("waiting" in row for row in seen[partners[0], "my_deals", "my_deals"])
    assert _seen(servers, _template, _waits(ways), partners) == seen


LATER = st.tuples(
    st.integers(1, 40),
    st.sampled_from(["100000.01", "50000"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["DE", "world"]),
)


def _decide(later: list[tuple[int, str, bool, bool, str]]) -> decided.Program:
    """Anna is protected through north; others come later through south, with a claim that shows no earlier evidence."""
    program = decided.Program()
    program.set_out()
    program.file(filer=("anna", "north"), line="drives", territory="DE", value="50000", alone=False, early=False)
    for days, value, alone, early, territory in sorted(later):
        program.now = decided.START + days * DAY
        program.file(filer=("carl", "south"), line="drives", territory=territory, value=value, alone=alone, early=early)
    program.now = decided.START + 65 * DAY
    command = BringFileToDue.model_validate({"customer": program.customer})
    program.ask(command, Actor(role=Role.CLOCK, subject="clock"))
    return program


@given(later=st.lists(LATER, min_size=1, max_size=4))
@settings(max_examples=8, **FIRM)
def test_what_the_core_decides_on_a_rival_is_not_told_to_the_holder(servers, _template, later):  # noqa: PT019 - its value is used
    viewers = [partner_reader(decided.PROGRAM, name) for name in ("anna", "north", "master", "bert", "dora")]
    viewers.append(region_reader(decided.PROGRAM, "FR"))
    nobody: list[tuple[int, str, bool, bool, str]] = []
    seen = []
    for others in (nobody, later):
        with another_database(servers, _template) as url, Ledger(url) as ledger:
            ledger.append([Saved(_decide(others).ledger.facts, {})])
            Projector(url, strict=True).catch_up()
            seen.append(_read(url, viewers))
    assert seen[0][viewers[0], "my_deals", "my_deals"]
    assert seen[1] == seen[0]
