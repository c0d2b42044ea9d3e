"""What happens in a program by the calendar: registrations arrive, partners rise and fall, a version is published each year."""

from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate

from dealreg.engagement.business import business_day
from dealreg.engagement.windows import ONE_DAY, first_instant, local_day
from dealreg.partner.commands import ChangeStanding, ChangeTier, NameParents
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.market import Deal
from dealreg.service.simulating.parties import Party
from dealreg.service.simulating.people import DESK
from dealreg.service.simulating.selling import Selling
from dealreg.service.simulating.stage import CLOSES, OPENS, Stage
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.values import PartnerTier, Standing, Tier, Track

LAST_WEEK = 5.0
"""A day of a quarter's last week brings so many times an ordinary one's (design, performance 1.4)."""

WEEKEND = 0.05
TWINS = 0.003
"""Registrations that somebody else files for the same line in the very same second (ROE-6)."""

CHANGES = {"rises": 0.08, "hold": 0.05, "suspended": 0.02, "terminated": 0.01, "moves": 0.03}
"""Of a hundred partners so many a year."""


class Yearly:
    """Puts the calendar's things down before anything happens."""

    def __init__(self, stage: Stage, selling: Selling) -> None:
        """``selling`` files what arrives."""
        self._stage, self._selling = stage, selling
        self._chance = Chance(stage.plan.seed, "calendar")

    def opening(self) -> Iterator[Request]:
        """The first version of the rulebook, and every partner."""
        plan, pen = self._stage.plan, self._stage.pen
        yield pen.request(plan.begins, DESK[0], PublishRulebook(document=plan.rules))
        for party in self._stage.parties.all:
            command, row = self._stage.parties.enrolment(party)
            self._stage.market.personal[row.ref] = row
            yield pen.request(plan.begins, DESK[0], command)

    def put_down(self) -> None:
        """All that comes by the calendar."""
        for at in self._arrivals():
            self._stage.agenda.put(at, self._arrives)
        for place, start in enumerate(self._stage.plan.years):
            if place:
                self._stage.agenda.put(start - timedelta(days=40), self._published(start, place))
            for party in self._stage.parties.all:
                self._change(party, start)

    def _arrivals(self) -> list[datetime]:
        plan = self._stage.plan
        zone, rules = plan.rules.zone, plan.rules
        day, last = local_day(plan.begins, zone), local_day(plan.ends, zone)
        days, weights = [], []
        while day < last:
            late = (day + timedelta(days=7)).month != day.month and day.month % 3 == 0
            days.append(day)
            weights.append((LAST_WEEK if late else 1.0) * (1.0 if business_day(day, rules) else WEEKEND))
            day += ONE_DAY
        summed = list(accumulate(weights))
        found = []
        for _ in range(plan.registrations):
            drawn = days[min(bisect(summed, self._chance.fraction() * summed[-1]), len(days) - 1)]
            hour = self._chance.whole(OPENS * 3600, CLOSES * 3600)
            found.append(first_instant(drawn, zone) + timedelta(seconds=hour))
        return sorted(found)

    def _arrives(self, at: datetime) -> Request | None:
        deal = self._stage.market.deal(at)
        if deal is None:
            return None
        if self._chance.happens(TWINS):
            self._stage.agenda.put(at, lambda then: self._twin(then, deal))
        return self._selling.file(at, deal)

    def _twin(self, at: datetime, deal: Deal) -> Request | None:
        twin = self._stage.market.deal(at, deal)
        return self._selling.file(at, twin) if twin is not None else None

    def _change(self, party: Party, start: datetime) -> None:
        for change, share in CHANGES.items():
            if self._chance.happens(share):
                at = self._stage.in_hours(start + self._chance.days(5, 340), self._chance)
                for later, command in self._commands(party, change):
                    self._stage.agenda.put(at + later, self._asks(command))

    def _asks(self, command: Command) -> Callable[[datetime], Request]:
        return lambda at: self._stage.pen.request(at, self._chance.one(DESK), command)

    def _commands(self, party: Party, change: str) -> list[tuple[timedelta, Command]]:
        """What the desk says of a partner, and what it says after that."""
        now, key = timedelta(), party.key
        if change == "rises":
            tier = PartnerTier.ELITE if party.tier is PartnerTier.PREMIER else PartnerTier.PREMIER
            return [(now, ChangeTier(partner=key, tier=tier))] if party.tier is not PartnerTier.MASTER else []
        if change == "moves":
            return [(now, moved) for moved in self._moves(party)]
        if change == "terminated" and party.leg is not Tier.DEALER:
            return []
        told: list[tuple[timedelta, Command]] = [(now, ChangeStanding(partner=key, standing=Standing(change)))]
        if change != "terminated":
            back = self._chance.days(8, 50)
            told.append((back, ChangeStanding(partner=key, standing=Standing.GOOD)))
        return told if party.tier is not PartnerTier.MASTER else []

    def _moves(self, party: Party) -> list[Command]:
        """A dealer takes another distributor of its home beside the one it has."""
        there = self._stage.parties.of_home(party.home, Tier.DISTRIBUTOR)
        others = [one.key for one in there if one.track is Track.DISTRIBUTOR and one.key not in party.parents]
        if party.leg is not Tier.DEALER or not others:
            return []
        return [NameParents(partner=party.key, parents=(*party.parents[:1], self._chance.one(others)))]

    def _published(self, start: datetime, place: int) -> Callable[[datetime], Request]:
        """Next year's version, published before its day; it differs in its least value only."""
        rules = self._stage.plan.rules
        least = rules.clauses.minimum
        raised = least.model_copy(update={"amount": least.amount + 1000 * place})
        document = rules.model_copy(
            update={
                "version": f"{rules.version}+{place}",
                "force_from": start,
                "clauses": rules.clauses.model_copy(update={"minimum": raised}),
            }
        )
        return self._asks(PublishRulebook(document=document))
