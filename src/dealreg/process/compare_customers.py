"""How like a description, or a customer, is to a customer: compared on the customers' own states (ROE-24, architecture D13).

A table that may lag finds whom to compare with; what is said of them comes from their streams, so that a decision rests on what is true.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from dealreg.customer.commands import CustomerGiven
from dealreg.customer.likeness import WHOLE, Ground, Likeness
from dealreg.customer.state import CUSTOMER, IDENTIFIER, Customer, Pair
from dealreg.matching.apart import told_apart_in_public
from dealreg.matching.comparing import Comparison, Verdict, compare
from dealreg.matching.identifiers import DOMAIN
from dealreg.matching.profile import Profile
from dealreg.process.case import customer_now
from dealreg.vocabulary.ids import identifier_stream
from dealreg.vocabulary.situation import Situation


class Judged(NamedTuple):
    """What a comparison said of a customer."""

    customer: UUID
    verdict: Verdict
    likeness: Likeness
    known: UUID
    """Whose description was nearest: the customer's own, or that of one that was merged into it."""


def given_as(given: CustomerGiven, pairs: Iterable[Pair]) -> Profile:
    """A request's description of a customer."""
    return Profile(given.name, given.country, given.place, given.street, given.postcode, tuple(pairs))


MOST_DESCRIPTIONS = 8
"""Of a customer that was recognised under more, the newest are compared."""

_RANK = {Verdict.DIFFERENT: 0, Verdict.POSSIBLE: 1, Verdict.SAME: 2}


def known_as(state: Customer) -> tuple[Profile, ...]:
    """A customer as it was opened and as it was recognised, each with all that names it."""
    pairs = (*state.identifiers, *state.shared)
    opened = Profile(state.name, state.country, state.place, state.street, state.postcode, pairs)
    others = list(state.recognised.values())[-MOST_DESCRIPTIONS:]
    return (opened, *(Profile(*told, pairs) for told in others))


def nearest(described: Profile, state: Customer) -> Comparison:
    """What the comparison with the customer says, under that of its descriptions which is nearest."""
    found = [compare(described, known) for known in known_as(state)]
    return max(found, key=lambda one: (_RANK[one.verdict], one.score))


def heard(situation: Situation, described: Profile) -> Profile:
    """A description without the domains that say nothing."""
    silent = silent_domains(situation, described.identifiers)
    return replace(described, identifiers=tuple(pair for pair in described.identifiers if pair not in silent))


def judged(situation: Situation, described: Profile, customer: UUID) -> Judged:
    """How like the description, as it is ``heard``, is to the customer."""
    state = situation.of(CUSTOMER, customer)
    pairs = (*state.identifiers, *state.shared)
    found = [(nearest(described, _named_as(one, pairs)), one) for one in merged_states(situation, customer)]
    best, known = max(found, key=lambda one: (_RANK[one[0].verdict], one[0].score))
    return Judged(customer, best.verdict, likeness_of(best, customer), known.customer or customer)


def merged_states(situation: Situation, customer: UUID) -> list[Customer]:
    """The customer and those that were merged into it, the nearest and newest first, as many as are compared."""
    found = [situation.of(CUSTOMER, customer)]
    for one in found:
        absorbed = one.absorbed[::-1][: MOST_DESCRIPTIONS - len(found)]
        situation.need(CUSTOMER.name, absorbed)
        found += [situation.of(CUSTOMER, other) for other in absorbed]
    return found


def _named_as(state: Customer, pairs: tuple[Pair, ...]) -> Customer:
    """Under its own descriptions, with all that names the customer that it is now."""
    return replace(state, identifiers=tuple(dict.fromkeys((*pairs, *state.shared))), shared=())


def likeness_of(found: Comparison, other: UUID) -> Likeness:
    """A comparison by value."""
    return Likeness(
        other=other,
        score=round(found.score * WHOLE),
        reasons=tuple(Ground(text=reason.text, speaks_for=reason.speaks_for) for reason in found.reasons),
        method=found.method,
    )


def mirrored(likeness: Likeness, other: UUID) -> Likeness:
    """The same said of the pair from its other side: the order of the two does not matter."""
    return likeness.model_copy(update={"other": other})


MOST_SHARING = 20
"""A domain that names more customers than this says nothing, whoever they are, and they are not looked at: it bounds what a decision reads."""


def crowded(situation: Situation, pair: Pair) -> bool:
    """Whether a domain names so many that it says nothing."""
    return len(situation.of(IDENTIFIER, identifier_stream(*pair)).named) > MOST_SHARING


def holders(situation: Situation, pair: Pair) -> tuple[UUID, ...]:
    """The customers that an identifier names, as they are after all merges; several only where a domain is shared.

    Of a domain that is ``crowded`` as they were named: nobody compares with them.
    """
    named = situation.of(IDENTIFIER, identifier_stream(*pair)).named
    if len(named) <= 1 or len(named) > MOST_SHARING:
        return named
    situation.need(CUSTOMER.name, named)
    return tuple(dict.fromkeys(customer_now(situation, one) for one in named))


def silent_domains(situation: Situation, pairs: Iterable[Pair]) -> frozenset[Pair]:
    """Domains that say nothing: too many share them, or customers with numbers of their own in one register do."""
    return frozenset(pair for pair in pairs if pair[0] == DOMAIN and _says_nothing(situation, pair))


def _says_nothing(situation: Situation, pair: Pair) -> bool:
    if crowded(situation, pair):
        return True
    states = [situation.of(CUSTOMER, one) for one in holders(situation, pair)]
    return any(
        told_apart_in_public(one.identifiers, other.identifiers)
        for place, one in enumerate(states)
        for other in states[:place]
    )
