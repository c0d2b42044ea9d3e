"""A partner's registration as it was, in the words of its own rows (rules.md section 3, What an answer reveals).

A partner reads ``waiting`` for a place in a queue and for an open conflict: whether somebody else is there, who, and how many, is in
neither word.
"""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from dealreg.file.state import Claim, Leg, LegState
from dealreg.service.past.moment import Moment
from dealreg.service.replay import RegistrationThen
from dealreg.service.telling import AsOf, as_of
from dealreg.vocabulary.values import Day, Instant, Key, Model

WAITING = "waiting"


class LegWords(Model):
    """One leg, with those columns of the partner's read model that the ledger alone tells."""

    registration: UUID
    line: Key
    tier: Key
    partner: Key
    filed_by: Key
    customer_name: str | None
    territory: Key
    sites: tuple[Key, ...]
    value_amount: Decimal | None
    value_currency: str | None
    close_on: Day | None
    stage: str | None
    state: Key
    window_from: Instant | None = None
    window_to: Instant | None = None
    grace_to: Instant | None = None
    offer_to: Instant | None = None
    submitted_at: Instant
    completed_at: Instant | None


class RegistrationWords(Model):
    """A partner's own registration at a recorded instant."""

    as_of: AsOf
    registration: UUID
    legs: tuple[LegWords, ...]


def words(then: RegistrationThen, moment: Moment, *, upper: str | None = None) -> RegistrationWords:
    """The legs by line, tier and partner. ``upper`` reads as a distributor or master: not who stood in its place before (ROE-17)."""
    legs = sorted(_legs(then, upper), key=lambda leg: (leg.line, leg.tier, leg.partner))
    return RegistrationWords(as_of=as_of(moment), registration=then.registration, legs=tuple(legs))


def word(claim: Claim, leg: Leg) -> str:
    """The state of a leg as its own partners read it."""
    if leg.state in {LegState.QUEUED, LegState.CONTESTED}:
        return "offered" if claim.offer_to is not None else WAITING
    return leg.state.value


LEFT_BEHIND = frozenset({"ROE-16", "ROE-17"})
"""Clauses under which a distributor's leg makes place for another's."""


def _legs(then: RegistrationThen, upper: str | None) -> Iterator[LegWords]:
    claimed = {claim.line for claim in then.claims}
    for claim in then.claims:
        for leg in claim.legs:
            if upper is not None and leg.released_under in LEFT_BEHIND and leg.partner != upper:
                continue
            ended = leg.state not in {LegState.QUEUED, LegState.CONTESTED, LegState.PENDING}
            yield _leg(
                then, claim.line, claim.scope.territory, claim.scope.sites, leg.tier, leg.partner, word(claim, leg),
                window_from=leg.window_from if ended else None, window_to=leg.window_to if ended else None,
                grace_to=leg.grace_to if ended else None, offer_to=claim.offer_to, completed_at=claim.completed_at,
            )  # fmt: skip
    for line in then.said.lines:
        for asked in line.legs if line.line not in claimed else ():
            state = "withdrawn" if then.said.closed or asked.partner in then.said.withdrawn else "incomplete"
            yield _leg(
                then, line.line, line.scope.territory, line.scope.sites, asked.tier, asked.partner, state,
                completed_at=then.said.completed_at,
            )  # fmt: skip


def _leg(
    then: RegistrationThen, line: str, territory: str, sites: tuple[str, ...], tier: str, partner: str, state: str,
    *, completed_at: object, **window: object,
) -> LegWords:  # fmt: skip
    said, submitted = then.said, then.said.submitted
    shown = {
        "registration": then.registration, "line": line, "tier": tier, "partner": partner, "territory": territory, "sites": sites,
        "state": state, "completed_at": completed_at, "customer_name": said.customer_name,
        "value_amount": said.value.amount if said.value else None, "value_currency": said.value.currency if said.value else None,
        "close_on": said.close_on, "stage": said.stage, **window,
    }  # fmt: skip
    if submitted is not None:
        shown |= {"filed_by": submitted.filed_by, "submitted_at": submitted.submitted_at}
    return LegWords.model_validate(shown)
