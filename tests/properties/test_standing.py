"""Whoever looks, and whenever: a partner's standing does to its legs what it does at its own instant (ROE-16, D17)."""

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dealreg.file.state import Claim, Leg
from dealreg.service.scenario import reading
from dealreg.service.scenario.form import NOTHING, Case
from dealreg.service.scenario.running import run

WORLD = reading.text_of(reading.folder() / reading.WORLD)
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

FIRM: Any = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow],
}

LEGS = (
    {"distributor": "nordwind", "dealer": "ernst"},
    {"distributor": "nordwind"},
    {"master": "meridian", "distributor": "ostwerk", "dealer": "franz"},
    {"master": "meridian"},
)

CHANGES = st.lists(
    st.tuples(
        st.integers(1, 90 * 24),
        st.sampled_from(["nordwind", "ernst", "ostwerk", "meridian", "suedkraft", "change", "withdraw"]),
        st.sampled_from(["good", "hold", "suspended", "terminated"]),
        st.sampled_from([0, 0, 0, 24 * 7]),
    ),
    min_size=1,
    max_size=8,
)


def _at(hours: int) -> str:
    return (START + dt.timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")


def _story(legs: dict[str, str], changes: list[tuple[int, str, str, int]]) -> list[dict[str, Any]]:
    filed_by = legs.get("dealer") or legs.get("distributor") or legs["master"]
    filing = {"filed_by": filed_by, "customer": "acme", "lines": {"drives": legs}}
    steps: list[dict[str, Any]] = [{"at": _at(0), "as": "R1", "FileRegistration": filing}]
    for hours, who, standing, ahead in sorted(changes):
        if who == "change":
            asked = {"registration": "R1", "partner": "ernst", "distributor": "suedkraft"}
            steps.append({"at": _at(hours), "by": "ernst", "ChangeDistributor": asked})
        elif who == "withdraw":
            steps.append(
                {"at": _at(hours), "by": filed_by, "WithdrawRegistration": {"registration": "R1", "partner": filed_by}}
            )
        else:
            said = {"partner": who, "standing": standing, "effective_from": _at(hours + ahead)}
            steps.append({"at": _at(hours), "by": "dana", "ChangeStanding": said})
    return [*steps, {"at": _at(120 * 24), NOTHING: "", "then": {"R1 drives": {"entry": "1"}}}]


def _told(leg: Leg) -> tuple[object, ...]:
    return (leg.tier, leg.partner, leg.state, leg.window_to, leg.ended_at, leg.paused, leg.standing, leg.released_under)


@given(legs=st.sampled_from(LEGS), changes=CHANGES)
@settings(max_examples=150, **FIRM)
def test_the_clock_changes_nothing(legs: dict[str, str], changes: list[tuple[int, str, str, int]]) -> None:
    written = {"scenario": "Standings change and somebody looks or not", "rule": "ROE-16", "side": "both"}
    rulebook = {"clauses": {"ROE-14": {"in_force": "false"}}}
    case = Case.model_validate({**written, "rulebook": rulebook, "story": _story(legs, changes)})
    found = []
    for clock in (True, False):
        (file,) = run(case, WORLD, clock=clock).world.ledger.states.of_kind("file")
        (claim,) = file.claims.values()
        _holds_together(claim)
        found.append([_told(leg) for leg in claim.legs])
    assert found[0] == found[1]


def _holds_together(claim: Claim) -> None:
    """A suspension under ROE-16 has its limit and a reason; nobody is left suspended whose partner is in good standing."""
    for leg in claim.legs:
        if leg.state.value == "suspended" and "ROE-16" in leg.paused:
            assert leg.release_at is not None
            assert leg.standing.value in {"suspended", "terminated"}
        if leg.state.value == "protected":
            assert leg.standing.value == "good"
