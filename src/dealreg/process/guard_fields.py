"""A CRM's own fields as guards see them: those that the rulebook declares, of the opportunity and of its account (architecture D6)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from dealreg.account.state import ACCOUNT
from dealreg.engagement.guards.completing import named_in
from dealreg.engagement.guards.custom_fields import CustomFieldRules, read
from dealreg.file.state import Claim
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.process.case import Case
from dealreg.vocabulary.field_types import Entity
from dealreg.vocabulary.ids import account_id

Written = tuple[str, dict[str, str | None]]
"""The organisation, and what its record carries in the clear by the CRM's own names; what is sealed is none."""


def known_fields(case: Case, entity: Entity, written: Written) -> Iterator[tuple[str, Any]]:
    """The declared fields that the record carries, as their type; what is sealed or no such value is not known."""
    for rules in case.rules.custom_fields:
        text = _text(rules, entity, written)
        value = read(rules, text, case.rules.zone) if text is not None else None
        if value is not None:
            yield rules.name, value


def misread(case: Case, claim: Claim, expression: str) -> str | None:
    """The fields that a guard asks for and that carry something which cannot be read as declared, in words without the value."""
    asked = named_in(expression)
    odd = []
    for rules in case.rules.custom_fields:
        if (rules.of, rules.name) in asked:
            text = _text(rules, rules.of, written_on(case, claim, rules.of))
            if text is not None and read(rules, text, case.rules.zone) is None:
                odd.append(f"{rules.name!r} cannot be read as {rules.type.value}")
    return ", ".join(odd) or None


def written_on(case: Case, claim: Claim, entity: Entity) -> Written:
    """What the record that the claim rides on carries, or that record's account."""
    if claim.opportunity is None:
        return "", {}
    state = case.situation.of(OPPORTUNITY, claim.opportunity)
    values: Any = state.values
    if entity is Entity.ACCOUNT:
        account = account_of(case, claim)
        values = case.situation.of(ACCOUNT, account).values if account is not None else None
    return state.source, {field.name: field.value for field in values.custom} if values is not None else {}


def account_of(case: Case, claim: Claim) -> UUID | None:
    """The account that the opportunity names as its customer; ``None`` where it rides on none or names none."""
    if claim.opportunity is None:
        return None
    state = case.situation.of(OPPORTUNITY, claim.opportunity)
    record = state.values.customer_ref
    return account_id(state.source, record) if record is not None else None


def _text(rules: CustomFieldRules, entity: Entity, written: Written) -> str | None:
    source, carried = written
    return carried.get(rules.asked) if rules.of is entity and rules.source in {None, source} else None
