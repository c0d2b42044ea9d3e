"""Guards: what the checker takes, what it says of the rest, and that what it takes is answered over any facts, always the same."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dealreg.engagement.guards.checking import Mistake, mistakes
from dealreg.engagement.guards.custom_fields import CustomFieldRules, read
from dealreg.engagement.guards.evaluating import Held, held, roots_of
from dealreg.engagement.guards.facts import FACTS, INSTANT, LEGS, ROOTS, Custom, Kind
from dealreg.vocabulary.field_types import FieldType

BERLIN = ZoneInfo("Europe/Berlin")
CUSTOM = (
    Custom("budget", Kind.TRUTH),
    Custom("score", Kind.WHOLE),
    Custom("due", Kind.INSTANT),
    Custom("unit", Kind.TEXT),
)
T = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLAIM = {
    "line": "drives", "territory": "DE-NORTH", "within": ["DE-NORTH", "DE", "EMEA"], "sites": ["hall-4"], "class": "exclusive",
    "value": Decimal("12000.5000"), "by_dealer": True, "tiers": ["dealer", "distributor"], "completed": datetime(2026, 3, 1, tzinfo=UTC),
}  # fmt: skip
KNOWN = {
    "claim": CLAIM,
    "partner": {"id": "bauer", "territories": ["DE"]},
    "opportunity": {"stage": "proposal", "custom": {"score": 3}},
    "legs": [{"track": "oem", "territories": ["DE"]}, {"track": "dealer", "territories": []}],
    "dealer": {},
    "today": {"weekday": 7, "hour": 23},
    "at": T,
}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("claim.value > 12000", True),
        ("claim.value >= 12000.5", True),
        ("claim.value == 12000", False),
        ("12000 < claim.value", True),
        ("claim.value * 2.0 > 24000", True),
        ("'EMEA' in claim.within && !('FR' in claim.within)", True),
        ("claim.line in ['relays', 'drives']", True),
        ("claim.class == 'tender'", False),
        ("claim.sites.size() == 1 && claim.sites[0].startsWith('hall')", True),
        ("legs.exists(leg, leg.track == 'oem' && 'DE' in leg.territories)", True),
        ("legs.all(leg, 'DE' in leg.territories)", False),
        ("at - claim.completed > duration('24h')", True),
        ("at < timestamp('2026-03-02T09:00:00Z')", False),
        ("today.weekday in [6, 7]", True),
        ("has(dealer.id)", False),
        ("has(opportunity.custom.budget) && opportunity.custom.budget", False),
        ("!has(opportunity.custom.budget) || opportunity.custom.budget", True),
        ("opportunity.custom.score > 2 ? claim.by_dealer : false", True),
    ],
)
def test_a_guard_is_true_of_the_facts_or_not(expression, holds):
    assert mistakes(expression, CUSTOM) == []
    assert held(expression, KNOWN) == Held(holds, None)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("opportunity.custom.budget", "'budget' is not known"),
        ("!opportunity.custom.budget", "'budget' is not known"),
        ("opportunity.custom.unit != 'north'", "'unit' is not known"),
        ("dealer.tier == 'elite'", "'tier' is not known"),
        ("claim.value / 0.0 > 1 && opportunity.custom.score / 0 > 1", "divide by zero"),
        ("opportunity.custom.score + 9223372036854775807 > 0", "integer overflow"),
        ("legs[7].id == 'x'", "index=7"),
        ("timestamp(claim.line) < at", "Timestamp"),
    ],
)
def test_what_cannot_be_told_does_not_hold_and_says_why(expression, why):
    assert mistakes(expression, CUSTOM) == []
    answer = held(expression, KNOWN)
    assert answer.holds is False
    assert why.lower() in (answer.why or "").lower()


def test_a_known_side_of_an_or_decides_although_the_other_is_not_known():
    assert held("opportunity.custom.budget || claim.by_dealer", KNOWN) == Held(holds=True)
    assert held("opportunity.custom.budget && !claim.by_dealer", KNOWN) == Held(holds=False)


@pytest.mark.parametrize(
    ("expression", "line", "column", "words"),
    [
        ("claim.valeu > 3", 1, 6, ["'claim' has no 'valeu'", "value"]),
        ("clam.value > 3", 1, 1, ["'clam' is no fact", "claim"]),
        ("claim.line > 3", 1, 12, ["'>' does not take a text and a whole number"]),
        ("claim.line == 3", 1, 12, ["'==' does not take"]),
        ("claim.value + 1 > 3", 1, 13, ["write the whole number with a point"]),
        ("claim.by_dealer > true", 1, 17, ["does not take"]),
        ("claim.value == null", 1, 13, ["does not take"]),
        ("claim.value", 1, 1, ["is a number, not true or false"]),
        ("claim.line", 1, 1, ["is a text, not true or false"]),
        ("at", 1, 1, ["is an instant"]),
        ("claim.value > 3 &&\n  opportunity.custom.nix", 2, 21, ["custom field 'nix' is not declared", "budget"]),
        ("claim.value >", 1, 14, ["Syntax error"]),
        ("claim.value > 99999999999999999999", 1, 15, ["invalid int literal"]),
        ("'open", 1, 1, ["token recognition"]),
        ("dyn(claim).anything == 1", 1, 4, ["dyn() is not for guards"]),
        ("type(claim.line) == type(3)", 1, 5, ["type() is not for guards"]),
        ("at.getHours() > 8", 1, 12, ["getHours() is not for guards", "today"]),
        ("claim.line.matches('^d')", 1, 19, ["matches() is not for guards"]),
        ("claim.sites.map(s, s).size() > 0", 1, 16, ["map() is not for guards"]),
        ("true", 1, 1, ["always holds"]),
        ("claim.by_dealer || true", 1, 1, ["always holds"]),
        ("false", 1, 1, ["never holds", "in_force: false"]),
        ("claim.by_dealer && 1 > 2", 1, 1, ["never holds"]),
        ("at > timestamp('soon')", 1, 6, ["timestamp('soon') cannot be read"]),
        ('at - claim.completed >\n duration("3 days")', 2, 2, ["cannot be read", "'72h'"]),
        ("(" * 40 + "claim.by_dealer" + ")" * 40, 1, 1, ["32 levels"]),
        ("facts.claim{line: 'x'}.line == 'x'", 1, 1, ["struct"]),
    ],
)
def test_what_is_no_guard_is_refused_at_its_line_and_column(expression, line, column, words):
    found = mistakes(expression, CUSTOM)
    assert (line, column) in {(one.line, one.column) for one in found}, found
    said = " ".join(one.said for one in found)
    assert all(word in said for word in words), said


def test_every_mistake_is_said_at_once_and_none_that_only_follows():
    assert [one.column for one in mistakes("clam.value > 3 && clim.value > 3")] == [1, 19]
    assert len(mistakes("dyn(claim).x == 1")) == 1


def test_a_field_that_one_rulebook_declares_is_unknown_to_another():
    assert mistakes("opportunity.custom.score > 1", CUSTOM) == []
    (mistake,) = mistakes("opportunity.custom.score > 1")
    assert mistake == Mistake(1, 19, "custom field 'score' is not declared; add it to custom_fields (declared: none)")


def test_every_fact_that_is_declared_can_be_asked_for():
    asked = {
        Kind.TEXT: "{0} == 'x'", Kind.WHOLE: "{0} == 1", Kind.NUMBER: "{0} > 1", Kind.TRUTH: "{0} || {0}",
        Kind.INSTANT: "{0} < at", Kind.TEXTS: "'x' in {0}",
    }  # fmt: skip
    for group, facts in FACTS.items():
        for fact in facts:
            if fact.kind in asked:
                assert mistakes(asked[fact.kind].format(f"{group}.{fact.name}")) == [], (group, fact.name)
    assert mistakes(f"{LEGS}.exists(leg, leg.id == 'x') && {INSTANT} > claim.submitted") == []


def test_only_what_an_expression_may_ask_for_is_looked_up():
    assert roots_of("claim.value > 1 && legs.size() > 0") == {"claim", "legs"}
    assert roots_of("'today' in claim.sites") == {"claim", "today"}
    assert roots_of("customers == 1") == set()


# What the checker accepts, whatever the facts.

SAYABLE = {
    "whole": [
        "opportunity.custom.score", "today.hour", "3", "0", "9223372036854775807", "size(claim.sites)", "int(claim.line)",
        "claim.sites.filter(s, s > 'a').size()", "(opportunity.custom.score / today.hour)", "(today.year - today.month * 7) % today.day",
        "-opportunity.custom.score",
    ],
    "number": ["claim.value", "1.5", "0.0", "double(claim.line)", "claim.value * opportunity.amount", "claim.value / 0.0", "1e308 * 1e308"],
    "text": [
        "claim.line", "dealer.tier", "'x'", "claim.sites[today.hour]", "legs[today.hour].track", "string(claim.value)", "opportunity.custom.unit",
        "claim.line + partner.id", "string(at)",
    ],
    "instant": ["at", "claim.completed", "timestamp(claim.line)", "opportunity.custom.due", "at + duration('10000h')", "opportunity.closes"],
    "truth": [
        "claim.by_dealer", "opportunity.custom.budget", "has(master.id)", "has(opportunity.custom.due)", "claim.line.contains(dealer.tier)",
        "legs.exists(leg, leg.id == claim.line)", "legs.exists_one(leg, leg.tier == 'elite')", "claim.sites.all(s, s in claim.within)",
        "claim.line in claim.sites + partner.lines", "at - claim.completed > duration('1h')",
    ],
}  # fmt: skip
ORDERED = ["<", "<=", ">", ">=", "==", "!="]


def _compared(kind):
    said = st.sampled_from(SAYABLE[kind])
    return st.builds("({} {} {})".format, said, st.sampled_from(ORDERED), said)


MIXED = st.builds(
    "({} {} {})".format, st.sampled_from(SAYABLE["whole"]), st.sampled_from(ORDERED), st.sampled_from(SAYABLE["number"])
)
EXPRESSIONS = st.recursive(
    st.one_of(
        st.sampled_from(SAYABLE["truth"]), MIXED, *(_compared(kind) for kind in ("whole", "number", "text", "instant"))
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
VALUES = {
    Kind.TEXT: st.text(max_size=20),
    Kind.WHOLE: st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**14, min_value=-(10**14)),
    Kind.TRUTH: st.booleans(),
    Kind.INSTANT: st.integers(-2_000_000_000, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    Kind.TEXTS: st.lists(st.text(max_size=5), max_size=6),
}
DECLARED = st.fixed_dictionaries({}, optional={field.name: VALUES[field.kind] for field in CUSTOM})


def _group(name):
    known = {fact.name: VALUES[fact.kind] for fact in FACTS[name] if fact.kind in VALUES}
    nested = {"custom": DECLARED} if name == "opportunity" else {}
    return st.fixed_dictionaries(nested, optional=known)


ANY_FACTS = st.fixed_dictionaries(
    {
        **{name: _group(name) for name in FACTS},
        LEGS: st.lists(_group("partner"), max_size=3),
        INSTANT: VALUES[Kind.INSTANT],
    }
)


@settings(max_examples=400, deadline=None)
@given(expression=EXPRESSIONS, facts=ANY_FACTS)
def test_whatever_the_checker_accepts_is_answered_over_any_facts_and_always_the_same(expression, facts):
    assume(mistakes(expression, CUSTOM) == [])
    first = held(expression, facts)
    assert isinstance(first.holds, bool)
    assert not (first.holds and first.why)
    assert held(expression, facts) == first
    assert held(expression, dict(reversed(facts.items()))) == first


@settings(max_examples=200, deadline=None)
@given(expression=st.text(max_size=60) | EXPRESSIONS.map(lambda said: said[:-1]))
def test_whatever_is_written_is_checked_or_refused_in_words(expression):
    assume("\x00" not in expression)
    for mistake in mistakes(expression, CUSTOM):
        assert mistake.said.strip()
        assert mistake.line >= 1
        assert mistake.column >= 0


@settings(max_examples=100, deadline=None)
@given(expression=EXPRESSIONS, facts=ANY_FACTS)
def test_one_that_was_published_before_the_checker_knew_better_is_answered_too(expression, facts):
    """Stored versions are not checked again: what the evaluator cannot read does not hold."""
    assert held(expression, facts).holds in {True, False}


def test_what_cannot_be_read_does_not_hold():
    assert held("claim.value >", KNOWN).holds is False
    assert held("claim.line == 'x'", {"claim": {"line": "\ud800"}}).holds is False


def test_looking_is_bounded():
    """Nested lists meet the library's budget of iterations; the longest expression over long lists is answered in seconds."""
    many = {"claim": {"sites": [f"site-{n}" for n in range(200)]}}
    deep = "claim.sites.all(a, claim.sites.all(b, claim.sites.all(c, a + b + c != 'x')))"
    assert mistakes(deep) == []
    assert held(deep, many) == Held(holds=False, why="there is too much to look at")
    wide = " && ".join(["claim.sites.all(a, !(a + a + a).contains('q'))"] * 20)[:1000].rsplit(" && ", 1)[0]
    assert mistakes(wide) == []
    began = time.process_time()
    assert held(wide, {"claim": {"sites": ["x" * 4000] * 400}}).why is None
    assert time.process_time() - began < 2


