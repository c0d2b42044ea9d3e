"""Ids: new types, so that two of them are never swapped, and the derivations that hold for ever (architecture D4, D16)."""

import json
from functools import lru_cache
from typing import Annotated, NewType
from uuid import UUID, uuid5

from pydantic import StringConstraints

NAMESPACE = UUID("6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11")
"""The root of every derived id. Changing it would cut every stored stream from its name: it never changes."""

StreamId = NewType("StreamId", UUID)
RegistrationId = NewType("RegistrationId", UUID)
CustomerId = NewType("CustomerId", UUID)
ConflictId = NewType("ConflictId", UUID)
OverrideId = NewType("OverrideId", UUID)
ReportId = NewType("ReportId", UUID)
OpportunityId = NewType("OpportunityId", UUID)
AccountId = NewType("AccountId", UUID)
SpecialPriceId = NewType("SpecialPriceId", UUID)
ReaderId = NewType("ReaderId", UUID)

_Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$")]

ProgramId = NewType("ProgramId", _Short)
PartnerId = NewType("PartnerId", _Short)


DERIVED_AT_HAND = 16_384
"""How many derived ids are kept: one decision asks for the same dozen again and again, sixty times in all."""


@lru_cache(maxsize=DERIVED_AT_HAND, typed=True)
def derived(kind: str, *parts: object) -> UUID:
    """The id of ``kind`` named by ``parts``: the same parts give the same id on every machine, for ever.

    The parts are joined as a JSON list, so that ``("a", "bc")`` and ``("ab", "c")`` never meet.
    """
    return uuid5(NAMESPACE, json.dumps([kind, *map(str, parts)], ensure_ascii=False, separators=(",", ":")))


def registration_id(program: str, filed_by: str, request: str) -> RegistrationId:
    """One request for protection: the same request id of the same filing party is the same registration (ROE-28)."""
    return RegistrationId(derived("registration", program, filed_by, request))


def customer_id(program: str, request_key: str) -> CustomerId:
    """A customer, named by the request that opened it and never recomputed (architecture D4)."""
    return CustomerId(derived("customer", program, request_key))


def conflict_id(opening: str) -> ConflictId:
    """A conflict, named by the id of the event that opened it in the customer file."""
    return ConflictId(derived("conflict", opening))


def override_id(program: str, proposed_by: str, request: str) -> OverrideId:
    """An override, named by who proposed it and with which request."""
    return OverrideId(derived("override", program, proposed_by, request))


def special_price_id(program: str, asked_by: str, request: str) -> SpecialPriceId:
    """A special price, named by who asked for it and with which request."""
    return SpecialPriceId(derived("special_price", program, asked_by, request))


def report_id(program: str, said_by: str, request: str) -> ReportId:
    """What somebody told of a customer's account, named by who said it and with which request."""
    return ReportId(derived("account_report", program, said_by, request))


def opportunity_id(source: str, record: str) -> OpportunityId:
    """An opportunity as one CRM organisation knows it; ``record`` is canonical (18 characters for Salesforce)."""
    return OpportunityId(derived("opportunity", source, record))


def account_id(source: str, record: str) -> AccountId:
    """An account, a company, as one CRM organisation knows it; ``record`` as in ``opportunity_id``."""
    return AccountId(derived("account", source, record))


def partner_stream(program: str, partner: str) -> StreamId:
    """The stream of a partner, which is also its reader id."""
    return StreamId(derived("partner", program, partner))


def rulebook_stream(program: str) -> StreamId:
    """The stream of a program's rules of engagement."""
    return StreamId(derived("rulebook", program))


def feed_stream(program: str, source: str) -> StreamId:
    """The stream of what one source feeds a program with: its gaps."""
    return StreamId(derived("feed", program, source))


def file_stream(program: str, customer: UUID) -> StreamId:
    """The customer file: every claim of one program on one end customer."""
    return StreamId(derived("file", program, customer))


def identifier_stream(scheme: str, value: str) -> StreamId:
    """The stream that says which customer holds an identifier (one identity for all programs, architecture D16)."""
    return StreamId(derived("identifier", scheme, value))


def name_key_stream(country: str, key: str) -> StreamId:
    """The stream of a coarse name key, to which every opening of a customer appends (architecture D13)."""
    return StreamId(derived("name_key", country, key))


def crm_schema_id(program: str, source: str, entity: str) -> StreamId:
    """The stream of the fields that one CRM organisation has of its own on one kind of record, as one program knows them."""
    return StreamId(derived("crm_schema", program, source, entity))


def partner_reader(program: str, partner: str) -> ReaderId:
    """Who reads a partner's rows."""
    return ReaderId(partner_stream(program, partner))


def region_reader(program: str, territory: str) -> ReaderId:
    """Who reads the rows of a region: a territory node with all below it."""
    return ReaderId(derived("region", program, territory))


def desk_reader(program: str) -> ReaderId:
    """Who reads the rows of the whole program: the deal desk."""
    return ReaderId(derived("desk", program))
