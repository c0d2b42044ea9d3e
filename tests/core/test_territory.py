import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dealreg.engagement.territory import ancestors, contains, scopes_overlap, touching
from dealreg.vocabulary.values import Scope

SCOPES = st.builds(
    Scope,
    territory=st.sampled_from(["EMEA", "DE", "DE-SOUTH", "FR"]),
    sites=st.lists(st.sampled_from(["Ulm", "Lyon", "Kiel"]), unique=True).map(tuple),
)


def scope(territory, *sites):
    return Scope(territory=territory, sites=sites)


def test_the_nearest_ancestor_is_first(rules):
    assert ancestors(rules, "DE-SOUTH") == ("DE", "EMEA")
    assert ancestors(rules, "EMEA") == ancestors(rules, "MARS") == ()


def test_a_territory_contains_itself_and_all_below(rules):
    assert contains(rules, "DE", "DE")
    assert contains(rules, "EMEA", "DE-SOUTH")
    assert not contains(rules, "DE-SOUTH", "EMEA")
    assert not contains(rules, "FR", "DE")


def test_what_touches_a_territory_is_above_or_below_it(rules):
    assert touching(rules, "DE") == {"EMEA", "DE", "DE-SOUTH"}
    assert touching(rules, "FR") == {"EMEA", "FR"}
    assert touching(rules, "MARS") == {"MARS"}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (scope("DE"), scope("DE-SOUTH"), True),
        (scope("EMEA"), scope("FR"), True),
        (scope("DE"), scope("FR"), False),
        (scope("DE", "Ulm"), scope("DE"), True),
        (scope("DE-SOUTH", "Ulm"), scope("EMEA"), True),
        (scope("DE", "Ulm"), scope("FR"), False),
        (scope("EMEA", "Ulm"), scope("DE"), False),
        (scope("DE", "Ulm"), scope("DE", "Kiel"), False),
        (scope("DE", "Ulm", "Kiel"), scope("DE", "Kiel"), True),
        (scope("DE", "Basel yard"), scope("FR", "basel  Yard"), True),
        (scope("DE", "Straße 1"), scope("DE", "STRASSE 1"), True),
        (scope("DE", "Łódź"), scope("DE", "Lodz"), False),
    ],
)
def test_scopes_overlap_when_one_contains_the_other_or_they_share_a_site(rules, one, other, overlap):
    """C39: named sites are contested one by one, also across territories."""
    assert scopes_overlap(rules, one, other) is overlap
    assert scopes_overlap(rules, other, one) is overlap


@given(one=SCOPES, other=SCOPES)
def test_overlap_is_the_same_from_both_sides(rules, one, other):
    assert scopes_overlap(rules, one, other) == scopes_overlap(rules, other, one)


@given(one=SCOPES)
def test_a_scope_overlaps_itself(rules, one):
    assert scopes_overlap(rules, one, one)


@given(one=SCOPES, other=SCOPES)
def test_a_scope_inside_another_overlaps_whatever_the_inner_one_overlaps_of_territories(rules, one, other):
    wider = Scope(territory="EMEA")
    assert not scopes_overlap(rules, one, other) or scopes_overlap(rules, wider, other)


@pytest.mark.parametrize(
    ("territories", "word"),
    [
        ([{"territory": "A", "within": "B"}, {"territory": "B", "within": "A"}], "break the cycle"),
        ([{"territory": "A", "within": "A"}], "break the cycle"),
        ([{"territory": "A", "within": "C"}], "not defined"),
        ([{"territory": "A"}, {"territory": "A"}], "twice"),
    ],
)
def test_a_tree_that_is_none_is_refused(rulebook, territories, word):
    with pytest.raises(ValidationError, match=word):
        rulebook(territories=territories)


def test_a_site_is_named_once():
    with pytest.raises(ValidationError, match="twice"):
        scope("DE", "Ulm", "Ulm")


def test_a_deep_tree_is_walked(rulebook):
    nodes = [{"territory": "0"}] + [{"territory": str(n), "within": str(n - 1)} for n in range(1, 2000)]
    deep = rulebook(territories=nodes)
    assert len(ancestors(deep, "1999")) == 1999
    assert scopes_overlap(deep, scope("0"), scope("1999"))
