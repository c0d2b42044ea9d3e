"""The commands that take another system's history over, where each is decided, and which stream remembers its answer."""

from collections.abc import Callable
from typing import Any

from dealreg.customer.import_commands import ImportCustomer
from dealreg.opportunity.import_commands import ImportOpportunity
from dealreg.process.import_customer import home_of_customer, import_customer, import_opportunity
from dealreg.process.import_registration import import_registration, imported_id
from dealreg.process.view import answer
from dealreg.registration.import_commands import ImportRegistration
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.situation import Situation

Import = ImportRegistration | ImportCustomer | ImportOpportunity


def _registration(situation: Situation, request: Request, command: ImportRegistration) -> dict[str, Any]:
    return answer(situation, import_registration(situation, request, command), request.actor)


IMPORTED: dict[type[Command], Callable[[Situation, Request, Any], dict[str, Any]]] = {
    ImportRegistration: _registration,
    ImportCustomer: import_customer,
    ImportOpportunity: import_opportunity,
}


def home_of_import(request: Request, command: Import) -> tuple[str, StreamId]:
    """The stream that remembers what was answered, and its kind."""
    match command:
        case ImportRegistration():
            return "registration", StreamId(imported_id(request.program, request.id, command))
        case ImportCustomer():
            return "identifier", home_of_customer(command)
        case ImportOpportunity():
            return "opportunity", StreamId(command.message.opportunity)
