from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.engagement.clause import Checked
from dealreg.engagement.complete import Supplied, missing
from dealreg.engagement.eligible import ineligible
from dealreg.vocabulary.values import PartnerTier, Standing, Tier, Track

DEALER = Checked(
    track=Track.DEALER,
    tier=PartnerTier.AUTHORIZED,
    standing=Standing.GOOD,
    lines=frozenset({"drives", "safety", "robotics", "spares"}),
    territories=frozenset({"DE"}),
    specialisations=frozenset({"functional-safety"}),
)


def code(rules, partner=DEALER, line="drives", territory="DE", tier=Tier.DEALER):
    refusal = ineligible(rules, line=line, territory=territory, tier=tier, partner=partner)
    assert refusal is None or refusal.clause == "ROE-1"
    return refusal.code if refusal is not None else None


def test_a_partner_with_all_that_is_asked_is_eligible(rules):
    assert code(rules) is None
    assert code(rules, line="safety", territory="DE-SOUTH") is None


@pytest.mark.parametrize("standing", [Standing.HOLD, Standing.SUSPENDED, Standing.TERMINATED])
def test_only_good_standing_claims(rules, standing):
    assert code(rules, replace(DEALER, standing=standing)) == f"standing_{standing}"


def test_who_was_not_enrolled_on_the_day_is_not_eligible(rules):
    assert code(rules, Checked(track=None, tier=None, standing=None)) == "not_enrolled"


def test_a_line_needs_authorisation(rules):
    assert code(rules, replace(DEALER, lines=frozenset({"spares"}))) == "line"
    assert code(rules, replace(DEALER, lines=frozenset())) == "line"


def test_a_territory_is_authorised_by_itself_or_by_one_above(rules):
    assert code(rules, territory="DE-SOUTH") is None
    assert code(rules, territory="FR") == "territory"
    assert code(rules, territory="EMEA") == "territory"
    assert code(rules, replace(DEALER, territories=frozenset({"EMEA"})), territory="FR") is None


def test_what_the_program_does_not_have_is_refused(rules):
    anywhere = replace(DEALER, lines=frozenset({"lamps", "drives"}), territories=frozenset({"MARS"}))
    assert code(rules, anywhere, line="lamps") == "line_unknown"
    assert code(rules, anywhere, territory="MARS") == "territory_unknown"


def test_a_line_may_ask_for_a_track_and_a_specialisation(rules):
    assert code(rules, line="robotics") == "track"
    assert code(rules, replace(DEALER, track=Track.INTEGRATOR), line="robotics") is None
    assert code(rules, replace(DEALER, specialisations=frozenset()), line="safety") == "specialisation"


def test_a_track_may_be_kept_to_lines(rulebook):
    rules = rulebook(tracks=[{"track": "service", "leg": "dealer", "lines": ["spares"]}])
    service = replace(DEALER, track=Track.SERVICE)
    assert code(rules, service, line="spares") is None
    assert code(rules, service) == "track"
    assert code(rules) == "track", "a track that the program does not name claims nothing"


@pytest.mark.parametrize(
    ("track", "tiers"),
    [
        (Track.DISTRIBUTOR, {Tier.DISTRIBUTOR, Tier.MASTER}),
        (Track.DEALER, {Tier.DEALER}),
        (Track.INTEGRATOR, {Tier.DEALER}),
        (Track.SERVICE, {Tier.DEALER}),
        (Track.OEM, {Tier.DISTRIBUTOR}),
        (Track.SPECIFIER, set()),
    ],
)
def test_a_track_claims_at_its_tiers_only(rules, track, tiers):
    partner = replace(DEALER, track=track)
    assert {tier for tier in Tier if code(rules, partner, tier=tier) is None} == tiers
    assert {code(rules, partner, tier=tier) for tier in set(Tier) - tiers} <= {"tier"}


def test_a_clause_that_is_off_refuses_nobody(rulebook):
    off = rulebook(clauses={"ROE-1": {"in_force": False}})
    assert code(off, Checked(track=None, tier=None, standing=None)) is None


@given(
    partner=st.builds(
        Checked,
        track=st.none() | st.sampled_from(Track),
        tier=st.none(),
        standing=st.none() | st.sampled_from(Standing),
        lines=st.frozensets(st.sampled_from(["drives", "safety", "lamps"])),
        territories=st.frozensets(st.sampled_from(["EMEA", "DE", "FR"])),
        specialisations=st.frozensets(st.sampled_from(["functional-safety"])),
    ),
    line=st.sampled_from(["drives", "safety", "robotics", "lamps"]),
    territory=st.sampled_from(["EMEA", "DE", "DE-SOUTH", "FR", "MARS"]),
    tier=st.sampled_from(Tier),
)
def test_more_authorisation_never_makes_a_partner_ineligible(rules, partner, line, territory, tier):
    more = replace(partner, lines=partner.lines | {line}, territories=partner.territories | {"EMEA"})
    if code(rules, partner, line, territory, tier) is None:
        assert code(rules, more, line, territory, tier) is None


ALL = Supplied(
    customer=True,
    contact=True,
    value=True,
    close_date=True,
    legs=(frozenset({Tier.DISTRIBUTOR, Tier.DEALER}),),
)


def test_all_that_is_asked_is_complete(rules):
    assert missing(rules, ALL) == ()


@pytest.mark.parametrize(
    ("lacking", "word"),
    [
        ({"customer": False}, "customer"),
        ({"contact": False}, "contact"),
        ({"value": False}, "value"),
        ({"close_date": False}, "close_date"),
        ({"convertible": False}, "rate"),
        ({"legs": ()}, "line"),
        ({"legs": (frozenset(),)}, "line"),
        ({"legs": (frozenset({Tier.DEALER}),)}, "distributor"),
    ],
)
def test_each_thing_that_is_missing_is_named(rules, lacking, word):
    assert missing(rules, replace(ALL, **lacking)) == (word,)


def test_nothing_said_names_everything_in_a_fixed_order(rulebook):
    asks = rulebook(clauses={"ROE-2": {"evidence": ["quote", "mail", "quote"]}})
    nothing = Supplied(customer=False, contact=False, value=False, close_date=False)
    words = ("customer", "contact", "value", "close_date", "line", "evidence:quote", "evidence:mail")
    assert missing(asks, nothing) == words
    assert missing(asks, replace(ALL, evidence={"mail"})) == ("evidence:quote",)


def test_a_distributor_leg_needs_nobody_and_a_dealer_may_hang_under_a_master(rules):
    legs = (frozenset({Tier.DISTRIBUTOR}), frozenset({Tier.MASTER, Tier.DEALER}))
    assert missing(rules, replace(ALL, legs=legs)) == ()


def test_a_minimum_asks_for_a_value_even_where_the_clause_does_not(rulebook):
    asks = {"required": ["customer"]}
    without = Supplied(customer=True, contact=False, value=False, close_date=False, legs=ALL.legs)
    assert missing(rulebook(clauses={"ROE-2": asks}), without) == ("value",)
    assert missing(rulebook(clauses={"ROE-2": asks, "ROE-3": {"in_force": False}}), without) == ()
    assert missing(rulebook(clauses={"ROE-2": asks, "ROE-3": {"amount": 0}}), without) == ()


def test_a_completeness_clause_that_is_off_misses_nothing(rulebook):
    nothing = Supplied(customer=False, contact=False, value=False, close_date=False)
    assert missing(rulebook(clauses={"ROE-2": {"in_force": False}}), nothing) == ()
