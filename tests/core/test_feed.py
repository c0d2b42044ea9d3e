"""A gap of a feed: what it holds, until when, and when what it held takes effect (ROE-22, architecture D17)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dealreg.account.events import AccountAwaited
from dealreg.feed.commands import ReconcileFeed, ReportFeedGap
from dealreg.feed.events import FeedGapReported, FeedReconciled
from dealreg.feed.state import FEED, MOST_HOLDS, Feed
from dealreg.process.deciding import decide, home
from dealreg.vocabulary.fact import Actor, Held, Request, Role
from dealreg.vocabulary.ids import ProgramId, feed_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Unknown
from dealreg.vocabulary.situation import Situation

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STREAM = feed_stream("acme", "crm")
MILLISECOND = timedelta(milliseconds=1)


def hours(number):
    return NOON + timedelta(hours=number)


class Told:
    """A feed that is asked one thing after another."""

    def __init__(self):
        self.state, self.version = Feed(), 0

    def ask(self, command, at, role=Role.CRM, name="1"):
        request = Request(id=name, program=ProgramId("acme"), actor=Actor(role=role, subject="s"), command=command)
        assert home(request) == STREAM
        situation = Situation("acme", at, {STREAM: Held(self.version, self.state, {})})
        answer = decide(request, situation)
        self.state, self.version = situation.states()[STREAM], self.version + len(situation.facts)
        return answer, situation.facts

    def gap(self, since, at=None, **more):
        answer, facts = self.ask(
            ReportFeedGap(source="crm", since=since, why="x", **more), at or since, name=f"{since}{more}"
        )
        return UUID(answer["gap"]), facts[0].event

    def close(self, gap, at, **more):
        return self.ask(ReconcileFeed(source="crm", gap=gap, reason="read", **more), at)


def test_a_gap_holds_what_is_due_after_it_began_and_nothing_before():
    told = Told()
    told.gap(hours(2))
    assert told.state.held_from == hours(2)
    assert told.state.falls(hours(1)) == hours(1)
    assert told.state.falls(hours(2)) == hours(2)
    assert told.state.falls(hours(2) + MILLISECOND) is None


def test_what_a_gap_held_takes_effect_when_it_is_closed_and_not_earlier():
    told = Told()
    gap, _ = told.gap(hours(2))
    answer, facts = told.close(gap, hours(9), records=7)
    assert answer == {"source": "crm", "gap": str(gap), "did": "reconciled", "held_from": None}
    assert (facts[0].event.records, facts[0].event.since, facts[0].event.reconciled_by) == (7, hours(2), "s")
    assert told.state.held_from is None
    assert told.state.falls(hours(2)) == hours(2)
    assert told.state.falls(hours(2) + MILLISECOND) == hours(9)
    assert told.state.falls(hours(9)) == hours(9)
    assert told.state.falls(hours(9) + MILLISECOND) == hours(9) + MILLISECOND


def test_of_two_gaps_the_one_that_is_closed_last_says_when():
    told = Told()
    first, _ = told.gap(hours(1), entity="opportunity")
    second, _ = told.gap(hours(5), entity="account")
    answer, _ = told.close(first, hours(6))
    assert answer["held_from"] == hours(5).isoformat()
    assert told.state.falls(hours(3)) == hours(6)
    assert told.state.falls(hours(6)) is None
    told.close(second, hours(10))
    assert told.state.falls(hours(6)) == hours(10)
    assert told.state.falls(hours(3)) == hours(6)


def test_a_source_whose_clock_is_ahead_holds_from_now_on():
    _, event = Told().gap(hours(5), at=hours(1))
    assert (event.since, event.reported_at) == (hours(1), hours(1))


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.CRM, Role.DEAL_DESK}])
def test_only_a_feed_and_the_desk_speak_of_gaps(role):
    told = Told()
    gap, _ = told.gap(hours(1))
    for command in (ReportFeedGap(source="crm", since=NOON, why="x"), ReconcileFeed(source="crm", gap=gap, reason="x")):
        with pytest.raises(NotAllowed):
            told.ask(command, hours(2), role=role)


def test_a_gap_is_closed_once_and_only_one_that_there_is():
    told = Told()
    gap, _ = told.gap(hours(1))
    with pytest.raises(Unknown):
        told.close(UUID(int=1), hours(2))
    told.close(gap, hours(2))
    with pytest.raises(Closed) as closed:
        told.close(gap, hours(3))
    assert closed.value.clause == "ROE-22"


def test_old_gaps_are_forgotten_and_the_newest_are_not():
    told = Told()
    for number in range(MOST_HOLDS + 1):
        gap, _ = told.gap(hours(10 * number))
        told.close(gap, hours(10 * number + 5))
    assert len(told.state.holds) == MOST_HOLDS
    assert told.state.falls(hours(3)) == hours(3)
    assert told.state.falls(hours(13)) == hours(15)


def test_facts_of_others_change_nothing():
    state = FEED.evolve(
        Feed(), FeedGapReported(source="crm", gap=UUID(int=1), since=NOON, why="x", reported_by="s", reported_at=NOON)
    )
    event = AccountAwaited(account=UUID(int=2), source="crm", record="1", awaited_by="2")
    assert FEED.evolve(state, event) is state
    assert FeedReconciled.AGGREGATE == FeedGapReported.AGGREGATE == FEED.name
