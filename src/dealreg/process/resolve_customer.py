"""Which end customer is meant: by identifiers, inside the save that uses the answer (architecture D13, ROE-24).

Numbers of registers decide first; a domain, and what is only like a customer, by comparison; a name and a place alone never do. Two
newcomers at one instant meet on the streams of their identifiers and of the coarse name key. Where it stays open whether two are one, or
one request names two, a person is asked: the question stands on both.
"""

from collections.abc import Sequence
from uuid import UUID

from dealreg.customer.commands import CustomerGiven, IdentifierGiven
from dealreg.customer.events import CustomerIdentified, IdentifierAssigned
from dealreg.customer.state import CUSTOMER, IDENTIFIER, Pair
from dealreg.matching.apart import told_apart_in_public
from dealreg.matching.identifiers import DOMAIN, NotAnIdentifier, canonical, strength
from dealreg.matching.names import folded
from dealreg.process.ask_identity import tell_by_register
from dealreg.process.case import customer_now
from dealreg.process.compare_customers import crowded, holders
from dealreg.process.open_customer import (
    open_customer,
    question_numbers,
    recognise,
    recognised,
    share,
    use_name_key,
)
from dealreg.vocabulary.ids import CustomerId, StreamId, customer_id, identifier_stream
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.vocabulary.situation import Situation


def resolve_customer(situation: Situation, program: str, request_key: str, given: CustomerGiven) -> CustomerId | None:
    """The customer that is meant, opened where nobody knew it; ``None`` where it cannot be told (ROE-2).

    Identifiers that name several customers give the one of the strongest scheme; a person tells whether they are the same (ROE-24).
    Raises ``Unknown`` for a customer id that nobody opened, ``Refused`` for an identifier that is none.
    """
    if given.customer is not None:
        return _known(situation, given.customer)
    pairs = canonical_pairs(given.identifiers)
    situation.need(IDENTIFIER.name, [identifier_stream(*pair) for pair in pairs])
    found = {pair: holders(situation, pair) for pair in pairs}
    numbered = dict.fromkeys(one for pair, held in found.items() if pair[0] != DOMAIN for one in held)
    doubted = [one for one in numbered if _contradicted(situation, one, found)]
    trusted = [one for one in numbered if one not in doubted]
    if trusted:
        return _named(situation, CustomerId(trusted[0]), found, [*trusted[1:], *doubted])
    if not doubted and (alone := _alone(situation, given, found)) is not None:
        return _named(situation, alone, found, [])
    if pairs or (_said(given.name) and _said(given.place)):
        return _newcomer(situation, customer_id(program, request_key), given, pairs, doubted)
    return None


def _known(situation: Situation, customer: UUID) -> CustomerId:
    if not situation.of(CUSTOMER, customer).exists:
        raise Unknown("there is no such customer; name it by an identifier, or by name and place")
    return CustomerId(customer_now(situation, customer))


def canonical_pairs(given: tuple[IdentifierGiven, ...]) -> list[Pair]:
    """Each identifier once, the strongest scheme first, in the order given within a scheme. Raises ``Refused``."""
    try:
        pairs = dict.fromkeys(canonical(known.scheme, known.value) for known in given)
    except NotAnIdentifier as error:
        raise Refused(f"identifier of the customer: {error}", clause="ROE-2") from error
    return sorted(pairs, key=lambda pair: strength(pair[0]))


def _said(text: str | None) -> bool:
    return text is not None and bool(folded(text))


def _contradicted(situation: Situation, customer: UUID, found: dict[Pair, tuple[UUID, ...]]) -> bool:
    """Whether one public register has one number for the customer and another was given: then an equal number decides nothing.

    An account of a CRM is the account whatever numbers it has: they are corrected there.
    """
    if any(customer in held for pair, held in found.items() if pair[0].startswith("crm:")):
        return False
    return told_apart_in_public(found, situation.of(CUSTOMER, customer).identifiers)


def _alone(situation: Situation, given: CustomerGiven, found: dict[Pair, tuple[UUID, ...]]) -> CustomerId | None:
    """The one customer that its domains name, where no names can be compared and no register speaks against it."""
    held = dict.fromkeys(one for pair, names in found.items() if pair[0] == DOMAIN for one in names)
    if len(held) != 1:
        return None
    (customer,) = held
    state = situation.of(CUSTOMER, customer)
    if (_said(given.name) and _said(state.name)) or told_apart_in_public(found, state.identifiers):
        return None
    return CustomerId(customer)


def _named(
    situation: Situation, customer: CustomerId, found: dict[Pair, tuple[UUID, ...]], others: list[UUID]
) -> CustomerId:
    """The customer that a number names. What else was given names it from here on, unless it names others: then a person is asked.

    A domain of another with a number of its own in one register is the domain of both, and asks nothing.
    """
    own = (*situation.of(CUSTOMER, customer).identifiers, *(pair for pair, held in found.items() if not held))
    asked = dict.fromkeys(others)
    for pair, held in found.items():
        for other in held if pair[0] == DOMAIN and not crowded(situation, pair) else ():
            if other != customer and told_apart_in_public(own, situation.of(CUSTOMER, other).identifiers):
                share(situation, customer, pair)
            elif other != customer and customer not in held:
                asked[other] = None
    if not asked:
        _identify(situation, customer, [pair for pair, held in found.items() if not held])
    question_numbers(situation, customer, list(asked))
    return customer


def _newcomer(
    situation: Situation, customer: CustomerId, given: CustomerGiven, pairs: list[Pair], doubted: Sequence[UUID]
) -> CustomerId:
    """The customer that it is like beyond doubt, else one opened anew. One request opens one customer, however often it is decided."""
    if situation.of(CUSTOMER, customer).exists:
        return customer
    same, possible = recognised(situation, given, pairs)
    if same is None or doubted:
        rest = [one for one in possible if one.customer not in doubted]
        open_customer(situation, customer, given, pairs, rest)
        question_numbers(situation, customer, doubted)
        return customer
    free = [pair for pair in pairs if not holders(situation, pair)]
    recognise(situation, given, pairs, next(one for one in possible if one.customer == same))
    _identify(situation, CustomerId(same), free)
    return CustomerId(same)


def _identify(situation: Situation, customer: CustomerId, pairs: list[Pair]) -> None:
    """Further identifiers of a known customer: they name it from here on, and may tell it from others of its name."""
    for scheme, value in pairs:
        stream: StreamId = identifier_stream(scheme, value)
        situation.record(IDENTIFIER, stream, IdentifierAssigned(scheme=scheme, value=value, customer=customer))
        identified = CustomerIdentified(customer=customer, scheme=scheme, value=value)
        situation.record(CUSTOMER, customer, identified)
    if pairs:
        use_name_key(situation, situation.of(CUSTOMER, customer))
        tell_by_register(situation, customer)
