"""What a process is made of, built from its settings: here the core meets the ledger, the read models and the keys.

Everything is opened at its first use, so a process starts before its database is there, says so in its readiness, and goes on once
it is.
"""

import gc
import importlib.metadata
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Self
from uuid import UUID

from dealreg.matching.comparing import Verdict
from dealreg.matching.profile import Profile
from dealreg.process import deciding
from dealreg.service.identity.candidates import CandidateFound, Candidates
from dealreg.service.ledger.cache import States
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.dispatcher import Dispatcher
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.sitting import Search
from dealreg.service.projecting.asking import Reading
from dealreg.service.replay import Replay
from dealreg.service.sealing.acknowledging import Acknowledged, Acknowledging
from dealreg.service.sealing.waiting import Seals
from dealreg.service.settings import Role, Settings
from dealreg.service.tokens import Verifier, verifier
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import StreamId

SELDOM = 500
"""How many middle collections go before a full one; Python's own 10 let a full one stop everybody for 0.2 s every few hundred commands.

A full one looks at every state that is kept, and states are frozen and without cycles: it finds next to nothing there.
"""


def build() -> str:
    """The name of this program in every fact that it records."""
    return f"dealreg-{importlib.metadata.version('dealreg')}"


def searching(ledger: Ledger) -> Search:
    """Finds customers that a description may mean, by the tables that ``project`` keeps (ROE-24). Raises ``Unavailable``."""
    candidates = Candidates(ledger)

    def search(profiles: Sequence[Profile]) -> list[tuple[UUID, ...]]:
        return [tuple(alike(candidates.near(profile))) for profile in profiles]

    return search


def alike(found: Sequence[CandidateFound]) -> list[UUID]:
    """Those that a comparison does not call different: the core compares them again, with what their own facts say."""
    return [one.customer for one in found if one.comparison.verdict is not Verdict.DIFFERENT]


def dispatch(ledger: Ledger) -> Dispatch:
    """Decides with this build's core on a ledger."""
    return Dispatch(
        ledger,
        decide=deciding.decide,
        home=deciding.home,
        home_kind=deciding.home_kind,
        aggregates=deciding.AGGREGATES,
        build=build(),
        search=searching(ledger),
    )


class House:
    """The parts of one process. Threads share it; leave it by ``close`` or as a context."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before its first use."""
        gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
        self.settings = settings
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give every connection back."""
        self._opened.close()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger as the role that decides."""
        return self._opened.enter_context(Ledger(self.settings.database_url(Role.APP)))

    @cached_property
    def audited(self) -> Ledger:
        """The ledger as the role that folds for auditors; it can append nothing but facts of audit."""
        url = self.settings.database_url(Role.AUDITOR)
        return self._opened.enter_context(Ledger(url, role="dealreg_auditor", pool_size=4))

    @cached_property
    def dispatch(self) -> Dispatch:
        """Decides batches."""
        return dispatch(self.ledger)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """The queue of callers that ask one thing at a time."""
        return Dispatcher(self.dispatch)

    @cached_property
    def reading(self) -> Reading:
        """Questions to the read models, under row-level security."""
        return self._opened.enter_context(Reading(self.settings.database_url(Role.READER)))

    @cached_property
    def replay(self) -> Replay:
        """Folds for those who may read the ledger through us: the desk, managers of their region, auditors."""
        return Replay(self.audited)

    @cached_property
    def states(self) -> States:
        """Streams as they stand now, with the requests that each has answered."""
        return States(self.ledger, deciding.AGGREGATES, size=1000)

    def prepare(self) -> None:
        """Make what the threads of this process are to share, one each; it still opens nothing before its first use."""
        _ = (self.dispatcher, self.states, self.acknowledging)

    @cached_property
    def acknowledging(self) -> Acknowledging | None:
        """Who waits for the seal; nobody where the settings say so."""
        seconds = self.settings.seal_wait_seconds
        if not seconds:
            return None
        seals = Seals(self.settings.database_url(Role.APP), seconds)
        self._opened.callback(seals.close)
        return Acknowledging(self.ledger, seals, self.settings.sealed_at_once)

    def acknowledged(self, request: Request, decided: Decided) -> Acknowledged | None:
        """What to tell a caller of the seal over its decision, once it is there or was waited for in vain. Raises ``Unavailable``."""
        if self.acknowledging is None:
            return None
        return self.acknowledging.of(decided, lambda: self._answer_of(request))

    def _answer_of(self, request: Request) -> tuple[StreamId, int] | None:
        """The fact that carries the answer of a request."""
        home = deciding.home(request)
        held = self.states.see({home: deciding.home_kind(request)}).held.get(home)
        answer = held.answered.get((request.actor.caller, request.id)) if held is not None else None
        return (home, answer.version) if answer is not None else None

    def answered_before(self, request: Request) -> bool:
        """Whether a request of this caller with this id was decided already, whatever its content. Raises ``Unavailable``."""
        return self._answer_of(request) is not None

    @cached_property
    def verifier(self) -> Verifier:
        """Checks bearer tokens."""
        return verifier(self.settings)
