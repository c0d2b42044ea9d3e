"""Who meets which customer with what: the demand of an invented program.

What the shares are tuned to is published: 13 conflicts among 300 registrations of a week (4.3 %) and 74 % approved, Dell PartnerDirect
in 2008 (channelinsider.com); in 2014 more than a quarter rejected. All else is invented and says so.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from dealreg.partner.events import PartnerStandingChanged
from dealreg.registration.commands import FileRegistration, ProofGiven
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.service.ledger.recorded import PersonalRow, Recorded
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.customers import Buyer, buyers
from dealreg.service.simulating.parties import Parties, Party
from dealreg.service.simulating.plan import Plan
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Digest, Money, Scope, Standing, Tier, Track

RIVALS = 0.070
"""Registrations that go for a line that somebody else went for lately; some come after it ended, so fewer meet."""

INELIGIBLE, TOO_SMALL, INCOMPLETE = 0.065, 0.10, 0.14
CURRENCIES = {"EUR": 0.86, "USD": 0.08, "GBP": 0.03, "CHF": 0.03}
LATELY = timedelta(days=25)
BUSY = timedelta(days=120)
"""A line that somebody went for is left alone so long by all but rivals."""


@dataclass(frozen=True, slots=True)
class Deal:
    """A registration as those who file it see it. ``through_crm``: it is told by their opportunity's messages."""

    number: int
    seller: Party
    distributor: PartnerId | None
    buyer: Buyer
    lines: tuple[str, ...]
    scope: Scope
    value: Money
    close_on: date
    through_crm: bool
    lacks: str | None
    proof: ProofGiven | None

    @property
    def record(self) -> str:
        """The record of the CRM that tells of it."""
        return f"opportunity-{self.number:07d}"


