"""What partners ask beyond protection, and who answers: more time, special prices, another judge (ROE-13, ROE-33, ROE-29)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from dealreg.engagement.territory import ancestors
from dealreg.file import events as filed
from dealreg.file.conflict_events import AppealLodged
from dealreg.file.evolve import FILE
from dealreg.file.state import HOLDING
from dealreg.pricing import events as prices
from dealreg.pricing.commands import DecideSpecialPrice, RequestSpecialPrice
from dealreg.pricing.events import PriceDecision
from dealreg.registration import commands as asks
from dealreg.registration import events as said
from dealreg.registration.appeal_commands import AppealDecision, RuleOnAppeal
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.people import DESK, manager
from dealreg.service.simulating.stage import Stage
from dealreg.vocabulary.fact import Actor, Command, Event, Request, Role
from dealreg.vocabulary.ids import file_stream

EXTENDED, PRICED, APPEALED = 0.3, 0.12, 0.06
"""Of approved lines those whose partner asks for more time if it still runs then, and for a price; of declined ones those appealed."""

GRANTED, REVERSED = 0.7, 0.25
ANSWERS = {PriceDecision.APPROVE: 0.8, PriceDecision.REJECT: 0.2}


class Pursuing:
    """Partners and those who answer them."""

    def __init__(self, stage: Stage) -> None:
        """They hear of facts by ``heard`` and put down what they will ask."""
        self._stage = stage
        self._chance = Chance(stage.plan.seed, "pursuing")
        self._hears: dict[type[Event], Callable[[Any, datetime], None]] = {
            filed.LineApproved: self._approved,
            filed.ClaimDeclined: self._declined,
            said.ExtensionRequested: self._extension,
            AppealLodged: self._appealed,
            prices.SpecialPriceRequested: self._price,
            prices.SpecialPriceLevelDecided: self._price,
        }

    def heard(self, fact: Recorded, at: datetime) -> None:
        """Something was recorded."""
        hears = self._hears.get(type(fact.event))
        if hears is not None:
            hears(fact.event, at)

    def _later(self, at: datetime, low: float, high: float, act: Callable[[datetime], Request | None]) -> None:
        self._stage.agenda.put(self._stage.in_hours(at + self._chance.days(low, high), self._chance), act)

    def _asks(self, actor: Actor, command: Command) -> Callable[[datetime], Request]:
        return lambda at: self._stage.pen.request(at, actor, command)

    def _approved(self, event: filed.LineApproved, at: datetime) -> None:
        seller = self._stage.deals[event.registration].seller
        ends = next((leg.window_to for leg in event.legs if leg.partner == seller.key), None)
        if ends is not None and self._chance.happens(EXTENDED):
            self._later(ends, -12, -3, lambda then: self._more_time(then, event))
        if self._chance.happens(PRICED):
            self._later(at, 3, 20, lambda then: self._a_price(then, event))

    def _runs(self, event: filed.LineApproved) -> bool:
        """Whether the seller's leg still holds."""
        file = self._stage.states.state(FILE, file_stream(self._stage.plan.program, event.customer))
        claim = file.claims.get((event.registration, event.line))
        seller = self._stage.deals[event.registration].seller.key
        return claim is not None and any(leg.partner == seller and leg.state in HOLDING for leg in claim.legs)

    def _more_time(self, at: datetime, event: filed.LineApproved) -> Request | None:
        seller = self._stage.deals[event.registration].seller
        command = asks.AskExtension(registration=event.registration, partner=seller.key, lines=(event.line,))
        return self._asks(seller.actor, command)(at) if self._runs(event) else None

    def _extension(self, event: said.ExtensionRequested, at: datetime) -> None:
        command = asks.DecideExtension(
            registration=event.registration,
            partner=event.partner,
            lines=event.lines,
            grant=self._chance.happens(GRANTED),
            reason="what was shown of the project was looked at",
        )
        self._later(at, 0.2, 2.2, self._asks(self._manager(event.registration), command))

    def _manager(self, registration: object) -> Actor:
        home = self._stage.deals[registration].scope.territory  # type: ignore[index]  # the id of a registration that was filed here
        above = ancestors(self._stage.plan.rules, home)
        return manager(above[0] if above else home)

    def _a_price(self, at: datetime, event: filed.LineApproved) -> Request | None:
        if not self._runs(event):
            return None
        deal = self._stage.deals[event.registration]
        command = RequestSpecialPrice(
            registration=event.registration,
            partner=deal.seller.key,
            line=event.line,
            discount=Decimal(self._chance.whole(3, 34)) / 100,
            size=deal.value,
            competitor="another brand" if self._chance.happens(0.5) else None,
        )
        return self._asks(deal.seller.actor, command)(at)

    def _price(self, event: prices.SpecialPriceRequested | prices.SpecialPriceLevelDecided, at: datetime) -> None:
        """The level whose turn it is answers within its business hours."""
        asked = isinstance(event, prices.SpecialPriceRequested)
        levels = event.levels if isinstance(event, prices.SpecialPriceRequested) else event.levels_left
        if not levels:
            return
        level = levels[0]
        role = Role.CHANNEL_MANAGER if level in {"channel_manager", "regional_director"} else Role.DEAL_DESK
        root = next(node for node, above in self._stage.plan.rules.above.items() if above is None)
        region = root if role is Role.CHANNEL_MANAGER else None
        held = None if level == role.value else level
        who = Actor(role=role, subject=f"{level}-price", region=region, level=held)
        command = DecideSpecialPrice(
            special_price=event.special_price,
            decision=self._chance.weighted(ANSWERS),
            reason="by what was shown" if asked else "as the level before",
        )
        self._later(at, 0.1, 0.9, self._asks(who, command))

    def _declined(self, event: filed.ClaimDeclined, at: datetime) -> None:
        if event.appeal_to is None or not self._chance.happens(APPEALED):
            return
        seller = self._stage.deals[event.registration].seller
        command = AppealDecision(
            registration=event.registration, line=event.line, partner=seller.key, reason="the project is ours"
        )
        self._later(at, 0.5, 8, self._asks(seller.actor, command))

    def _appealed(self, event: AppealLodged, at: datetime) -> None:
        command = RuleOnAppeal(
            registration=event.registration,
            line=event.line,
            reverse=self._chance.happens(REVERSED),
            reason="looked at anew",
        )
        self._later(at, 1, 4, self._asks(DESK[3], command))
