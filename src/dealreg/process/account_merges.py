"""An account that the CRM merged into another, and one that it brought back: so do the end customers (ROE-24, C44, C45)."""

from uuid import UUID

from dealreg.account.events import AccountMerged, AccountParted
from dealreg.account.state import ACCOUNT, Account
from dealreg.customer.commands import CustomerGiven, MergeCustomers, UndoMerge
from dealreg.customer.state import CUSTOMER
from dealreg.process.account_identity import customer_of, name_customer, own_id
from dealreg.process.account_parents import refuse_link
from dealreg.process.merge_customers import merge, undo
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import account_id
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation

MERGED_INTO = "merged_into"
"""The field that names the account which survived."""


def follow_merge(situation: Situation, request: Request, account: UUID) -> bool:
    """Bring the customers to what the account says of its merge. Whether it became known by this who the account is.

    Two accounts that name each other are one customer too: they say so both.
    """
    state = situation.of(ACCOUNT, account)
    survivor = state.values.merged_into
    if state.merged is not None and state.merged[0] != survivor:
        _part(situation, request, account, state.merged)
    if survivor is None or situation.of(ACCOUNT, account).merged is not None:
        return False
    into = situation.of(ACCOUNT, account_id(state.source, survivor))
    if into.customer is None:
        return False  # It is awaited.
    return _merge(situation, request, account, state, survivor)


def _merge(situation: Situation, request: Request, account: UUID, state: Account, survivor: str) -> bool:
    """Of an account that nobody knew before it was merged only its id is left: a customer of its own, that it may be parted by again."""
    found = False
    if customer_of(situation, state.source, state.record) is None:
        found = name_customer(situation, account, CustomerGiven(identifiers=(own_id(state.source, state.record),)))
    into = customer_of(situation, state.source, survivor)
    absorbed = customer_of(situation, state.source, state.record)
    if into is None or absorbed is None or absorbed == into:
        return found
    asked = MergeCustomers(customer=into, absorbed=absorbed, reason=f"{state.source} merged the accounts")
    try:
        merge(situation, request, asked)
    except Refused as refused:
        refuse_link(situation, account, MERGED_INTO, survivor, refused.reason)
        return found
    merged = AccountMerged(account=account, merged_into=survivor, absorbed=absorbed, into=into)
    situation.record(ACCOUNT, account, merged)
    return found


def _part(situation: Situation, request: Request, account: UUID, merged: tuple[str, UUID, UUID]) -> None:
    """Undo what the CRM undid; what the desk has undone already is only written down."""
    survivor, absorbed, into = merged
    if situation.of(CUSTOMER, absorbed).into is not None:
        try:
            undo(situation, request, UndoMerge(customer=absorbed, reason="the CRM brought the account back"))
        except Refused as refused:
            refuse_link(situation, account, MERGED_INTO, survivor, refused.reason)
            return
    situation.record(ACCOUNT, account, AccountParted(account=account, absorbed=absorbed, into=into))
