"""A program from its first day to its last: everything that is asked, decided by the real core at simulated instants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dealreg.process import deciding
from dealreg.service.composition import build
from dealreg.service.ledger.sitting import Core
from dealreg.service.scenario.memory import Came, MemoryLedger
from dealreg.service.simulating.agenda import Agenda
from dealreg.service.simulating.clockwork import Clockwork
from dealreg.service.simulating.deciding import Deciding
from dealreg.service.simulating.market import Market
from dealreg.service.simulating.parties import Parties
from dealreg.service.simulating.people import Pen
from dealreg.service.simulating.plan import Plan
from dealreg.service.simulating.pursuing import Pursuing
from dealreg.service.simulating.selling import Selling
from dealreg.service.simulating.stage import Stage
from dealreg.service.simulating.yearly import Yearly
from dealreg.vocabulary.fact import Request


@dataclass(frozen=True, slots=True)
class Step:
    """One asking: when, what, and what came of it."""

    at: datetime
    came: Came


class Simulation:
    """One invented program on its way; ``market.personal`` holds the names that its facts refer to."""

    def __init__(self, plan: Plan) -> None:
        """Nothing is asked before ``steps`` is read."""
        self.plan = plan
        self.ledger = MemoryLedger(
            Core(deciding.decide, deciding.home, deciding.home_kind, build()), deciding.AGGREGATES, searches=False
        )
        parties = Parties(plan)
        self.market = Market(plan, parties)
        stage = Stage(plan, parties, self.market, Agenda(), Pen(plan.program), self.ledger.states)
        self._agenda = stage.agenda
        selling = Selling(stage)
        self._listeners = (self.market, selling, Pursuing(stage), Deciding(stage), Clockwork(stage))
        self._yearly = Yearly(stage, selling)

    def steps(self) -> Iterator[Step]:
        """Ask everything in order. Raises what the core raises when it is no answer: a bug."""
        for request in self._yearly.opening():
            yield self._ask(request, self.plan.begins)
        self._yearly.put_down()
        while (turn := self._agenda.next(self.plan.ends)) is not None:
            at, act = turn
            asked = act(at)
            if asked is not None:
                yield self._ask(asked, at)

    def _ask(self, request: Request, at: datetime) -> Step:
        came = self.ledger.ask(request, at)
        for fact in came.facts:
            for listener in self._listeners:
                listener.heard(fact, at)
        return Step(at, came)
