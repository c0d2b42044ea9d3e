"""One customer that was two from the beginning is parted: identifiers and registrations go to another one (ROE-24, architecture D13).

What a merge brought goes back by undoing it; this is for what was filed on one customer and was never of it.
"""

from uuid import UUID

from dealreg.customer import events as facts
from dealreg.customer.commands import SplitCustomer
from dealreg.customer.state import CUSTOMER, IDENTIFIER, Customer, Pair
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.merge_customers import SAYS, named_customer
from dealreg.process.open_customer import identifiers, use_name_key
from dealreg.process.resolve_customer import canonical_pairs
from dealreg.process.split_files import may_go, move_claims
from dealreg.registration.identity_events import RegistrationRekeyed
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import customer_id, identifier_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused
from dealreg.vocabulary.situation import Situation


def split(situation: Situation, request: Request, command: SplitCustomer) -> UUID:
    """Part the customer. Returns the one that what is named went to. Raises ``NotAllowed``, ``Unknown``, ``Closed``, ``Refused``."""
    if request.actor.role not in SAYS:
        raise NotAllowed("only the deal desk tells who customers are")
    parted = named_customer(situation, command.customer)
    pairs = canonical_pairs(command.identifiers)
    _names_it(situation, parted, pairs)
    filed = {one: registration_of(situation, one) for one in dict.fromkeys(command.registrations)}
    permit.not_own(request.actor, filed.values())
    held = Case.at(situation, command.customer)
    bring_to_due(held)
    _filed_on_it(held, command.customer, filed)
    may_go(held, frozenset(filed))
    to = _target(situation, request, command)
    _part(situation, request, command, to, pairs)
    move_claims(held, Case.at(situation, to), frozenset(filed))
    for registration in filed:
        moved = RegistrationRekeyed(
            registration=registration, customer=to, was=command.customer, rekeyed_at=situation.at
        )
        situation.record(REGISTRATION, registration, moved)
    bring_to_due(held)
    bring_to_due(Case.at(situation, to))
    return to


def _names_it(situation: Situation, parted: Customer, pairs: list[Pair]) -> None:
    """What goes names the customer now, and came with no merge."""
    situation.need(IDENTIFIER.name, [identifier_stream(*pair) for pair in pairs])
    situation.need(CUSTOMER.name, parted.absorbed)
    came = {pair for one in parted.absorbed for pair in situation.of(CUSTOMER, one).identifiers}
    for pair in pairs:
        if pair in came:
            raise Refused(f"{pair[0]} {pair[1]} came with a merge; undo the merge instead", clause="ROE-24")
        if situation.of(IDENTIFIER, identifier_stream(*pair)).customer != parted.customer:
            raise Refused(f"{pair[0]} {pair[1]} does not name this customer; check the identifier", clause="ROE-24")


def _filed_on_it(held: Case, customer: UUID, filed: dict[UUID, Registration]) -> None:
    """What goes was filed on the customer itself and in this program."""
    for registration, state in filed.items():
        claims = held.file.of_registration(registration)
        if state.customer != customer or (state.completed_at is not None and not claims):
            raise Refused(
                f"registration {registration} was not filed on this customer in this program; if a merge brought it, undo the merge",
                clause="ROE-24",
            )


def _target(situation: Situation, request: Request, command: SplitCustomer) -> UUID:
    """The customer that they go to: the one that is named, or a new one."""
    if command.to is not None:
        target = named_customer(situation, command.to)
        if target.customer is None or target.customer == command.customer:
            raise Closed("they are of this customer already; name another one, or none", clause="ROE-24")
        return target.customer
    to = customer_id(situation.program, f"split:{request.actor.caller}:{request.id}")
    opened = facts.CustomerOpened(
        customer=to,
        name=command.name,
        country=command.country,
        place=command.place,
        possible=(),
        street=command.street,
        postcode=command.postcode,
    )
    situation.record(CUSTOMER, to, opened)
    return to


def _part(situation: Situation, request: Request, command: SplitCustomer, to: UUID, pairs: list[Pair]) -> None:
    """Both are told apart, and the identifiers name the other from here on."""
    split_ = facts.CustomerSplit(
        customer=command.customer,
        parted=command.customer,
        to=to,
        identifiers=identifiers(pairs),
        registrations=tuple(dict.fromkeys(command.registrations)),
        reason=command.reason,
        split_by=request.actor.subject,
        split_at=situation.at,
    )
    situation.record(CUSTOMER, command.customer, split_)
    situation.record(CUSTOMER, to, split_.model_copy(update={"customer": to}))
    for scheme, value in pairs:
        moved = facts.IdentifierReassigned(scheme=scheme, value=value, customer=to, was=command.customer)
        situation.record(IDENTIFIER, identifier_stream(scheme, value), moved)
    for side in (command.customer, to):
        use_name_key(situation, situation.of(CUSTOMER, side))