# Custom fields.


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (FieldType.TEXT, " Nord ", "Nord"),
        (FieldType.WHOLE, "3", 3),
        (FieldType.WHOLE, "-3.0", -3),
        (FieldType.WHOLE, "3.5", None),
        (FieldType.WHOLE, "9" * 19, None),
        (FieldType.NUMBER, "1.5e3", 1500.0),
        (FieldType.NUMBER, "nan", None),
        (FieldType.NUMBER, "1e999", None),
        (FieldType.NUMBER, "1,5", None),
        (FieldType.TRUTH, "True", True),
        (FieldType.TRUTH, "0", False),
        (FieldType.TRUTH, "perhaps", None),
        (FieldType.INSTANT, "2026-03-01T12:00:00+01:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        (FieldType.INSTANT, "2026-03-01T12:00:00", None),
        (FieldType.INSTANT, "9999-12-31T23:59:59-23:00", None),
        (FieldType.INSTANT, "1899-12-31T00:00:00Z", None),
        (FieldType.DAY, "2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (FieldType.DAY, "0001-01-01", None),
        (FieldType.DAY, "tomorrow", None),
    ],
)
def test_a_custom_field_is_read_as_declared_or_not_known(kind, written, value):
    found = read(CustomFieldRules(name="field", type=kind), written, BERLIN)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("kind", list(FieldType))
@given(written=st.text(max_size=40))
def test_no_text_of_a_crm_breaks_a_decision(kind, written):
    found = read(CustomFieldRules(name="field", type=kind), written, BERLIN)
    assert found is None or held("has(opportunity.custom.field)", {"opportunity": {"custom": {"field": found}}}).holds


def test_a_declared_field_has_a_name_that_can_be_written():
    for name in ("in", "true", "a b", "1a", ""):
        with pytest.raises(ValueError, match="name"):
            CustomFieldRules(name=name, type=FieldType.TEXT)
    assert CustomFieldRules(name="a", type=FieldType.DAY, field="A day").asked == "A day"
    assert CustomFieldRules(name="a", type=FieldType.DAY).declared == Custom("a", Kind.INSTANT)


def test_every_root_is_a_group_a_list_or_an_instant():
    assert set(ROOTS) == {*FACTS, LEGS, INSTANT}
