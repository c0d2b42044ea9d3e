"""Which end customer is meant: by identifiers, inside the save that uses the answer (architecture D13, ROE-24).

Identifiers decide; a name never does. Two newcomers at one instant meet on the streams of their identifiers and of the coarse name key.
Where a name leaves it open, or one request names two customers, a person is asked: the question stands on both.
"""

from uuid import UUID

from dealreg.customer.commands import CustomerGiven, IdentifierGiven
from dealreg.customer.events import (
    CustomerIdentified,
    CustomerOpened,
    CustomersToldApart,
    IdentifierAssigned,
    IdentityQuestioned,
    KnownIdentifier,
    NameKeyUsed,
)
from dealreg.customer.state import CUSTOMER, IDENTIFIER, IDENTIFIER_GROUND, NAME_GROUND, NAME_KEY, Customer, Pair
from dealreg.matching.apart import told_apart
from dealreg.matching.identifiers import NotAnIdentifier, canonical, strength
from dealreg.matching.names import comparable, country_key, folded, name_key
from dealreg.process.case import customer_now
from dealreg.vocabulary.ids import CustomerId, StreamId, customer_id, desk_reader, identifier_stream, name_key_stream
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.vocabulary.situation import Situation

MOST_ASKED = 8
"""A name that more customers carry than this says nothing: then it is not asked pair by pair, but who the newcomer is at all.

It bounds a fact, and what one decision reads; 2,000 equal names made a fact of 88 kB.
"""


def resolve_customer(situation: Situation, program: str, request_key: str, given: CustomerGiven) -> CustomerId | None:
    """The customer that is meant, opened where nobody knew it; ``None`` where it cannot be told (ROE-2).

    Identifiers that name several customers give the one of the strongest scheme; a person tells whether they are the same (ROE-24).
    Raises ``Unknown`` for a customer id that nobody opened, ``Refused`` for an identifier that is none.
    """
    if given.customer is not None:
        return _known(situation, given.customer)
    pairs = _canonical(given.identifiers)
    situation.need(IDENTIFIER.name, [identifier_stream(*pair) for pair in pairs])
    found = {pair: situation.of(IDENTIFIER, identifier_stream(*pair)).customer for pair in pairs}
    held = list(dict.fromkeys(customer for customer in found.values() if customer is not None))
    if held:
        if len(held) == 1:
            _identify(situation, CustomerId(held[0]), [pair for pair, customer in found.items() if customer is None])
        for other in held[1:]:
            _question(situation, held[0], other, IDENTIFIER_GROUND)
        return CustomerId(held[0])
    if pairs or (_said(given.name) and _said(given.place)):
        return _open(situation, customer_id(program, request_key), given, pairs)
    return None


def _known(situation: Situation, customer: UUID) -> CustomerId:
    if not situation.of(CUSTOMER, customer).exists:
        raise Unknown("there is no such customer; name it by an identifier, or by name and place")
    return CustomerId(customer_now(situation, customer))


def _canonical(given: tuple[IdentifierGiven, ...]) -> list[Pair]:
    """Each identifier once, the strongest scheme first, in the order given within a scheme."""
    try:
        pairs = dict.fromkeys(canonical(known.scheme, known.value) for known in given)
    except NotAnIdentifier as error:
        raise Refused(f"identifier of the customer: {error}", clause="ROE-2") from error
    return sorted(pairs, key=lambda pair: strength(pair[0]))


def _said(text: str | None) -> bool:
    return text is not None and bool(folded(text))


def _open(situation: Situation, customer: CustomerId, given: CustomerGiven, pairs: list[Pair]) -> CustomerId:
    """One request opens one customer, however often it is decided."""
    if situation.of(CUSTOMER, customer).exists:
        return customer
    alike = _alike(situation, given, pairs)
    possible = alike[:MOST_ASKED]
    situation.record(
        CUSTOMER,
        customer,
        CustomerOpened(
            customer=customer,
            name=given.name,
            country=given.country,
            place=given.place,
            possible=possible,
            alike=len(alike) if len(alike) > MOST_ASKED else 0,
            identifiers=_identifiers(pairs),
            readers=(desk_reader(situation.program),) if possible else (),
        ),
    )
    _use_name_key(situation, situation.of(CUSTOMER, customer))
    if len(alike) <= MOST_ASKED:
        for other in possible:
            _ask(situation, other, customer, NAME_GROUND)
    for scheme, value in pairs:
        stream: StreamId = identifier_stream(scheme, value)
        situation.record(IDENTIFIER, stream, IdentifierAssigned(scheme=scheme, value=value, customer=customer))
    return customer


