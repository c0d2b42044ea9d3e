"""What a command answers: where the registration and its lines stand, in the words that its caller may read (rules.md section 3)."""

from datetime import date
from uuid import UUID

from pydantic import JsonValue

from dealreg.file.ends import protected_to
from dealreg.file.state import Claim, LegState
from dealreg.process.case import file_now, registration_of, rules_at
from dealreg.process.view_against import against
from dealreg.registration.state import Registration
from dealreg.vocabulary.fact import PARTNER_ROLES, Actor
from dealreg.vocabulary.situation import Situation

FIRST_OF = ("protected", "suspended", "approved", "contested", "pending", "queued", "incomplete")
"""A registration's state is the first of these that one of its legs has (rules.md section 1)."""

LAST_OF = ("fulfilled", "lapsed", "released", "withdrawn", "declined")
"""When all legs have ended: the first of these."""


def state_of(states: set[str]) -> str:
    """The state of a registration from those of its legs."""
    return next((word for word in (*FIRST_OF, *LAST_OF) if word in states), "incomplete")


def answer(situation: Situation, registration: UUID, actor: Actor) -> dict[str, JsonValue]:
    """The registration, its state, its lines, and what is missing; a partner reads ``waiting`` for queued and contested."""
    state = registration_of(situation, registration)
    claims = _claims(situation, state, registration)
    states = {str(leg.state.value) for claim in claims for leg in claim.legs}
    whole = state_of(states) if claims else ("withdrawn" if state.closed else "incomplete")
    lines: list[JsonValue] = [_line(situation, claim, actor) for claim in claims]
    found: dict[str, JsonValue] = {
        "registration": str(registration),
        "state": _told(whole, actor),
        "lines": lines,
    }
    if actor.role not in PARTNER_ROLES:
        # Whether a customer's id comes from one's own request tells whether somebody filed before: it is not for partners.
        found["customer"] = str(state.customer) if state.customer is not None else None
    if state.missing:
        found["missing"] = list(state.missing)
    return found


def _claims(situation: Situation, state: Registration, registration: UUID) -> list[Claim]:
    if state.customer is None:
        return []
    return file_now(situation, state.customer).of_registration(registration)


def _told(word: str, actor: Actor) -> str:
    return "waiting" if actor.role in PARTNER_ROLES and word in {"queued", "contested"} else word


def _line(situation: Situation, claim: Claim, actor: Actor) -> dict[str, JsonValue]:
    """A line by the caller's own legs, where it has one: a dealer's window is not its distributor's."""
    zone = rules_at(situation, situation.at).zone
    legs = [leg for leg in claim.legs if leg.partner == actor.partner] or list(claim.legs)
    word = state_of({str(leg.state.value) for leg in legs})
    told: dict[str, JsonValue] = {"line": claim.line, "state": _told(word, actor)}
    # Of a queued claim the clause would tell a partner that it is not contested, and at which tier the other stands.
    clause = claim.declined_clause if word == "declined" else claim.queue_clause if word == "queued" else None
    if clause is not None and _told(word, actor) == word:
        told["clause"] = clause
    ends = [protected_to(leg) for leg in legs if leg.state is LegState.PROTECTED]
    known = [end for end in ends if end is not None]
    if known:
        last = max(known)
        told["protected_until"] = _last_day(last.astimezone(zone).date().toordinal() - 1)
    if claim.offer_to is not None:
        told["state"] = "offered"
        told["answer_by"] = claim.offer_to.isoformat()
    return told | against(situation, claim, word)


def _last_day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
