"""Which company stands above which, from which day on (ROE-24, reach; C7)."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from dealreg.customer.commands import NameParentCompany
from dealreg.customer.events import ParentCompanyNamed
from dealreg.customer.state import CUSTOMER
from dealreg.process import permit
from dealreg.process.case import customer_now
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Closed, Refused, Unknown
from dealreg.vocabulary.situation import Situation

MOST_ABOVE = 10
"""Levels of a group of companies: more is refused, so that a decision reads a bounded number of files."""


def name_parent(situation: Situation, request: Request, command: NameParentCompany) -> UUID:
    """Record the company above. Raises ``NotAllowed``, ``Unknown``, ``Closed``, ``Refused`` for a company above itself."""
    permit.of_desk(request.actor, "name the parent of a company")
    name_above(situation, command.customer, command.parent, command.held_from or situation.at)
    return command.customer


def name_above(situation: Situation, customer: UUID, parent: UUID | None, held_from: datetime) -> None:
    """Record the company above from a day on, whoever says so. Raises as ``name_parent``; then nothing is recorded."""
    state = situation.of(CUSTOMER, customer)
    if not state.exists or (parent is not None and not situation.of(CUSTOMER, parent).exists):
        raise Unknown("there is no such customer; check its id")
    if state.into is not None:
        raise Closed(f"the customer was merged; name {customer_now(situation, customer)} instead")
    if parent is not None:
        _no_cycle(situation, customer, parent, held_from)
    named = ParentCompanyNamed(customer=customer, parent=parent, held_from=held_from)
    situation.record(CUSTOMER, customer, named)
    if parent is not None:
        situation.record(CUSTOMER, parent, named)


def _no_cycle(situation: Situation, customer: UUID, parent: UUID, held_from: datetime) -> None:
    """Whatever holds from that day on, no company stands above itself."""
    level, seen = {customer_now(situation, parent)}, set[UUID]()
    for _ in range(MOST_ABOVE):
        if customer in level:
            raise Refused("the company would stand above itself; correct the one above it first", clause="ROE-24")
        seen |= level
        situation.need(CUSTOMER.name, sorted(level))
        named = {above for one in level for above in situation.of(CUSTOMER, one).parents.since(held_from)}
        level = {customer_now(situation, above) for above in named if above is not None} - seen
        if not level:
            return
    raise Refused(f"more than {MOST_ABOVE} companies would stand above one another", clause="ROE-24")


def companies_above(situation: Situation, customer: UUID, at: datetime) -> Iterator[UUID]:
    """The companies above a customer on a day, the nearest first, each as it is after all merges."""
    seen = {customer}
    for _ in range(MOST_ABOVE + 1):
        parent = situation.of(CUSTOMER, customer).parents.at(at)
        if parent is None:
            return
        customer = customer_now(situation, parent)
        if customer in seen:
            return
        seen.add(customer)
        yield customer


def companies_below(situation: Situation, customer: UUID, at: datetime) -> tuple[UUID, ...]:
    """Every company below a customer on a day, as it is after all merges."""
    found: dict[UUID, None] = {}
    level = [customer]
    for _ in range(MOST_ABOVE):
        everybody = [member for one in level for member in _members(situation, one)]
        known = sorted({below for one in everybody for below in situation.of(CUSTOMER, one).below})
        situation.need(CUSTOMER.name, known)
        named = [one for one in known if situation.of(CUSTOMER, one).parents.at(at) is not None]
        now = dict.fromkeys(customer_now(situation, one) for one in named)
        level = [
            one for one in now if one not in found and one != customer and _stands_below(situation, one, level, at)
        ]
        found |= dict.fromkeys(level)
    return tuple(found)


def _members(situation: Situation, customer: UUID) -> Iterator[UUID]:
    """A customer and those that were merged into it."""
    yield customer
    for absorbed in situation.of(CUSTOMER, customer).absorbed:
        yield from _members(situation, absorbed)


def _stands_below(situation: Situation, company: UUID, above: list[UUID], at: datetime) -> bool:
    parent = situation.of(CUSTOMER, company).parents.at(at)
    return parent is not None and customer_now(situation, parent) in above