class Market:
    """Draws deals one after another."""

    def __init__(self, plan: Plan, parties: Parties) -> None:
        """``parties`` that sell."""
        self.personal: dict[str, PersonalRow] = {}
        self.out: set[PartnerId] = set()
        self._plan, self._parties = plan, parties
        self._chance = Chance(plan.seed, "deals")
        self.buyers = buyers(plan, parties.homes)
        self._at_home = {home: [one for one in self.buyers if one.home == home] for home in parties.homes}
        self._lately: deque[tuple[datetime, Deal]] = deque()
        self._busy: dict[tuple[int, str], datetime] = {}
        self._drawn = 0

    def heard(self, fact: Recorded, at: datetime) -> None:  # noqa: ARG002 - every listener is told when
        """Who is on hold, suspended or terminated is known to its own people: it files no more, and nobody goes through it."""
        if isinstance(fact.event, PartnerStandingChanged):
            change = self.out.discard if fact.event.standing is Standing.GOOD else self.out.add
            change(fact.event.partner)

    def deal(self, at: datetime, rival: Deal | None = None) -> Deal | None:
        """The next one; ``rival`` names whose line it goes for. Nothing where nobody could file it."""
        self._drawn += 1
        chance = self._chance
        while self._lately and self._lately[0][0] < at - LATELY:
            self._lately.popleft()
        if rival is None and self._lately and chance.happens(RIVALS):
            rival = chance.one(self._lately)[1]
        made = self._against(rival, at) if rival is not None else self._fresh(at)
        if made is not None:
            self._lately.append((at, made))
            self._busy.update({(made.buyer.number, line): at + BUSY for line in made.lines})
        return made

    def _fresh(self, at: datetime) -> Deal | None:
        chance = self._chance
        seller = chance.one([party for party in self._parties.sellers if self._files(party)])
        names = [line for line in seller.lines if self._may(seller, line)]
        for _ in range(8):
            buyer = chance.one(self._at_home[seller.home] or self.buyers)
            free = [line for line in names if self._busy.get((buyer.number, line), at) <= at]
            if free:
                lines = tuple(dict.fromkeys(chance.one(free) for _ in range(chance.weighted({1: 7, 2: 2, 3: 1}))))
                return self._made(at, seller, buyer, lines, self._scope(seller, buyer))
        return None

    def _against(self, rival: Deal, at: datetime) -> Deal | None:
        """Another partner of the same home, for one of the same lines of the same customer."""
        others = [
            party
            for party in self._parties.of_home(rival.seller.home)
            if party.key not in {rival.seller.key, rival.distributor, *self.out}
            and any(self._may(party, x) for x in rival.lines)
        ]
        if not others:
            return None
        seller = self._chance.one(others)
        lines = tuple(line for line in rival.lines if self._may(seller, line))
        made = self._made(at, seller, rival.buyer, lines, rival.scope)
        return replace(made, lacks=None) if self._chance.happens(0.8) else made

    def _made(self, at: datetime, seller: Party, buyer: Buyer, lines: tuple[str, ...], scope: Scope) -> Deal:
        chance = self._chance
        lacks = chance.weighted({"": 1 - INCOMPLETE, "value": INCOMPLETE / 3, "contact": INCOMPLETE * 2 / 3}) or None
        day = at.astimezone(self._plan.rules.zone).date()
        return Deal(
            number=self._drawn,
            seller=seller,
            distributor=self._through(seller),
            buyer=buyer,
            lines=self._strayed(seller, lines),
            scope=scope,
            value=self._value(),
            close_on=day + timedelta(days=chance.whole(20, 160)),
            through_crm=chance.happens(0.3),
            lacks=lacks,
            proof=self._proof(day) if chance.happens(0.25) else None,
        )

    def _files(self, party: Party) -> bool:
        """Whether it may claim at all now, and somebody that it buys from too."""
        return party.key not in self.out and (not party.parents or not self.out.issuperset(party.parents))

    def _through(self, seller: Party) -> PartnerId | None:
        """The distributor that a dealer names: one in good standing where it has one."""
        if seller.leg is not Tier.DEALER or not seller.parents:
            return None
        return self._chance.one([key for key in seller.parents if key not in self.out] or seller.parents)

    def _strayed(self, seller: Party, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Now and then a partner goes for what it is not authorised for (ROE-1)."""
        strange = [line.line for line in self._plan.rules.product_lines if not self._may(seller, line.line)]
        return (self._chance.one(strange),) if strange and self._chance.happens(INELIGIBLE) else lines

    def _may(self, party: Party, line: str) -> bool:
        known = self._plan.rules.product_line(line)
        asked = known.specialisation if known is not None else None
        track = self._plan.rules.track(party.track)
        narrow = track.lines if track is not None else ()
        return line in party.lines and asked in {None, *party.specialisations} and (not narrow or line in narrow)

    def _scope(self, seller: Party, buyer: Buyer) -> Scope:
        """The customer's territory, or named sites of it; sometimes all that the partner is authorised for."""
        if seller.track is Track.OEM:
            return Scope(territory=seller.home, sites=(f"programme-{buyer.number}",))
        if buyer.sites and self._chance.happens(0.5):
            return Scope(territory=seller.home, sites=self._chance.some(buyer.sites, 0.5) or buyer.sites[:1])
        return Scope(territory=seller.territories[0] if self._chance.happens(0.3) else seller.home)

    def _value(self) -> Money:
        """Half of them below 42,000; the limits of ROE-3 and ROE-30 are met on both sides."""
        chance = self._chance
        small = chance.happens(TOO_SMALL)
        amount = chance.whole(2_000, 8_000) if small else max(14_000, round(chance.about(42_000, 0.9) / 100) * 100)
        return Money(amount=Decimal(amount), currency=chance.weighted(CURRENCIES))

    def _proof(self, day: date) -> ProofGiven:
        kind = self._chance.one(("proposal", "quote", "site_visit", "customer_letter"))
        return ProofGiven(kind=kind, dated_on=day - timedelta(days=self._chance.whole(1, 60)), digest=self._digest())

    def _digest(self) -> Digest:
        return "".join(self._chance.one("0123456789abcdef") for _ in range(64))


def legs_of(deal: Deal) -> tuple[RequestedLeg, ...]:
    """Who is to be protected at which tier."""
    own = RequestedLeg(tier=deal.seller.leg or Tier.DEALER, partner=deal.seller.key)
    if deal.distributor is None:
        return (own,)
    return (RequestedLeg(tier=Tier.DISTRIBUTOR, partner=deal.distributor), own)


def filing(deal: Deal, market: Market, chance: Chance) -> FileRegistration:
    """The request for protection; what it ``lacks`` is left out."""
    contact, row = deal.buyer.contact()
    market.personal[row.ref] = row
    return FileRegistration(
        filed_by=deal.seller.key,
        customer=deal.buyer.named(chance),
        lines=tuple(RequestedLine(line=line, scope=deal.scope, legs=legs_of(deal)) for line in deal.lines),
        value=None if deal.lacks == "value" else deal.value,
        close_on=deal.close_on,
        contact=None if deal.lacks == "contact" else contact,
        evidence=(deal.proof,) if deal.proof is not None else (),
    )
