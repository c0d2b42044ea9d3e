"""A description that no number knew: one of those that are like it, or a customer opened anew (ROE-24, architecture D13).

Three verdicts. *Same*: exactly one is like it beyond doubt, never by name and place alone; it is recognised. *Possible*: a newcomer is
opened, and a person is asked of both. *Different*: a newcomer is opened and nobody is asked.
"""

from collections.abc import Sequence
from uuid import UUID

from dealreg.customer.commands import CustomerGiven
from dealreg.customer.events import (
    CustomerOpened,
    CustomerRecognised,
    IdentifierAssigned,
    IdentifierShared,
    KnownIdentifier,
    NameKeyUsed,
)
from dealreg.customer.state import (
    CUSTOMER,
    IDENTIFIER,
    IDENTIFIER_GROUND,
    LIKENESS_GROUND,
    NAME_GROUND,
    NAME_KEY,
    Customer,
    Pair,
    description,
)
from dealreg.matching.apart import told_apart
from dealreg.matching.comparing import Verdict
from dealreg.matching.identifiers import DOMAIN
from dealreg.matching.names import comparable, country_key, name_key
from dealreg.matching.profile import Profile
from dealreg.process.ask_identity import ask, question
from dealreg.process.case import customer_now
from dealreg.process.compare_customers import Judged, crowded, given_as, heard, holders, judged
from dealreg.vocabulary.ids import CustomerId, desk_reader, identifier_stream, name_key_stream
from dealreg.vocabulary.situation import Situation

MOST_ASKED = 8
"""A name that more customers carry than this says nothing: then it is not asked pair by pair, but who the newcomer is at all.

It bounds a fact, and what one decision reads; 2,000 equal names made a fact of 88 kB. As many are asked about who are only alike.
"""


def recognised(situation: Situation, given: CustomerGiven, pairs: Sequence[Pair]) -> tuple[UUID | None, list[Judged]]:
    """The one that the description is the same as, if exactly one is; and all that it may be, those of its name first."""
    described = given_as(given, pairs)
    telling = [pair for pair in pairs if pair[0] == DOMAIN and not crowded(situation, pair)]
    domains = dict.fromkeys(one for pair in telling for one in holders(situation, pair))
    found = situation.candidates.near(named_by(described), described)
    named = alike(situation, given, pairs)
    few = named if len(named) <= MOST_ASKED else ()
    possible = _judged(situation, described, (*few, *domains, *found), frozenset((*few, *domains)))
    same = [one for one in possible if one.verdict is Verdict.SAME]
    return (same[0].customer if len(same) == 1 else None), possible


def named_by(described: Profile) -> str:
    """What names a description, for the search and for the facts."""
    return description(
        described.name,
        described.country,
        described.place,
        described.street,
        described.postcode,
        described.identifiers,
    )


def _judged(situation: Situation, described: Profile, among: tuple[UUID, ...], asked: frozenset[UUID]) -> list[Judged]:
    """Those that are the same or possible; who has its name or its domain is asked about unless a register tells them apart."""
    situation.need(CUSTOMER.name, among)
    known = {one: customer_now(situation, one) for one in among if situation.of(CUSTOMER, one).exists}
    said = heard(situation, described)
    result = []
    for customer in dict.fromkeys(known.values()):
        one = judged(situation, said, customer)
        apart = told_apart(described.identifiers, situation.of(CUSTOMER, customer).identifiers)
        named = any(known.get(other) == customer for other in asked)
        if one.verdict is Verdict.DIFFERENT and named and not apart:
            one = one._replace(verdict=Verdict.POSSIBLE)
        if one.verdict is not Verdict.DIFFERENT:
            result.append(one)
    return result


def alike(situation: Situation, given: CustomerGiven, pairs: Sequence[Pair]) -> tuple[UUID, ...]:
    """The customers of an equal comparable name that no identifier tells apart, as they are after all merges."""
    if given.name is None or not name_key(given.name):
        return ()
    name = comparable(given.name)
    known = situation.of(NAME_KEY, name_key_stream(country_key(given.country), name_key(given.name)))
    found = [one for one in known.named(name) if not told_apart(pairs, known.identifiers(name, one))]
    if len(found) > MOST_ASKED:
        return tuple(found)
    situation.need(CUSTOMER.name, found)
    return tuple(dict.fromkeys(customer_now(situation, one) for one in found))


