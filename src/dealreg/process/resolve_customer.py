"""Which end customer is meant: by identifiers, inside the save that uses the answer (architecture D13, ROE-24).

Identifiers decide; a name never does. Two newcomers at one instant meet on the streams of their identifiers and of the coarse name key.
"""

from uuid import UUID

from dealreg.customer.commands import CustomerGiven, IdentifierGiven
from dealreg.customer.events import CustomerOpened, IdentifierAssigned, NameKeyUsed
from dealreg.customer.state import CUSTOMER, IDENTIFIER, NAME_KEY
from dealreg.matching.identifiers import NotAnIdentifier, canonical, strength
from dealreg.matching.names import comparable, country_key, folded, name_key
from dealreg.vocabulary.ids import CustomerId, StreamId, customer_id, identifier_stream, name_key_stream
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.vocabulary.situation import Situation

Pair = tuple[str, str]


def resolve_customer(situation: Situation, program: str, request_key: str, given: CustomerGiven) -> CustomerId | None:
    """The customer that is meant, opened where nobody knew it; ``None`` where it cannot be told (ROE-2).

    Identifiers that name several customers give the one of the strongest scheme and change nothing: a person tells whether they are
    the same (ROE-24). Raises ``Unknown`` for a customer id that nobody opened, ``Refused`` for an identifier that is none.
    """
    if given.customer is not None:
        return _known(situation, given.customer)
    pairs = _canonical(given.identifiers)
    situation.need(IDENTIFIER.name, [identifier_stream(*pair) for pair in pairs])
    found = {pair: situation.of(IDENTIFIER, identifier_stream(*pair)).customer for pair in pairs}
    held = [customer for customer in found.values() if customer is not None]
    if held:
        if len(set(held)) == 1:
            _assign(situation, CustomerId(held[0]), [pair for pair, customer in found.items() if customer is None])
        return CustomerId(held[0])
    if pairs or (_said(given.name) and _said(given.place)):
        return _open(situation, customer_id(program, request_key), given, pairs)
    return None


def _known(situation: Situation, customer: UUID) -> CustomerId:
    if not situation.of(CUSTOMER, customer).exists:
        raise Unknown("there is no such customer; name it by an identifier, or by name and place")
    return CustomerId(customer)


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
    possible = _use_name_key(situation, customer, given)
    situation.record(
        CUSTOMER,
        customer,
        CustomerOpened(customer=customer, name=given.name, country=given.country, place=given.place, possible=possible),
    )
    _assign(situation, customer, pairs)
    return customer


def _use_name_key(situation: Situation, customer: CustomerId, given: CustomerGiven) -> tuple[UUID, ...]:
    """Enter the name under its key; the customers of an equal comparable name are the candidates."""
    if given.name is None or not name_key(given.name):
        return ()
    country, key, name = country_key(given.country), name_key(given.name), comparable(given.name)
    stream = name_key_stream(country, key)
    candidates = situation.of(NAME_KEY, stream).named(name)
    used = NameKeyUsed(country=country, key=key, comparable=name, customer=customer)
    situation.record(NAME_KEY, stream, used)
    return candidates


def _assign(situation: Situation, customer: CustomerId, pairs: list[Pair]) -> None:
    for scheme, value in pairs:
        stream: StreamId = identifier_stream(scheme, value)
        situation.record(IDENTIFIER, stream, IdentifierAssigned(scheme=scheme, value=value, customer=customer))
