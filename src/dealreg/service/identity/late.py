"""Late discovery: customers that were no candidates of each other when they were decided on (ROE-24, architecture D13).

The tables of candidates lag behind the ledger, and two newcomers of one batch do not see each other there. So whatever names or describes
a customer is looked up once more when the tables have it; who is found is asked about by a command, and the core decides whether it is a
question at all. It never asks twice: what was asked, told apart or merged makes no fact.
"""

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from dealreg.customer.commands import QuestionIdentity
from dealreg.customer.state import CUSTOMER, Customer
from dealreg.matching.comparing import Verdict
from dealreg.process.compare_customers import known_as
from dealreg.service.identity.candidates import Candidates
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Decided
from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.projecting.binding import Row, open_row
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId, StreamId

LOOK_SECONDS = 1.0
"""The pause between two looks."""

BATCH = 200
"""Facts of customers that are looked through before the place is kept."""

NAMING = ("customer_opened", "customer_recognised", "customer_identified", "customer_split")
"""After these a customer is known by more than before."""

SEEKER = Actor(role=Role.CLOCK, subject="identity")

_BEGIN = "INSERT INTO identity.looked_through (position) VALUES (0) ON CONFLICT DO NOTHING"
_PLACE = """
SELECT l.position, f.position AS followed FROM identity.looked_through AS l CROSS JOIN identity.followed AS f
"""
_LOOK = """
SELECT position, originator_id::text AS stream, originator_version AS version, topic, state, recorded_at::text AS recorded_at
FROM ledger.events WHERE position > %(after)s AND position <= %(until)s AND topic = ANY (%(topics)s) ORDER BY position LIMIT %(limit)s
"""
_KEEP = (
    "UPDATE identity.looked_through SET position = %(position)s, at = clock_timestamp() WHERE position < %(position)s"
)

log = structlog.get_logger(__name__)


class Named(NamedTuple):
    """A customer that is known by more since a position of the ledger, and the program in which that was said."""

    customer: UUID
    program: str
    position: int


class LateQuestions:
    """Looks through customers and asks about those that are alike. Two may run: nothing is asked twice."""

    def __init__(self, dispatch: Dispatch, *, batch: int = BATCH) -> None:
        """``dispatch`` decides; its ledger is read."""
        self._dispatch, self._ledger = dispatch, dispatch.ledger
        self._candidates = Candidates(dispatch.ledger)
        self._batch = batch
        self._topics = [name for name in stored_names().names if name.rpartition(".v")[0] in NAMING]

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop``; a database that is away is waited for."""
        while not stop.is_set():
            try:
                while self.look() and not stop.is_set():
                    pass
            except Unavailable as error:
                log.warning("identity_asking_waits", reason=str(error).splitlines()[:1])
            except Exception:
                # Nobody waits for it, and the process has other work: it is said, and tried again.
                log.exception("identity_asking_failed")
            stop.wait(LOOK_SECONDS)

    def look(self) -> bool:
        """Look through the next customers that the tables know by now. Whether there may be more at once. Raises ``Unavailable``."""
        place = self._ledger.run(_PLACE)
        if not place:
            self._ledger.run(_BEGIN)
            place = self._ledger.run(_PLACE)
        if not place or place[0]["followed"] <= place[0]["position"]:
            return False
        named, reached = self._named(place[0]["position"], place[0]["followed"])
        asked = self._ask(named)
        self._ledger.run(_KEEP, {"position": reached})
        if asked:
            log.info("identity_asked_late", looked=len(named), asked=asked)
        return reached < int(place[0]["followed"])

    def _named(self, after: int, until: int) -> tuple[list[Named], int]:
        """The next customers, each once, and the position up to which that is all."""
        asked = {"after": after, "until": until, "topics": self._topics, "limit": self._batch}
        rows = self._ledger.run(_LOOK, asked)
        found: dict[UUID, Named] = {}
        for row in rows:
            known = open_row(_row(row), stored_names())
            customer = UUID(str(known.data["customer"]))
            found[customer] = Named(customer, str(known.meta["program"]), int(row["position"]))
        reached = int(rows[-1]["position"]) if len(rows) == self._batch else until
        return list(found.values()), reached

    def _ask(self, named: Sequence[Named]) -> int:
        """Ask about whoever is near; how many questions that made."""
        seen = self._dispatch.see({StreamId(one.customer): CUSTOMER.name for one in named}).held
        requests = [
            request
            for one in named
            if one.customer in seen
            for request in self._about(one, seen[StreamId(one.customer)].state)
        ]
        outcomes = self._dispatch.decide_batch(requests) if requests else []
        return sum(isinstance(outcome, Decided) and outcome.facts > 0 for outcome in outcomes)

    def _about(self, one: Named, state: Customer) -> list[Request]:
        """A question for each customer near it that it was neither asked about nor told from."""
        if state.into is not None:
            return []
        found = [near for profile in known_as(state) for near in self._candidates.near(profile)]
        others = dict.fromkeys(near.customer for near in found if near.comparison.verdict is not Verdict.DIFFERENT)
        known = {one.customer, *state.asked, *state.apart}
        return [_request(one, other) for other in others if other not in known]


def _row(row: dict[str, Any]) -> Row:
    return Row(row["position"], row["stream"], row["version"], row["topic"], row["state"], row["recorded_at"])


def _request(one: Named, other: UUID) -> Request:
    """Named by the fact after which the two are compared, so that another look at it asks the same."""
    return Request(
        id=f"alike:{one.position}:{other}",
        program=ProgramId(one.program),
        actor=SEEKER,
        command=QuestionIdentity(customer=one.customer, other=other),
    )
