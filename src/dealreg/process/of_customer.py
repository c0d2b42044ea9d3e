"""The commands on who customers are, and where each is decided."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.customer import commands as asked
from dealreg.customer.state import CUSTOMER
from dealreg.process.case import customer_now
from dealreg.process.merge_customers import merge, tell_apart, undo
from dealreg.process.name_parent_company import name_parent
from dealreg.process.question_identity import question_late
from dealreg.process.split_customer import split
from dealreg.vocabulary.fact import Command, Request
from dealreg.vocabulary.situation import Situation

Answer = dict[str, JsonValue]
Act = Callable[[Situation, Request, Any], UUID]

_ACTS: dict[type[Command], Act] = {
    asked.MergeCustomers: merge,
    asked.TellCustomersApart: tell_apart,
    asked.UndoMerge: undo,
    asked.SplitCustomer: split,
    asked.QuestionIdentity: question_late,
    asked.NameParentCompany: name_parent,
}


def _answered(act: Act) -> Callable[[Situation, Request, Any], Answer]:
    """Answered with who the customer is now, and whom it may still be."""

    def decided(situation: Situation, request: Request, command: asked.OfCustomer) -> Answer:
        customer = act(situation, request, command)
        now = customer_now(situation, customer)
        possible: list[JsonValue] = [str(other) for other in situation.of(CUSTOMER, now).possible]
        return {"customer": str(now), "possible": possible}

    return decided


OF_CUSTOMER = {command: _answered(act) for command, act in _ACTS.items()}
"""Where each is decided."""
