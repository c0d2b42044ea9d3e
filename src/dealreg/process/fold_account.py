"""An account event of the CRM: folded, and what it says of who end customers are takes effect (decision record 24).

The account itself folds field by field in its source's order. Customers, parents and merges follow from the accounts as they stand, so
that they end alike whatever came first: what names an account that nobody knows yet waits on that account's stream.
"""

from uuid import UUID

from pydantic import JsonValue

from dealreg.account.commands import FoldAccount
from dealreg.account.decide import fold, repeated, stale
from dealreg.account.events import AccountAwaited
from dealreg.account.state import ACCOUNT
from dealreg.process.account_identity import resolve_account, unusable
from dealreg.process.account_merges import follow_merge
from dealreg.process.account_parents import companies_touched, place
from dealreg.process.mirror_fields import learn
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Request, Role
from dealreg.vocabulary.field_types import Entity
from dealreg.vocabulary.ids import account_id
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.situation import Situation

Answer = dict[str, JsonValue]


def fold_account(situation: Situation, request: Request, command: FoldAccount) -> Answer:
    """Take one message into account. Answers what it did: ``repeated``, ``nothing_newer``, ``stale`` or ``folded``, with the customer.

    ``refused`` says which words of it were taken note of and not done, such as a parent that would close a circle.
    """
    if request.actor.role not in {Role.CRM, Role.DEAL_DESK}:
        raise NotAllowed("only the CRM's feed publishes account events")
    message = command.message
    account = message.account
    told: Answer = {"account": str(account)}
    before = situation.of(ACCOUNT, account)
    if repeated(before, message):
        return {**told, "did": "repeated"}
    if message.change is Change.GAP:
        gap = stale(before, message)
        if gap is not None:
            situation.record(ACCOUNT, account, gap)
        return {**told, "did": "stale" if gap is not None else "nothing_newer"}
    brought_by = (message.source, message.record, message.digest)
    learn(situation, Entity.ACCOUNT, brought_by, message.custom, message.treated)
    changed = fold(before, message, unusable(message))
    if changed is None:
        return {**told, "did": "nothing_newer"}
    touched = companies_touched(situation, [account])
    stood = before.refused
    situation.record(ACCOUNT, account, changed)
    heard = _follow(situation, request, account)
    place(situation, {**touched, **companies_touched(situation, heard)})
    after = situation.of(ACCOUNT, account)
    told |= {"did": "folded", "customer": str(after.customer) if after.customer is not None else None}
    anew = [f"{field} {why[0]}: {why[1]}" for field, why in after.refused.items() if stood.get(field) != why]
    return {**told, "refused": list[JsonValue](anew)} if anew else told


def _follow(situation: Situation, request: Request, account: UUID) -> list[UUID]:
    """Who the account is and what became of it; where that was not known, those that waited for it follow. The accounts that were heard."""
    heard = [account]
    waiting = situation.of(ACCOUNT, account).awaited_by
    found = resolve_account(situation, account)
    _await(situation, account)
    found = follow_merge(situation, request, account) or found
    source = situation.of(ACCOUNT, account).source
    for record in sorted(waiting) if found else ():
        other = account_id(source, record)
        if other not in heard:
            heard += _follow_other(situation, request, other)
    return heard


def _follow_other(situation: Situation, request: Request, account: UUID) -> list[UUID]:
    """An account that waited: its merge can be followed now, and then those that waited for it."""
    waiting = situation.of(ACCOUNT, account).awaited_by
    source = situation.of(ACCOUNT, account).source
    if not follow_merge(situation, request, account):
        return [account]
    found = [account]
    for record in sorted(waiting):
        found += _follow_other(situation, request, account_id(source, record))
    return found


def _await(situation: Situation, account: UUID) -> None:
    """Wait on the streams of the accounts that it names and nobody knows yet."""
    state = situation.of(ACCOUNT, account)
    named = [record for record in (state.values.parent, state.values.merged_into) if record is not None]
    streams = {record: account_id(state.source, record) for record in named}
    situation.need(ACCOUNT.name, list(streams.values()))
    for record, stream in streams.items():
        other = situation.of(ACCOUNT, stream)
        if other.customer is None and state.record not in other.awaited_by:
            awaited = AccountAwaited(account=stream, source=state.source, record=record, awaited_by=state.record)
            situation.record(ACCOUNT, stream, awaited)
