"""What the manufacturer's people do: review, rule, depart from the rules, say how partners stand, publish."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.conflict import events as disputes
from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.events import Ruling
from dealreg.conflict.state import CONFLICT
from dealreg.engagement.territory import ancestors
from dealreg.file import events as filed
from dealreg.override import events as departures
from dealreg.override.commands import ApproveOverride, ProposeOverride, RevokeOverride
from dealreg.override.events import Ground, OverrideVerb
from dealreg.registration import commands as asks
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.people import DESK, manager
from dealreg.service.simulating.stage import Stage
from dealreg.vocabulary.fact import Actor, Command, Event, Request
from dealreg.vocabulary.ids import StreamId

REVIEWS = {"approve": 0.78, "decline": 0.14, "return": 0.08}
DEPARTS = 0.10
"""Rulings in which the desk leaves the proposal, for a reason."""

OVERRIDES = 0.006
"""Approved lines that the manufacturer later departs from the rules on."""

VERBS = {OverrideVerb.SUSPEND: 0.6, OverrideVerb.ADMIT: 0.25, OverrideVerb.REASSIGN: 0.15}


class Deciding:
    """The channel managers and the deal desk."""

    def __init__(self, stage: Stage) -> None:
        """They hear of facts by ``heard`` and put down what they will ask."""
        self._stage = stage
        self._chance = Chance(stage.plan.seed, "deciding")
        self._under_review: set[UUID] = set()
        self._hears: dict[type[Event], Callable[[Any, datetime], None]] = {
            filed.ClaimHeldForReview: self._review,
            filed.WinHeldForReview: self._review,
            disputes.RulingProposed: self._proposed,
            filed.LineApproved: self._may_depart,
            departures.OverrideProposed: self._second,
        }

    def heard(self, fact: Recorded, at: datetime) -> None:
        """Something was recorded."""
        hears = self._hears.get(type(fact.event))
        if hears is not None:
            hears(fact.event, at)

    def _later(self, at: datetime, low: float, high: float, act: Callable[[datetime], Request | None]) -> None:
        self._stage.agenda.put(self._stage.in_hours(at + self._chance.days(low, high), self._chance), act)

    def _asks(self, actor: Actor, command: Command, reason: str | None = None) -> Callable[[datetime], Request]:
        return lambda at: self._stage.pen.request(at, actor, command, reason)

    def _review(self, event: filed.ClaimHeldForReview | filed.WinHeldForReview, at: datetime) -> None:
        """One decision for all lines of a registration that wait together."""
        if event.registration in self._under_review:
            return
        self._under_review.add(event.registration)
        self._later(at, 0.1, 2.2, lambda then: self._reviewed(then, event.registration))

    def _reviewed(self, at: datetime, registration: UUID) -> Request:
        self._under_review.discard(registration)
        home = self._stage.deals[registration].scope.territory
        above = ancestors(self._stage.plan.rules, home)
        who = manager(above[0] if above else home)
        decision = self._chance.weighted(REVIEWS)
        command: Command = asks.ApproveRegistration(registration=registration)
        if decision == "decline":
            reason = "the customer has no project of that size"
            command = asks.DeclineRegistration(registration=registration, clause="ROE-30", reason=reason)
        elif decision == "return":
            command = asks.ReturnRegistration(registration=registration, reason="say when the order is expected")
            # Whether it comes back or is closed, somebody looks again.
            self._later(at, 9, 11, lambda then: self._reviewed(then, registration))
        return self._stage.pen.request(at, who, command)

    def _proposed(self, event: disputes.RulingProposed, at: datetime) -> None:
        """Where the rulebook does not rule by itself the desk does, within its five business days."""
        self._later(at, 0.5, 4.5, lambda then: self._rule(then, event.conflict))

    def _rule(self, at: datetime, conflict: UUID) -> Request | None:
        state = self._stage.states.state(CONFLICT, StreamId(conflict))
        proposal = state.proposal
        if not state.open or proposal is None or len(state.parties) < 2:  # noqa: PLR2004 - a dispute has two sides
            return None
        ruling, awarded, reason = proposal.ruling, proposal.awarded, "as the rulebook proposes"
        if self._chance.happens(DEPARTS):
            upheld = ruling is Ruling.UPHOLD_INCUMBENT
            ruling = Ruling.AWARD_CHALLENGER if upheld else Ruling.UPHOLD_INCUMBENT
            awarded = state.parties[1 if upheld else 0].registration
            reason = "the customer wrote that it wants to buy from them"
        if ruling not in {Ruling.UPHOLD_INCUMBENT, Ruling.AWARD_CHALLENGER}:
            ruling, awarded = Ruling.UPHOLD_INCUMBENT, state.parties[0].registration
        command = RuleOnConflict(conflict=conflict, ruling=ruling, awarded=awarded, reason=reason)
        return self._stage.pen.request(at, self._chance.one(DESK), command)

    def _may_depart(self, event: filed.LineApproved, at: datetime) -> None:
        if self._chance.happens(OVERRIDES):
            self._later(at, 2, 40, lambda then: self._propose(then, event))

    def _propose(self, at: datetime, event: filed.LineApproved) -> Request:
        deal = self._stage.deals[event.registration]
        verb = self._chance.weighted(VERBS)
        others = [one for one in self._stage.parties.of_home(deal.seller.home) if one.key != deal.seller.key]
        partners = (self._chance.one(others).key,) if others and verb is not OverrideVerb.SUSPEND else ()
        command = ProposeOverride(
            verb=verb if partners else OverrideVerb.SUSPEND,
            ground=self._chance.one(list(Ground)),
            reason="the account is negotiated with headquarters",
            customer=event.customer,
            line=event.line,
            scope=deal.scope,
            partners=partners,
            override_to=at + timedelta(days=self._chance.whole(10, 60)),
        )
        return self._stage.pen.request(at, DESK[0], command)

    def _second(self, event: departures.OverrideProposed, at: datetime) -> None:
        """Two others approve; every eighth is taken back before its date."""
        approval = ApproveOverride(override=event.override)
        self._later(at, 0.1, 1.5, self._asks(DESK[1], approval))
        self._later(at, 0.1, 2.5, self._asks(DESK[2], approval))
        if self._chance.happens(0.12):
            revoked = RevokeOverride(override=event.override, reason="settled with the customer")
            self._later(at, 4, 9, self._asks(DESK[3], revoked))
