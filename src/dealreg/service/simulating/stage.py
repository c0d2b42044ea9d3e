"""What everybody who takes part in a simulation shares: the plan, the calendar, the partners, the deals."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from dealreg.engagement.business import business_day
from dealreg.service.scenario.memory import MemoryStates
from dealreg.service.simulating.agenda import Agenda
from dealreg.service.simulating.chance import Chance
from dealreg.service.simulating.market import Deal, Market
from dealreg.service.simulating.parties import Parties
from dealreg.service.simulating.people import Pen
from dealreg.service.simulating.plan import Plan

OPENS, CLOSES = 8, 18
"""People ask between these hours of the program's zone."""


@dataclass
class Stage:
    """Shared by all; ``deals`` by registration."""

    plan: Plan
    parties: Parties
    market: Market
    agenda: Agenda
    pen: Pen
    states: MemoryStates
    deals: dict[UUID, Deal] = field(default_factory=dict)

    def in_hours(self, at: datetime, chance: Chance) -> datetime:
        """The next instant at which people work, not before ``at``."""
        zone, rules = self.plan.rules.zone, self.plan.rules
        local = at.astimezone(zone)
        while not business_day(local.date(), rules) or local.hour >= CLOSES:
            local = (local + timedelta(days=1)).replace(hour=OPENS, minute=chance.whole(0, 59))
        if local.hour < OPENS:
            local = local.replace(hour=OPENS, minute=chance.whole(0, 59))
        return max(at, local)
