"""Messages of every source, real or as documented, with one thing in them spoiled: read or refused, never a fault of ours."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.service.intake.formats.known import ADAPTERS
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.strict_json import strict_json
from dealreg.service.intake.unreadable import Unreadable
from tests.fix_formats import SHIPPED, parsed, reads, shipped_with
from tests.service import test_format_dataverse as dataverse
from tests.service import test_format_fields as foreign
from tests.service import test_format_hubspot as hubspot
from tests.service import test_format_thin as thin

READINGS = (reads(), shipped_with("hubspot", api=hubspot.API, client=7))
MESSAGES: tuple[Any, ...] = (
    hubspot.CAPTURED,
    [hubspot.merge(), hubspot.merge("company.merge", newObjectId=9), hubspot.event("deal.restore")],
    [hubspot.association("deal.associationChange", 1, 2, "DEAL_TO_COMPANY")],
    [
        hubspot.association(
            "object.associationChange", 1, 2, fromObjectTypeId="0-2", toObjectTypeId="0-2", associationTypeId=14
        )
    ],
    dataverse.update(
        {
            "name": "x",
            "estimatedvalue": dataverse.money(5),
            "parentaccountid": dataverse.reference(dataverse.OTHER, "account"),
        }
    ),
    dataverse.context(
        "Merge",
        {"Target": dataverse.reference(dataverse.RECORD, "account"), "SubordinateId": dataverse.OTHER},
        table="account",
    ),
    dataverse.context(
        "Win",
        {"OpportunityClose": dataverse.entity({"opportunityid": dataverse.reference(dataverse.RECORD, "opportunity")})},
    ),
    dataverse.context("UpdateMultiple", {"Targets": {"Entities": [dataverse.entity({"name": "a"})]}}),
    thin.event(),
    thin.webhook(),
    foreign.event(
        "deal.created", {"deal": {"id": 1, "title": "x", "value": {"net": 5}, "positions": [{"line": "drives"}]}}
    ),
    foreign.event("company.changed", {"company": {"no": "C1", "name": "Mills", "address": {"city": "Oslo"}}}),
)
RECORDS: tuple[tuple[str, Entity, str, Any], ...] = (
    (
        "hubspot",
        Entity.OPPORTUNITY,
        "33",
        hubspot.deal(associations={"companies": {"results": [{"id": 1, "type": "deal_to_company"}]}}),
    ),
    ("dataverse", Entity.OPPORTUNITY, dataverse.RECORD, dataverse.row(estimatedvalue=5)),
    (
        "aws-partner-central",
        Entity.OPPORTUNITY,
        "O1",
        {"LastModifiedDate": "2026-04-28T15:23:45Z", "Project": {"ExpectedCustomerSpend": [{"Amount": "5"}]}},
    ),
    ("microsoft-partner-center", Entity.OPPORTUNITY, thin.REFERRAL, thin.referral()),
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(
        [
            -1,
            0,
            2**62,
            10**15,
            "",
            " ",
            "x" * 5000,
            "9999-12-31T23:59:59.9999999-14:00",
            "/Date(99999999999999999)/",
            "0001-01-01",
            "[",
            "١٢٣",
        ]
    ),
    st.text(max_size=5).filter(
        lambda text: "\x00" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
    ),
    st.lists(st.none() | st.integers(0, 3) | st.just({}) | st.just("a"), max_size=2),
    st.dictionaries(
        st.sampled_from(["Id", "Value", "key", "value", "a", ""]), st.none() | st.integers(0, 3), max_size=2
    ),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Everything that can be replaced: what holds it, and under which name."""
    found: list[tuple[Any, Any]] = []
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in named:
        found += [(value, name), *places(inner)]
    return found


def spoiled(value: Any, data: Any) -> Any:
    """With one or two things replaced or taken away."""
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 2))):
        there = places(value)
        if not there:
            break
        holder, name = there[data.draw(st.integers(0, len(there) - 1))]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[name]
        else:
            holder[name] = data.draw(JUNK)
    return value


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(MESSAGES), st.sampled_from(READINGS), st.data())
def test_a_spoiled_message_is_read_or_refused(message, reading, data):
    body = json.dumps(spoiled(message, data)).encode()
    with suppress(Unreadable):
        parsed(body, reading, **({"x-ms-dynamics-msg-size-exceeded": "true"} if data.draw(st.booleans()) else {}))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORDS), st.data())
def test_a_spoiled_record_is_read_or_refused(record, data):
    source, entity, named, value = record
    mapping = next(one for one in SHIPPED if one.source == source)
    adapter = next(one for one in ADAPTERS if one.format is mapping.format)
    with suppress(Unreadable):
        adapter.read(entity, named, strict_json(json.dumps(spoiled(value, data)).encode()), mapping)


@pytest.mark.parametrize("message", MESSAGES)
def test_each_of_them_unspoiled_is_read(message):
    done = parsed(message, READINGS[0])
    assert done.commands
