"""An account event of the CRM: folded, and what it says of who end customers are takes effect (decision record 24).

The account itself folds field by field in its source's order. Customers, parents and merges follow from the accounts as they stand, so
that they end alike whatever came first: what names an account that nobody knows yet waits on that account's stream.
"""

from uuid import UUID

from pydantic import JsonValue

from dealreg.account.commands import FoldAccount, FollowAccount
from dealreg.account.decide import fold, repeated, stale
from dealreg.account.events import AccountAwaited, AccountFollowed
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

MOST_AT_ONCE = 20
"""How many follow in one decision."""


def fold_account(situation: Situation, request: Request, command: FoldAccount) -> Answer:
    """Take one message into account. Answers what it did: ``repeated``, ``nothing_newer``, ``stale`` or ``folded``, with the customer.

    ``left`` are the records of accounts for which others still wait: ask ``FollowAccount`` of them. ``refused`` says which words of it were taken note of and not done, such as a parent that would close a circle.
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
    heard, left = _follow(situation, request, account)
    place(situation, {**touched, **companies_touched(situation, heard)})
    after = situation.of(ACCOUNT, account)
    told |= {"did": "folded", "customer": str(after.customer) if after.customer is not None else None}
    anew = [f"{field} {why[0]}: {why[1]}" for field, why in after.refused.items() if stood.get(field) != why]
    told |= {"refused": list[JsonValue](anew)} if anew else {}
    return {**told, "left": list[JsonValue](left)} if left else told


def _follow(situation: Situation, request: Request, account: UUID) -> tuple[list[UUID], list[str]]:
    """Who the account is and what became of it, and then those that waited for it: the accounts that were heard, and who still waits."""
    resolve_account(situation, account)
    _await(situation, account)
    follow_merge(situation, request, account)
    heard, left = _let_follow(situation, request, account)
    return [account, *heard], left


def follow_account(situation: Situation, request: Request, command: FollowAccount) -> Answer:
    """Let some more follow. Answers ``followed`` with the records that are ``left`` to be followed, or ``nothing_waits``."""
    if request.actor.role not in {Role.CRM, Role.DEAL_DESK}:
        raise NotAllowed("only the CRM's feed lets accounts follow one another")
    account = account_id(command.source, command.record)
    heard, left = _let_follow(situation, request, account)
    place(situation, companies_touched(situation, heard))
    told: Answer = {"account": str(account), "did": "followed" if heard else "nothing_waits"}
    return {**told, "left": list[JsonValue](left)} if left else told


def _let_follow(situation: Situation, request: Request, account: UUID) -> tuple[list[UUID], list[str]]:
    """Once an account is known those that wait for it follow, so many at once: a decision reads a bounded number of streams."""
    state = situation.of(ACCOUNT, account)
    waiting = sorted(state.awaited_by)[:MOST_AT_ONCE] if state.customer is not None else []
    if not waiting:
        return [], []
    followers: list[UUID] = [account_id(state.source, record) for record in waiting]
    situation.need(ACCOUNT.name, followers)
    left = [
        record
        for record, follower in zip(waiting, followers, strict=True)
        if follow_merge(situation, request, follower) and situation.of(ACCOUNT, follower).awaited_by
    ]
    after = situation.record(ACCOUNT, account, AccountFollowed(account=account, records=tuple(waiting)))
    return followers, [*left, *([state.record] if after.awaited_by else [])]


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
