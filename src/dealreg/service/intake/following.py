"""Accounts that waited for one that has become known follow it, some at a time, before its message is acknowledged.

A kill in between loses nothing: the message comes again, finds its answer, and what is left is asked again under the same names.
"""

from dealreg.account.commands import FoldAccount, FollowAccount
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.outcomes import Decided, Outcome
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import derived


def followed(dispatch: Dispatch, request: Request, outcome: Outcome) -> list[Outcome]:
    """Ask until nobody waits; the outcomes that were no decision, of which there is at most one. Raises ``Unavailable``."""
    if not isinstance(request.command, FoldAccount):
        return []
    source, waiting, asked = request.command.message.source, _left(outcome), 0
    while waiting:
        record, asked = waiting.pop(), asked + 1
        name = str(derived("follow", request.id, record, asked))
        command = FollowAccount(source=source, record=record)
        (came,) = dispatch.decide_batch([request.model_copy(update={"id": name, "command": command})])
        if not isinstance(came, Decided):
            return [came]
        waiting += _left(came)
    return []


def _left(outcome: Outcome) -> list[str]:
    left = outcome.answer.get("left") if isinstance(outcome, Decided) else None
    return [str(record) for record in left] if isinstance(left, list) else []
