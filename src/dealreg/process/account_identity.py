"""Which end customer an account is: by its id in the CRM, its identifiers, its name and place (decision record 24)."""

from collections.abc import Iterable
from uuid import UUID

from dealreg.account.commands import AccountMessage
from dealreg.account.events import NAMING, AccountResolved, AccountSaid, Unusable
from dealreg.account.state import ACCOUNT, Account
from dealreg.customer.commands import CustomerGiven, IdentifierGiven
from dealreg.customer.state import CUSTOMER, IDENTIFIER
from dealreg.matching.identifiers import NotAnIdentifier, canonical
from dealreg.process.case import customer_now
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.crm_record import IDENTIFIER as BY_SCHEME
from dealreg.vocabulary.crm_record import Identifier
from dealreg.vocabulary.ids import account_id, identifier_stream
from dealreg.vocabulary.situation import Situation

LONGEST_STREET = 200
"""Characters; Salesforce lets people write 255 there, in several lines."""

AT_ONCE = 50
"""Of how many accounts of one company a decision asks at once."""

CRM = "crm:"
"""Begins the scheme under which a CRM's own id of an account names its customer."""


def unusable(message: AccountMessage) -> tuple[Unusable, ...]:
    """The identifiers that are none of their scheme, each with the reason: a CRM holds what people typed."""
    found = []
    for one in message.identifiers:
        try:
            canonical(one.scheme, one.value)
        except NotAnIdentifier as error:
            found.append(Unusable(field=BY_SCHEME + one.scheme, reason=str(error)))
    return tuple(found)


def usable(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers that are what their scheme says."""
    return tuple(one for one in identifiers if _is_one(one))


def _is_one(one: Identifier) -> bool:
    try:
        canonical(one.scheme, one.value)
    except NotAnIdentifier:
        return False
    return True


def resolve_account(situation: Situation, account: UUID) -> bool:
    """Tell who the account is where that is not known, or what names it has changed. Whether it was not known before.

    An account without a name and an identifier is nobody yet. One that is gone is told too: a message that comes late changes nothing.
    """
    state = situation.of(ACCOUNT, account)
    if state.customer is not None and not any(name in NAMING or name.startswith(BY_SCHEME) for name in state.changed):
        return False
    known = usable(state.values.identifiers)
    if not known and state.values.name is None:
        return False
    return name_customer(situation, account, given_by(state))


def name_customer(situation: Situation, account: UUID, given: CustomerGiven) -> bool:
    """Have the customer found or opened that the account is. Whether it was not known before."""
    state = situation.of(ACCOUNT, account)
    customer = resolve_customer(situation, situation.program, f"account:{state.source}:{state.record}", given)
    if state.customer is not None or customer is None:
        return False
    resolved = AccountResolved(account=account, source=state.source, record=state.record, customer=customer)
    situation.record(ACCOUNT, account, resolved)
    return True


def given_by(state: Account) -> CustomerGiven:
    """The company as the account tells of it, its id in the CRM first."""
    values = state.values
    named = [IdentifierGiven(scheme=one.scheme, value=one.value) for one in usable(values.identifiers)]
    return CustomerGiven(
        identifiers=(own_id(state.source, state.record), *named),
        name=values.name,
        country=values.country,
        place=values.place,
        street=street_of(values),
        postcode=values.postcode,
    )


def street_of(values: AccountSaid) -> str | None:
    """The street as an address is compared; what a CRM lets people write beyond that is no street."""
    return values.street if values.street is not None and len(values.street) <= LONGEST_STREET else None


def own_id(source: str, record: str) -> IdentifierGiven:
    """The account's id in its CRM, as an identifier of the customer."""
    return IdentifierGiven(scheme=CRM + source, value=record)


def customer_of(situation: Situation, source: str, record: str) -> UUID | None:
    """Whom the account's id names, as the customer is after all merges; ``None`` where it names nobody yet."""
    pair = canonical(CRM + source, record)
    named = situation.of(IDENTIFIER, identifier_stream(*pair)).customer
    named = named or situation.of(ACCOUNT, account_id(source, record)).customer
    return customer_now(situation, named) if named is not None else None


def accounts_of(situation: Situation, customer: UUID) -> tuple[UUID, ...]:
    """The accounts that are this customer, of every CRM, as far as anything is known of them."""
    known = situation.of(CUSTOMER, customer).identifiers
    records = [(scheme.removeprefix(CRM), value) for scheme, value in known if scheme.startswith(CRM)]
    streams = [account_id(source, record) for source, record in records]
    for start in range(0, len(streams), AT_ONCE):
        situation.need(ACCOUNT.name, streams[start : start + AT_ONCE])
    return tuple(stream for stream in streams if situation.of(ACCOUNT, stream).customer is not None)