def recognise(situation: Situation, given: CustomerGiven, pairs: Sequence[Pair], by: Judged) -> None:
    """Record once that this description is the customer, and see it under this name too.

    On whom it was recognised by: a merge that is undone takes its own descriptions along.
    """
    customer = by.known
    state = situation.of(CUSTOMER, customer)
    if named_by(given_as(given, pairs)) in {*state.recognised, _opened_as(state)}:
        return
    fact = CustomerRecognised(
        customer=customer,
        name=given.name,
        country=given.country,
        place=given.place,
        street=given.street,
        postcode=given.postcode,
        identifiers=identifiers(pairs),
        likeness=by.likeness,
    )
    situation.record(CUSTOMER, customer, fact)
    if given.name is not None and (state.name is None or comparable(given.name) != comparable(state.name)):
        use_name_key(situation, state, given.name, given.country)


def _opened_as(state: Customer) -> str:
    return description(
        state.name, state.country, state.place, state.street, state.postcode, (*state.identifiers, *state.shared)
    )


def open_customer(
    situation: Situation,
    customer: CustomerId,
    given: CustomerGiven,
    pairs: Sequence[Pair],
    possible: Sequence[Judged],
) -> CustomerId:
    """Open a customer under what no other holds, and ask of it and of those that it may be."""
    free = [pair for pair in pairs if not holders(situation, pair)]
    shared = [pair for pair in pairs if pair[0] == DOMAIN and pair not in free]
    named = alike(situation, given, pairs)
    asked = named[:MOST_ASKED]
    situation.record(
        CUSTOMER,
        customer,
        CustomerOpened(
            customer=customer,
            name=given.name,
            country=given.country,
            place=given.place,
            possible=asked,
            alike=len(named) if len(named) > MOST_ASKED else 0,
            identifiers=identifiers(free),
            readers=(desk_reader(situation.program),) if asked else (),
            street=given.street,
            postcode=given.postcode,
            shared=identifiers(shared),
        ),
    )
    use_name_key(situation, situation.of(CUSTOMER, customer))
    _ask_of(situation, customer, named, possible)
    for scheme, value in free:
        assigned = IdentifierAssigned(scheme=scheme, value=value, customer=customer)
        situation.record(IDENTIFIER, identifier_stream(scheme, value), assigned)
    for pair in shared:
        share(situation, customer, pair)
    return customer


def _ask_of(situation: Situation, customer: UUID, named: tuple[UUID, ...], possible: Sequence[Judged]) -> None:
    """Those of its name stand in its opening; the others are asked on both, the most alike first, as many as a fact may hold."""
    known = {one.customer: one for one in possible}
    if len(named) <= MOST_ASKED:
        for other in named:
            likeness = known[other].likeness.model_copy(update={"other": customer}) if other in known else None
            ask(situation, other, customer, NAME_GROUND, likeness)
    others = sorted((one for one in possible if one.customer not in named), key=lambda one: -one.likeness.score)
    for one in others[: MOST_ASKED - min(len(named), MOST_ASKED - 1)]:
        question(situation, customer, one.customer, LIKENESS_GROUND, one.likeness)


def question_numbers(situation: Situation, customer: UUID, others: Sequence[UUID]) -> None:
    """One request gave numbers of several customers: only a person tells whether they are one."""
    for other in others:
        question(situation, customer, other, IDENTIFIER_GROUND)


def share(situation: Situation, customer: UUID, pair: Pair) -> None:
    """Say once that a domain names this customer too; of one that names too many it is not said any more."""
    stream = identifier_stream(*pair)
    if not crowded(situation, pair) and customer not in holders(situation, pair):
        fact = IdentifierShared(scheme=pair[0], value=pair[1], customer=customer)
        situation.record(IDENTIFIER, stream, fact)


def identifiers(pairs: Sequence[Pair]) -> tuple[KnownIdentifier, ...]:
    """Identifiers as a fact has them."""
    return tuple(KnownIdentifier(scheme=scheme, value=value) for scheme, value in pairs)


def use_name_key(situation: Situation, state: Customer, name: str | None = None, country: str | None = None) -> None:
    """Enter a name of the customer under its key, its own unless another is given, with what else names it."""
    said, where = (state.name, state.country) if name is None else (name, country)
    if state.customer is None or said is None or not name_key(said):
        return
    key = name_key_stream(country_key(where), name_key(said))
    used = NameKeyUsed(
        country=country_key(where),
        key=name_key(said),
        comparable=comparable(said),
        customer=state.customer,
        identifiers=identifiers(state.identifiers),
    )
    situation.record(NAME_KEY, key, used)
