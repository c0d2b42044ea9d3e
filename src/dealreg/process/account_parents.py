"""The company above an end customer, as its accounts in the CRM tell of it (ROE-24, decision record 24).

Nothing hangs on the order in which messages arrive: what should hold is computed from the accounts as they stand, the newest word of a
living account of the customer first, and only the difference to what holds is recorded. Companies that would stand above themselves
have nobody above them, any of them, until one of their accounts says otherwise.
"""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from dealreg.account.events import AccountLinkRefused, AccountLinkSettled, AccountPlaced
from dealreg.account.state import ACCOUNT, Placing
from dealreg.process.account_identity import accounts_of, customer_of
from dealreg.process.case import customer_now
from dealreg.process.name_parent_company import MOST_ABOVE, name_above
from dealreg.vocabulary.ids import account_id
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation

PARENT = "parent"
"""The field that names the account above."""

CIRCLE = "the company would stand above itself; correct the parent of one of the accounts in the circle"


class Word(NamedTuple):
    """What an account says of the company above its customer.

    ``parent`` is that company as it is after all merges, ``as_known`` as its account became known: by that it is named, so that a merge
    that is undone leaves it where it was.
    """

    order: tuple[str, str]
    account: UUID
    named: str
    parent: UUID
    as_known: UUID


def companies_touched(situation: Situation, accounts: Iterable[UUID]) -> dict[UUID, None]:
    """The customers whose parent may depend on these accounts: theirs, and those above, up to a circle."""
    found: dict[UUID, None] = {}
    for account in accounts:
        state = situation.of(ACCOUNT, account)
        customer = customer_of(situation, state.source, state.record) if state.customer is not None else None
        if customer is not None:
            found |= dict.fromkeys(_upwards(situation, customer))
    return found


def place(situation: Situation, customers: Iterable[UUID]) -> None:
    """Bring the companies above these customers to what their accounts say; who stands by itself first."""
    now = dict.fromkeys(customer_now(situation, customer) for customer in customers)
    words = {customer: _word(situation, customer) for customer in now}
    circles = {customer for customer in now if _in_circle(situation, customer)}
    in_vain: set[UUID] = set()
    for customer, word in words.items():
        if word is None or customer in circles:
            _stand_alone(situation, customer)
        if word is not None and customer in circles:
            refuse_link(situation, word.account, PARENT, word.named, CIRCLE)
            in_vain.add(word.account)
    for customer, word in words.items():
        if word is not None and customer not in circles and not _stands_below(situation, customer, word):
            in_vain.add(word.account)
    for customer in now:
        _settle(situation, accounts_of(situation, customer), in_vain)


def _settle(situation: Situation, accounts: Iterable[UUID], in_vain: set[UUID]) -> None:
    """What is refused no longer, for others said something new, is no longer shown as refused."""
    for account in accounts:
        if PARENT in situation.of(ACCOUNT, account).refused and account not in in_vain:
            situation.record(ACCOUNT, account, AccountLinkSettled(account=account, field=PARENT))


def refuse_link(situation: Situation, account: UUID, field: str, named: str, reason: str) -> None:
    """Record that what an account says of another was not done; once, as long as it says the same."""
    if situation.of(ACCOUNT, account).refused.get(field) != (named, reason):
        refused = AccountLinkRefused(account=account, field=field, named=named, reason=reason)
        situation.record(ACCOUNT, account, refused)


def _upwards(situation: Situation, customer: UUID) -> list[UUID]:
    """The customer and those above it by the words of accounts, until nobody is named or one comes again."""
    chain = [customer]
    for _ in range(MOST_ABOVE + 1):
        word = _word(situation, chain[-1])
        if word is None or word.parent in chain:
            break
        chain.append(word.parent)
    return chain


def _in_circle(situation: Situation, customer: UUID) -> bool:
    word = _word(situation, _upwards(situation, customer)[-1])
    return word is not None and word.parent == customer


def _word(situation: Situation, customer: UUID) -> Word | None:
    """The newest word of a living account of the customer on who stands above it, among those whose parent is known."""
    words = (_says(situation, account, customer) for account in accounts_of(situation, customer))
    return max((word for word in words if word is not None), default=None)


def _says(situation: Situation, account: UUID, customer: UUID) -> Word | None:
    """An account below another of the same customer says nothing: a company is one, however many accounts it has."""
    state = situation.of(ACCOUNT, account)
    named = state.values.parent
    if named is None or not state.lives:
        return None
    known = situation.of(ACCOUNT, account_id(state.source, named)).customer
    parent = customer_of(situation, state.source, named) if known is not None else None
    if known is None or parent is None or parent == customer:
        return None
    as_known = known if customer_now(situation, known) == parent else parent
    return Word(state.orders[PARENT], account, named, parent, as_known)


def _newest(situation: Situation, customer: UUID) -> tuple[UUID, Placing] | None:
    """The placing of the customer that is in force, and on whose word; those of customers that were merged into it are not its own."""
    placed = [(account, situation.of(ACCOUNT, account).placing) for account in accounts_of(situation, customer)]
    own = ((account, placing) for account, placing in placed if placing is not None and placing.customer == customer)
    return max(own, key=lambda one: (one[1].turn, one[0]), default=None)


def _stand_alone(situation: Situation, customer: UUID) -> None:
    """Nobody above it any more; where the CRM never named anybody, what the desk named stays."""
    newest = _newest(situation, customer)
    if newest is not None and newest[1].parent is not None:
        _placed(situation, customer, newest[0], None, newest[1])


def _stands_below(situation: Situation, customer: UUID, word: Word) -> bool:
    """Have it stand there, unless it does; what the desk named since stays. False where it may not, and that is recorded."""
    newest = _newest(situation, customer)
    placing = newest[1] if newest is not None else None
    if placing is not None and placing.parent == word.as_known:
        return True
    try:
        _placed(situation, customer, word.account, word.as_known, placing)
    except Refused as refused:
        refuse_link(situation, word.account, PARENT, word.named, refused.reason)
        return False
    return True


def _placed(situation: Situation, customer: UUID, account: UUID, parent: UUID | None, before: Placing | None) -> None:
    """From now on, and never earlier than what it takes the place of: messages of one broker may come in disorder."""
    held_from = max(situation.at, before.held_from) if before is not None else situation.at
    name_above(situation, customer, parent, held_from)
    turn = before.turn + 1 if before is not None else 0
    placed = AccountPlaced(account=account, customer=customer, parent=parent, held_from=held_from, turn=turn)
    situation.record(ACCOUNT, account, placed)
