"""Territories and product lines across versions: each claim covers what its own version says (C10, C38)."""

from datetime import UTC, datetime

import pytest

from dealreg.engagement.maps import below, lines_overlap, places_overlap, related_lines
from dealreg.engagement.territory import scopes_overlap
from dealreg.vocabulary.values import Scope

OLD, NEW, NEWEST = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 4, 7))
BEFORE = [
    {"territory": "EMEA"},
    {"territory": "DE", "within": "EMEA"},
    {"territory": "SOUTH", "within": "DE"},
    {"territory": "WEST", "within": "DE"},
    {"territory": "FR", "within": "EMEA"},
    {"territory": "CORSICA", "within": "FR"},
    {"territory": "BREST", "within": "FR"},
]
AFTER = [
    {"territory": "EMEA"},
    {"territory": "DE", "within": "EMEA"},
    {"territory": "SOUTH", "within": "FR"},
    {"territory": "RUHR", "within": "DE", "split_from": "WEST"},
    {"territory": "RHINE", "within": "DE", "split_from": "WEST"},
    {"territory": "FR", "within": "EMEA"},
    {"territory": "BASTIA", "within": "CORSICA"},
    {"territory": "CORSICA", "within": "FR"},
]


@pytest.fixture(scope="module")
def old(rulebook):
    return rulebook(force_from=OLD, territories=BEFORE, product_lines=[{"line": "drives"}, {"line": "relays"}])


@pytest.fixture(scope="module")
def new(rulebook):
    lines = [{"line": "drives"}, {"line": "drives-ac", "split_from": "drives"}, {"line": "relays"}]
    return rulebook(version="2", force_from=NEW, territories=AFTER, product_lines=lines)


@pytest.fixture(scope="module")
def newest(rulebook):
    lines = [
        {"line": "drives-ac", "split_from": "drives"},
        {"line": "drives-dc", "split_from": "drives"},
        {"line": "servo", "split_from": "drives-ac"},
    ]
    return rulebook(version="3", force_from=NEWEST, territories=AFTER, product_lines=lines)


@pytest.mark.parametrize(
    ("there", "here", "meet"),
    [
        ("DE", "SOUTH", True),  # it lay in DE when the claim was approved
        ("DE", "FR", True),  # FR holds SOUTH now, which the old claim on DE covers
        ("FR", "SOUTH", False),  # the old claim on FR never covered SOUTH
        ("FR", "FR", True),
        ("SOUTH", "DE", False),  # what is filed on DE now does not reach SOUTH
        ("SOUTH", "FR", True),
        ("WEST", "RUHR", True),  # cut out of WEST
        ("WEST", "DE", True),
        ("WEST", "FR", False),
        ("DE", "RHINE", True),
        ("SOUTH", "RUHR", False),
        ("CORSICA", "BASTIA", True),  # new, and inside what was there
        ("FR", "BASTIA", True),
        ("DE", "BASTIA", False),
        ("EMEA", "BASTIA", True),
        ("BREST", "FR", True),  # gone without a successor: it lies in what was around it
        ("BREST", "CORSICA", False),
        ("BREST", "EMEA", True),
        ("NOWHERE", "NOWHERE", True),
        ("NOWHERE", "DE", False),
    ],
)
def test_two_maps_are_compared_by_what_each_covers(old, new, there, here, meet):
    one, other = Scope(territory=there), Scope(territory=here)
    assert places_overlap(old, one, new, other) is meet
    assert places_overlap(new, other, old, one) is meet, "whichever comes first"


def test_one_map_is_compared_as_ever(old):
    nodes = [Scope(territory=node["territory"]) for node in BEFORE]
    for one in nodes:
        for other in nodes:
            assert places_overlap(old, one, old, other) is scopes_overlap(old, one, other)


def test_sites_are_the_same_on_every_map(old, new):
    ulm, ghent = Scope(territory="SOUTH", sites=("Ulm",)), Scope(territory="FR", sites=("Ghent",))
    assert places_overlap(old, ulm, new, Scope(territory="DE", sites=("ULM ",)))
    assert not places_overlap(old, ulm, new, ghent)


@pytest.mark.parametrize(
    ("site_in", "whole", "meet"),
    [("SOUTH", "FR", True), ("SOUTH", "DE", False), ("WEST", "RUHR", True), ("FR", "SOUTH", False)],
)
def test_a_site_lies_where_its_own_map_had_it(old, new, site_in, whole, meet):
    assert places_overlap(old, Scope(territory=site_in, sites=("x",)), new, Scope(territory=whole)) is meet


@pytest.mark.parametrize(
    ("whole", "site_in", "meet"), [("DE", "SOUTH", True), ("FR", "SOUTH", False), ("WEST", "RUHR", True)]
)
def test_a_new_site_inside_an_old_whole(old, new, whole, site_in, meet):
    assert places_overlap(old, Scope(territory=whole), new, Scope(territory=site_in, sites=("x",))) is meet


@pytest.mark.parametrize(
    ("there", "here", "meet"),
    [("drives", "drives-ac", True), ("drives", "drives", True), ("relays", "drives-ac", False)],
)
def test_a_line_covers_what_was_split_from_it_later(old, new, there, here, meet):
    assert lines_overlap(old, there, new, here) is meet
    assert lines_overlap(new, here, old, there) is meet


def test_the_narrower_line_of_the_new_version_covers_no_more_than_it_says(new):
    assert not lines_overlap(new, "drives", new, "drives-ac")


def test_a_line_split_twice_is_covered_by_both_before_it(old, new, newest):
    assert lines_overlap(old, "drives", newest, "servo")
    assert lines_overlap(new, "drives-ac", newest, "servo")
    assert not lines_overlap(new, "drives", newest, "servo")
    assert not lines_overlap(newest, "drives-dc", newest, "servo")
    assert set(related_lines(newest, "drives")) == {"drives", "drives-ac", "drives-dc", "servo"}
    assert related_lines(old, "drives") == ("drives",)


def test_below_is_the_node_with_all_under_it(new):
    assert below(new, "FR") == {"FR", "SOUTH", "CORSICA", "BASTIA"}


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("product_lines", [{"line": "a", "split_from": "b"}, {"line": "b", "split_from": "a"}]),
        ("product_lines", [{"line": "a", "split_from": "a"}]),
        ("territories", [{"territory": "a", "split_from": "b"}, {"territory": "b", "split_from": "a"}]),
    ],
)
def test_what_was_split_from_itself_is_refused(rulebook, field, items):
    with pytest.raises(ValueError, match="split from itself"):
        rulebook(**{field: items})
