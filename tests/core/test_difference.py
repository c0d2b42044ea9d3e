"""What two versions of a rulebook say differently, in words, and whose cases each difference touches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.engagement.difference import TOUCHES, changes
from dealreg.engagement.parameters import fields_by_number
from dealreg.engagement.rulebook import RulebookDocument

OWN = {"program", "version", "force_from", "title", "clauses"}


def told(before, after):
    return [
        (change.setting, change.before, change.after, change.words, change.touches) for change in changes(before, after)
    ]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (
            {},
            {"ROE-8": {"window_days": {"authorized": 60, "premier": 90, "elite": 75, "master": 75}}},
            ("ROE-8.window_days.premier", "75", "90", "ROE-8 window_days premier was 75 and is 90, 15 more", ("ROE-8",)),
        ),
        (
            {"ROE-12": {"grace_days": 14}},
            {"ROE-12": {"grace_days": 4}},
            ("ROE-12.grace_days", "14", "4", "ROE-12 grace_days was 14 and is 4, 10 less", ("ROE-12",)),
        ),
        (
            {},
            {"ROE-14": {"in_force": False}},
            ("ROE-14.in_force", "yes", "no", "ROE-14 is switched off", ("ROE-14",)),
        ),
        (
            {"ROE-14": {"in_force": False}},
            {},
            ("ROE-14.in_force", "no", "yes", "ROE-14 is switched on", ("ROE-14",)),
        ),
        (
            {},
            {"ROE-3": {"when": "claim.by_dealer"}},
            ("ROE-3.when", "nothing", "claim.by_dealer", "ROE-3 applies only when claim.by_dealer", ("ROE-3",)),
        ),
        (
            {"ROE-3": {"when": "claim.by_dealer"}},
            {},
            ("ROE-3.when", "claim.by_dealer", "nothing", "ROE-3 applies to every claim; it applied only when claim.by_dealer", ("ROE-3",)),
        ),
        (
            {"ROE-3": {"when": "claim.by_dealer"}},
            {"ROE-3": {"when": "!claim.by_dealer"}},
            (
                "ROE-3.when", "claim.by_dealer", "!claim.by_dealer",
                "ROE-3 applies only when !claim.by_dealer; it applied only when claim.by_dealer", ("ROE-3",),
            ),
        ),
        (
            {},
            {"ROE-12": {"late_stage": None}},
            ("ROE-12.late_stage", "negotiation", "nothing", "ROE-12 late_stage was negotiation and is nothing", ("ROE-12",)),
        ),
        (
            {},
            {"order": ["ROE-9", "ROE-7"]},
            ("order", "none", "ROE-9, ROE-7", "order was none and is ROE-9, ROE-7", ("ROE-7", "ROE-9")),
        ),
        (
            {},
            {"queue": {"in_use": False}},
            ("queue.in_use", "yes", "no", "queue in_use was yes and is no", TOUCHES["queue"]),
        ),
        (
            {},
            {"ROE-33": {"levels": [{"level": "finance"}]}},
            ("ROE-33.levels.channel_manager", "discount_up_to 0.10, size_up_to 50000", None, "ROE-33 levels channel_manager is gone", ("ROE-33",)),
        ),
    ],
)  # fmt: skip
def test_a_difference_between_clauses_is_said_by_its_parameter(rulebook, before, after, change):
    assert change in told(rulebook(clauses=before), rulebook(clauses=after))


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (
            {"rates": [{"from_currency": "USD", "to_currency": "EUR", "rate": "0.9", "day": "2026-01-01", "source": "a"}]},
            {"rates": [{"from_currency": "USD", "to_currency": "EUR", "rate": "0.95", "day": "2026-01-01", "source": "a"}]},
            ("rates.USD EUR 2026-01-01.rate", "0.9", "0.95", "rates USD EUR 2026-01-01 rate was 0.9 and is 0.95", ("ROE-3", "ROE-30", "ROE-33")),
        ),
        (
            {"product_lines": [{"line": "a"}]},
            {"product_lines": [{"line": "b", "tracks": []}, {"line": "a"}]},
            ("product_lines.b", None, "", "product_lines b is new", ("ROE-1",)),
        ),
        (
            {"time_zone": "Europe/Oslo"},
            {"time_zone": "Europe/Rome"},
            ("time_zone", "Europe/Oslo", "Europe/Rome", "time_zone was Europe/Oslo and is Europe/Rome", TOUCHES["time_zone"]),
        ),
        (
            {},
            {"custom_fields": [{"name": "score", "type": "whole"}], "clauses": {"ROE-3": {"when": "opportunity.custom.score > 1"}}},
            ("custom_fields.score", None, "type whole", "custom_fields score is new: type whole", ("ROE-3",)),
        ),
    ],
)  # fmt: skip
def test_a_difference_of_another_setting_names_the_clauses_it_touches(rulebook, before, after, change):
    assert change in told(rulebook(**before), rulebook(**after))


def test_a_guard_of_several_lines_is_shown_in_one(rulebook):
    (change,) = changes(
        rulebook(), rulebook(clauses={"ROE-3": {"when": "claim.by_dealer &&\n  claim.line == 'a  b'\n"}})
    )
    assert change.words == "ROE-3 applies only when claim.by_dealer && claim.line == 'a b'"


def test_what_only_moved_or_is_written_otherwise_is_no_difference(rulebook):
    before = rulebook(
        territories=[{"territory": "A"}, {"territory": "B", "within": "A"}], clauses={"ROE-3": {"amount": "10000"}}
    )
    after = rulebook(
        version="2", title="Another", territories=[{"territory": "B", "within": "A"}, {"territory": "A"}],
        clauses={"ROE-3": {"amount": "10000.00"}},
    )  # fmt: skip
    assert changes(before, after) == []


def test_every_setting_says_whom_it_touches():
    """A setting that a later release adds would touch nobody."""
    declared = set(RulebookDocument.model_fields) - OWN - {"custom_fields"}
    assert sorted(declared - TOUCHES.keys()) == []
    assert {number for touched in TOUCHES.values() for number in touched} <= set(fields_by_number())


@given(
    st.lists(st.sampled_from(["ROE-3", "ROE-7", "ROE-12", "ROE-14", "ROE-28"]), unique=True),
    st.lists(st.sampled_from(["ROE-3", "ROE-7", "ROE-12", "ROE-14", "ROE-28"]), unique=True),
)
def test_what_differs_differs_in_both_directions_and_nothing_from_itself(rulebook, off, other):
    first, second = (rulebook(clauses={number: {"in_force": False} for number in numbers}) for numbers in (off, other))
    assert {change.setting for change in changes(first, second)} == {f"{n}.in_force" for n in set(off) ^ set(other)}
    assert {change.setting for change in changes(first, second)} == {
        change.setting for change in changes(second, first)
    }
    assert changes(first, first) == []
