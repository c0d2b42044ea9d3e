"""Who is one customer and who are two: said by the desk, or by the CRM that merged its accounts (ROE-24, architecture D13)."""

from uuid import UUID

from dealreg.customer import events as facts
from dealreg.customer.commands import MergeCustomers, TellCustomersApart, UndoMerge
from dealreg.customer.state import CUSTOMER, IDENTIFIER, Customer
from dealreg.process import permit
from dealreg.process.ask_identity import tell_by_register
from dealreg.process.await_identity import undecided, waits_for_identity
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import MOST_MERGES, Case, customer_now, registration_of
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import identifier_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Unknown
from dealreg.vocabulary.situation import Situation

SAYS = frozenset({Role.DEAL_DESK, Role.CRM})


def merge(situation: Situation, request: Request, command: MergeCustomers) -> UUID:
    """The two are one from here on. Raises ``NotAllowed``, ``Unknown``, ``Closed``, ``Refused`` where the chain would be too long."""
    into, absorbed = named_customer(situation, command.customer), _known(situation, command.absorbed)
    if into.customer is None or absorbed.customer is None or into.customer == absorbed.customer:
        raise Closed("the two are one customer already", clause="ROE-24")
    steps = max(into.steps, absorbed.steps + 1)
    if steps > MOST_MERGES:
        raise Refused("the chain of merges would be too long; merge the other way round", clause="ROE-24")
    cases = [Case.at(situation, into.customer), Case.at(situation, absorbed.customer)]
    _may_tell(situation, request.actor, cases)
    for case in cases:
        bring_to_due(case)
    merged = facts.CustomersMerged(
        customer=into.customer,
        absorbed=absorbed.customer,
        into=into.customer,
        identifiers=_identifiers(absorbed),
        possible=tuple(other for other in undecided(situation, absorbed.customer) if other != into.customer),
        steps=steps,
        reason=command.reason,
        merged_by=request.actor.subject,
        merged_at=situation.at,
    )
    situation.record(CUSTOMER, into.customer, merged)
    situation.record(CUSTOMER, absorbed.customer, merged.model_copy(update={"customer": absorbed.customer}))
    _reassign(situation, absorbed, absorbed.customer, into.customer)
    tell_by_register(situation, into.customer)
    bring_to_due(cases[0])
    return into.customer


def undo(situation: Situation, request: Request, command: UndoMerge) -> UUID:
    """They are two again: what is undecided parts, what was ruled stands. Raises ``NotAllowed``, ``Unknown``, ``Closed``."""
    absorbed = _exists(situation, command.customer)
    if absorbed.into is None:
        raise Closed("the customer was not merged into another; there is nothing to undo", clause="ROE-24")
    into = _exists(situation, absorbed.into)
    if into.into is not None:
        raise Closed("undo the later merge first: the customer it was merged into was merged itself", clause="ROE-24")
    held = Case.at(situation, absorbed.into)
    _may_tell(situation, request.actor, [held])
    bring_to_due(held)
    undone = facts.MergeUndone(
        customer=absorbed.into,
        absorbed=command.customer,
        into=absorbed.into,
        identifiers=_identifiers(absorbed),
        reason=command.reason,
        undone_by=request.actor.subject,
        undone_at=situation.at,
    )
    situation.record(CUSTOMER, absorbed.into, undone)
    situation.record(CUSTOMER, command.customer, undone.model_copy(update={"customer": command.customer}))
    _reassign(situation, absorbed, absorbed.into, command.customer)
    bring_to_due(Case.at(situation, command.customer))
    return command.customer


def tell_apart(situation: Situation, request: Request, command: TellCustomersApart) -> UUID:
    """They are different, and are not asked again. Raises ``NotAllowed``, ``Unknown``, ``Closed``."""
    one = named_customer(situation, command.customer)
    other = _known(situation, command.other) if command.other is not None else None
    if one.customer is None or (other is not None and one.customer == other.customer):
        raise Closed("the two are one customer by now; undo the merge instead", clause="ROE-24")
    others = [other.customer] if other is not None else list(undecided(situation, one.customer))
    sides = [Case.at(situation, side) for side in (one.customer, *others) if side is not None]
    _may_tell(situation, request.actor, sides)
    for case in sides:
        bring_to_due(case)
    _tell(situation, request, command, one.customer, other.customer if other is not None else None)
    for known in others:
        if known is not None:
            _tell(situation, request, command, known, one.customer)
    for case in sides:
        bring_to_due(case)
    return one.customer


def _tell(
    situation: Situation, request: Request, command: TellCustomersApart, customer: UUID, other: UUID | None
) -> None:
    told = facts.CustomersToldApart(
        customer=customer,
        other=other,
        reason=command.reason,
        told_by=request.actor.subject,
        told_at=situation.at,
    )
    situation.record(CUSTOMER, customer, told)


def named_customer(situation: Situation, customer: UUID) -> Customer:
    """The customer that a command is about, as it is named: its stream remembers the answer. Raises ``Unknown``, ``Closed``."""
    state = _exists(situation, customer)
    if state.into is not None:
        raise Closed(f"the customer was merged; name {customer_now(situation, customer)} instead", clause="ROE-24")
    return state


def _known(situation: Situation, customer: UUID) -> Customer:
    """The customer as it is after all merges."""
    _exists(situation, customer)
    return situation.of(CUSTOMER, customer_now(situation, customer))


def _exists(situation: Situation, customer: UUID) -> Customer:
    state = situation.of(CUSTOMER, customer)
    if not state.exists:
        raise Unknown("there is no such customer; check its id")
    return state


def _may_tell(situation: Situation, actor: Actor, cases: list[Case]) -> None:
    """The desk, or the CRM whose accounts they are; nobody decides on what he filed (rules.md section 4).

    A feed files what its people entered and merges what they merged: it is no person that would judge its own claim.
    """
    if actor.role not in SAYS:
        raise NotAllowed("only the deal desk tells who customers are")
    if actor.role is Role.CRM:
        return
    waiting = [claim for case in cases for claim in case.file.living() if waits_for_identity(claim)]
    permit.not_own(actor, [registration_of(situation, claim.registration) for claim in waiting])


def _identifiers(state: Customer) -> tuple[facts.KnownIdentifier, ...]:
    return tuple(facts.KnownIdentifier(scheme=scheme, value=value) for scheme, value in state.identifiers)


def _reassign(situation: Situation, state: Customer, was: UUID, customer: UUID) -> None:
    """What names the absorbed customer names the other from here on; what was given to a third meanwhile is left alone."""
    streams = {pair: identifier_stream(*pair) for pair in state.identifiers}
    situation.need(IDENTIFIER.name, list(streams.values()))
    for (scheme, value), stream in streams.items():
        if situation.of(IDENTIFIER, stream).customer == was:
            fact = facts.IdentifierReassigned(scheme=scheme, value=value, customer=customer, was=was)
            situation.record(IDENTIFIER, stream, fact)
