"""How a claim, a registration, a conflict, an override or a joining stands, in the words that a case uses."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.file.account_events import CreditGranted
from dealreg.file.events import ClaimLinked, FileEvent, LineApproved
from dealreg.file.evolve import FILE
from dealreg.file.state import LIVE, Claim, CustomerFile, Leg, LegState
from dealreg.override.state import OVERRIDE
from dealreg.pricing.state import SPECIAL_PRICE, SpecialPrice
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.expected import Expectation
from dealreg.service.scenario.memory import MemoryLedger
from dealreg.service.scenario.naming import Names
from dealreg.vocabulary.ids import StreamId, file_stream
from dealreg.vocabulary.values import Tier

ORDER = (
    LegState.PROTECTED, LegState.SUSPENDED, LegState.APPROVED, LegState.CONTESTED, LegState.PENDING, LegState.QUEUED,
    LegState.FULFILLED, LegState.LAPSED, LegState.RELEASED, LegState.WITHDRAWN, LegState.DECLINED,
)  # fmt: skip
"""The state of several legs together is the first that one of them has (rules.md section 1, State of a registration)."""

Parts = dict[str, str]


class Absent(Exception):
    """What a case asks about is not there."""


class Standing:
    """Answers what a case asks about the ledger of that case."""

    def __init__(self, program: str, ledger: MemoryLedger, names: Names, local: Callable[[datetime], datetime]) -> None:
        """``local`` turns an instant into the wall clock of the program's zone."""
        self._program, self._ledger, self._names, self._local = program, ledger, names, local

    def of(self, asked: Expectation) -> Parts:
        """Every part that can be said of the thing. Raises ``Absent`` when there is no such thing."""
        answer: dict[str, Callable[..., Parts]] = {
            "registration": self._registration,
            "claim": self._claim,
            "conflict": self._conflict,
            "override": self._override,
            "joining": self._joining,
            "price": self._price,
        }
        return {part: said for part, said in answer[asked.kind](*asked.words).items() if said}

    def _id(self, name: str) -> UUID:
        if not self._names.knows(name):
            raise Absent(f"nothing is named {name!r}")
        return self._names.id(name, "then")

    def _at(self, instant: datetime | None) -> str:
        if instant is None:
            return ""
        local = self._local(instant)
        return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")

    def _until(self, end: datetime | None) -> str:
        """The last day that a half-open end leaves."""
        return "" if end is None else self._local(end - timedelta(microseconds=1)).date().isoformat()

    def _registration(self, name: str) -> Parts:
        state: Registration = self._ledger.states.state(REGISTRATION, StreamId(self._id(name)))
        claims = self._file(state.customer).of_registration(self._id(name)) if state.customer else []
        answer_by = state.returned.answer_by if state.returned else None
        return {
            "state": self._life(state, claims),
            "missing": ", ".join(state.missing),
            "priority_at": self._at(state.priority_at),
            "completed_at": self._at(state.completed_at),
            "closes_at": self._at(state.closes_at),
            "answer_by": self._at(answer_by),
            "stage": state.stage or "",
        }

    def _life(self, state: Registration, claims: list[Claim]) -> str:
        if state.closed:
            return "closed"
        if state.returned is not None:
            return "returned"
        return "incomplete" if state.completed_at is None else together(leg for claim in claims for leg in claim.legs)

    def _file(self, customer: UUID) -> CustomerFile:
        """The file in which the claims on a customer stand now."""
        state: CustomerFile = self._ledger.states.state(FILE, file_stream(self._program, customer))
        return state if state.closed_into is None else self._file(state.closed_into)

    def _claim(self, name: str, line: str, tier: str | None = None) -> Parts:
        registration = self._id(name)
        state: Registration = self._ledger.states.state(REGISTRATION, StreamId(registration))
        file = self._file(state.customer) if state.customer else CustomerFile()
        claim = file.claims.get((registration, line))
        if claim is None:
            raise Absent(f"{name} has no claim on {line}")
        legs = [leg for leg in claim.legs if tier is None or leg.tier is Tier(tier)]
        if not legs:
            raise Absent(f"{name} has no {tier} leg on {line}")
        return self._claim_parts(claim, legs) | self._said(registration, line) | self._appeal(file, claim)

    def _claim_parts(self, claim: Claim, legs: list[Leg]) -> Parts:
        running = next((leg for leg in reversed(legs) if leg.state in LIVE), legs[-1])
        leg = next((leg for leg in legs if leg.state is LegState.PROTECTED), running)
        offered = claim.offer_to is not None and leg.state is LegState.QUEUED
        return {
            "state": "offered" if offered else together(legs),
            "partner": leg.partner,
            "protected_from": self._at(leg.window_from),
            "protected_until": self._until(leg.window_to),
            "protected_to": self._at(leg.window_to),
            "grace_until": self._until(leg.grace_to),
            "held_until": self._until(
                max((end for end in (leg.time.hold_to, leg.time.price_hold_to) if end), default=None)
            ),
            "extension": "asked" if leg.time.asked is not None else "granted" if leg.time.extensions else "",
            "stale_since": self._at(claim.time.stale_since),
            "progress_by": self._at(claim.time.suspend_at if claim.time.remind_at is None else None),
            "overdue": str(claim.time.review_overdue).lower(),
            "hard_stop_until": self._until(leg.hard_stop_at),
            "review_to": self._at(claim.review_to),
            "offer_to": self._at(claim.offer_to),
            "not_before": self._at(claim.not_before),
            "ended_at": self._at(leg.ended_at),
            "entry": str(claim.entry),
            "territory": claim.scope.territory,
            "sites": ", ".join(claim.scope.sites),
            "appeal_to": self._at(claim.disputable.appeal_to) if claim.disputable else "",
        }

    def _appeal(self, file: CustomerFile, claim: Claim) -> Parts:
        """An appeal outside of a conflict that waits for its judge."""
        waits = file.appeals.get(claim.key)
        return {"appeal": waits.decision.against.value, "appeal_due": self._at(waits.ruling_to)} if waits else {}

    def _said(self, registration: UUID, line: str) -> Parts:
        """What the latest fact that names a clause, an approver or a link said of the claim."""
        said: Parts = {}
        for fact in self._about(registration, line):
            if getattr(fact.event, "clause", None):
                said["clause"] = str(getattr(fact.event, "clause", ""))
            if getattr(fact.event, "reason", None):
                said["set_aside"] = ", ".join(
                    re.findall(r"(ROE-\d+) set aside", str(getattr(fact.event, "reason", "")))
                )
            if isinstance(fact.event, LineApproved):
                said["approved_by"] = fact.event.approved_by
                said["benefit"] = "" if fact.event.benefit is None else str(fact.event.benefit)
            if isinstance(fact.event, CreditGranted):
                said["credit"] = str(Decimal(said.get("credit", "0")) + fact.event.share)
            if isinstance(fact.event, ClaimLinked):
                said["linked_to"] = self._names.word(fact.event.linked_to)
        return said

    def _about(self, registration: UUID, line: str) -> list[Recorded]:
        return [
            fact
            for fact in self._ledger.facts
            if isinstance(fact.event, FileEvent) and (fact.event.registration, fact.event.line) == (registration, line)
        ]

    def _conflict(self, name: str, line: str) -> Parts:
        if not self._names.knows(f"{name}/{line}"):
            raise Absent(f"{name} is in no conflict over {line}")
        conflict: Conflict = self._ledger.states.state(CONFLICT, StreamId(self._id(f"{name}/{line}")))
        detected, proposal, ruled = conflict.detected, conflict.proposal, conflict.ruled
        word = self._names.word
        latest = ruled or proposal
        return {
            "state": conflict.life.value,
            "kind": detected.kind.value if detected else "",
            "clause": detected.clause if detected else "",
            "incumbent": word(conflict.parties[0].registration) if conflict.parties else "",
            "challengers": ", ".join(word(party.registration) for party in conflict.parties[1:]),
            "proposal": proposal.ruling.value if proposal else "",
            "ruling": ruled.ruling.value if ruled else "",
            "awarded": word(latest.awarded) if latest else "",
            "ruled_by": ruled.ruled_by if ruled else "",
            "departs": str(ruled.departs).lower() if ruled else "",
            "on_appeal": ruled.on_appeal.value if ruled and ruled.on_appeal else "",
            "referred_to": conflict.referred.referred_to if conflict.referred else "",
            "evidence_to": self._at(conflict.evidence_to),
            "ruling_to": self._at(conflict.ruling_to or (detected.ruling_to if detected else None)),
            "appeal_to": self._at(ruled.appeal_to) if ruled else "",
            "stay_to": self._at(conflict.stay_to),
        }

    def _override(self, name: str) -> Parts:
        life: Any = self._ledger.states.state(OVERRIDE, StreamId(self._id(name))).life
        return {"state": life.value}

    def _price(self, name: str) -> Parts:
        price: SpecialPrice = self._ledger.states.state(SPECIAL_PRICE, StreamId(self._id(name)))
        if price.requested is None:
            raise Absent(f"{name} is no special price")
        held = self._file(price.requested.customer).prices.get(price.requested.special_price)
        return {
            "state": price.life.value,
            "discount": str(price.discount),
            "levels_left": ", ".join(price.levels_left),
            "distributor": price.requested.distributor or "",
            "price_until": self._until(held.price_to) if held else "",
            "review_to": self._at(held.review_to) if held else "",
        }

    def _joining(self, name: str, line: str) -> Parts:
        wanted = self._id(f"joining {name}/{line}")
        for stream_state in self._ledger.states.of_kind(FILE.name):
            for joining in stream_state.joinings:
                if joining.joining == wanted:
                    return {
                        "state": "asked",
                        "asks": joining.asks.value,
                        "partner": joining.partner,
                        "holder": joining.holder,
                        "invited": str(joining.invited).lower(),
                        "answer_to": self._at(joining.answer_to),
                    }
        return {"state": "over"}


def together(legs: Iterable[Leg]) -> str:
    """One word for several legs."""
    states = {leg.state for leg in legs}
    return next((state.value for state in ORDER if state in states), "")
