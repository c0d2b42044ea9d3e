"""A customer, or an opportunity, of another system: recorded now, effective when it was so there (architecture D5)."""

from datetime import datetime

from pydantic import JsonValue

from dealreg.customer.commands import IdentifierGiven, NameParentCompany
from dealreg.customer.import_commands import ImportCustomer
from dealreg.customer.state import IDENTIFIER
from dealreg.matching.identifiers import canonical
from dealreg.opportunity.decide import fold, repeated
from dealreg.opportunity.import_commands import ImportOpportunity
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.process import permit
from dealreg.process.case import customer_now
from dealreg.process.name_parent_company import name_parent
from dealreg.process.resolve_customer import resolve_customer
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import StreamId, identifier_stream
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.vocabulary.situation import Situation


def home_of_customer(command: ImportCustomer) -> StreamId:
    """The stream of the record's own identifier: whatever customer it turns out to be."""
    return identifier_stream(*canonical(_scheme(command), command.record))


def import_customer(situation: Situation, request: Request, command: ImportCustomer) -> dict[str, JsonValue]:
    """Open it, or find it by an identifier. Raises ``NotAllowed``, ``Unknown`` for a parent that is not here, ``Refused``."""
    permit.of_desk(request.actor, "import customers")
    _is_past(situation, command.known_at)
    own = IdentifierGiven(scheme=_scheme(command), value=command.record)
    named = command.given.model_copy(update={"identifiers": (own, *command.given.identifiers)})
    now, situation.at = situation.at, command.known_at
    customer = resolve_customer(situation, situation.program, f"import:{command.system}:{command.record}", named)
    situation.at = now
    if customer is None:
        raise Refused("cannot be told from others: give identifiers, or name and place", clause="ROE-2")
    if command.parent is not None:
        above = NameParentCompany(
            customer=customer_now(situation, customer),
            parent=_parent(situation, command),
            held_from=command.parent_since or command.known_at,
        )
        name_parent(situation, request, above)
    return {"customer": str(customer)}


def _scheme(command: ImportCustomer) -> str:
    return f"crm:{command.system}"


def _parent(situation: Situation, command: ImportCustomer) -> StreamId:
    stream = identifier_stream(*canonical(_scheme(command), command.parent or ""))
    known = situation.of(IDENTIFIER, stream).customer
    if known is None:
        raise Unknown(f"the company above it, {command.parent!r}, is not here; import it first")
    return StreamId(customer_now(situation, known))


def import_opportunity(situation: Situation, request: Request, command: ImportOpportunity) -> dict[str, JsonValue]:
    """Fold it, and nothing more. Answers ``folded``, ``repeated`` or ``nothing_newer``. Raises ``NotAllowed``, ``Refused``."""
    permit.of_desk(request.actor, "import opportunities")
    message = command.message
    _is_past(situation, message.changed_at)
    stream = message.opportunity
    before = situation.of(OPPORTUNITY, stream)
    told: dict[str, JsonValue] = {"opportunity": str(stream)}
    if repeated(before, message):
        return {**told, "did": "repeated"}
    changed = fold(before, message)
    if changed is None:
        return {**told, "did": "nothing_newer"}
    situation.record(OPPORTUNITY, stream, changed, effective_at=message.changed_at)
    return {**told, "did": "folded"}


def _is_past(situation: Situation, at: datetime) -> None:
    if at > situation.at:
        raise Refused(f"{at.isoformat()} is still to come; an import tells of the past")