def _identifiers(pairs: tuple[Pair, ...] | list[Pair]) -> tuple[KnownIdentifier, ...]:
    return tuple(KnownIdentifier(scheme=scheme, value=value) for scheme, value in pairs)


def _alike(situation: Situation, given: CustomerGiven, pairs: list[Pair]) -> tuple[UUID, ...]:
    """The customers of an equal comparable name that no identifier tells apart, as they are after all merges."""
    if given.name is None or not name_key(given.name):
        return ()
    name = comparable(given.name)
    known = situation.of(NAME_KEY, name_key_stream(country_key(given.country), name_key(given.name)))
    alike = [one for one in known.named(name) if not told_apart(pairs, known.identifiers(name, one))]
    if len(alike) > MOST_ASKED:
        return tuple(alike)
    situation.need(CUSTOMER.name, alike)
    return tuple(dict.fromkeys(customer_now(situation, one) for one in alike))


def _use_name_key(situation: Situation, state: Customer) -> None:
    """Enter the name under its key, with what else names the customer."""
    if state.customer is None or state.name is None or not name_key(state.name):
        return
    country, key = country_key(state.country), name_key(state.name)
    used = NameKeyUsed(
        country=country,
        key=key,
        comparable=comparable(state.name),
        customer=state.customer,
        identifiers=_identifiers(state.identifiers),
    )
    situation.record(NAME_KEY, name_key_stream(country, key), used)


def _identify(situation: Situation, customer: CustomerId, pairs: list[Pair]) -> None:
    """Further identifiers of a known customer: they name it from here on, and may tell it from others of its name."""
    for scheme, value in pairs:
        stream: StreamId = identifier_stream(scheme, value)
        situation.record(IDENTIFIER, stream, IdentifierAssigned(scheme=scheme, value=value, customer=customer))
        identified = CustomerIdentified(customer=customer, scheme=scheme, value=value)
        situation.record(CUSTOMER, customer, identified)
    if pairs:
        _use_name_key(situation, situation.of(CUSTOMER, customer))
        tell_by_register(situation, customer)


def tell_by_register(situation: Situation, customer: UUID) -> None:
    """Questions that an equal name raised and that numbers of one register answer: they are different, and nobody need be asked."""
    state = situation.of(CUSTOMER, customer)
    situation.need(CUSTOMER.name, list(state.asked))
    for asked, ground in list(state.asked.items()):
        other = customer_now(situation, asked)
        apart = told_apart(state.identifiers, situation.of(CUSTOMER, other).identifiers)
        if ground == NAME_GROUND and other != customer and apart:
            for one, another in ((customer, other), (other, customer)):
                told = CustomersToldApart(
                    customer=one,
                    other=another,
                    reason="one register has a number of its own for each",
                    told_by="register",
                    told_at=situation.at,
                )
                situation.record(CUSTOMER, one, told)


def _question(situation: Situation, one: UUID, other: UUID, ground: str) -> None:
    """Ask once whether the two are the same, on both; who was told apart is not asked again."""
    if other not in situation.of(CUSTOMER, one).apart:
        _ask(situation, one, other, ground)
        _ask(situation, other, one, ground)


def _ask(situation: Situation, customer: UUID, other: UUID, ground: str) -> None:
    if situation.of(CUSTOMER, customer).asked.get(other) in {ground, IDENTIFIER_GROUND}:
        return
    readers = (desk_reader(situation.program),)
    asked = IdentityQuestioned(customer=customer, other=other, ground=ground, readers=readers)
    situation.record(CUSTOMER, customer, asked)
