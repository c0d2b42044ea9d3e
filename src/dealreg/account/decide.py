"""Whether a message says something newer than is known, field by field."""

from dealreg.account.commands import AccountMessage
from dealreg.account.events import FIELDS, AccountChanged, AccountWentStale, Unusable
from dealreg.account.state import Account
from dealreg.vocabulary.crm_record import CUSTOM, EXISTENCE, IDENTIFIER, Change, newer


def repeated(state: Account, message: AccountMessage) -> bool:
    """Whether this very message has changed the account already."""
    return message.digest in state.digests


def fold(state: Account, message: AccountMessage, unusable: tuple[Unusable, ...] = ()) -> AccountChanged | None:
    """The fact that a message makes; ``None`` for a repeat, and where all that it says was said later by the source.

    ``unusable`` are those of its fields that cannot be used; the fact names the ones that it takes.
    """
    if repeated(state, message):
        return None
    spoken = [*message.given(), *message.emptied()]
    if message.change is not Change.UPDATED:
        spoken.append(EXISTENCE)
    news = newer(spoken, (message.order, message.digest), state.orders)
    if not news:
        return None
    return AccountChanged(
        account=message.account,
        source=message.source,
        record=message.record,
        message=message.digest,
        order=message.order,
        change=message.change,
        changed_at=message.changed_at,
        nulled=tuple(name for name in message.emptied() if name in news),
        late=tuple(name for name in spoken if name not in news),
        unusable=tuple(one for one in unusable if one.field in news),
        identifiers=tuple(one for one in message.identifiers if IDENTIFIER + one.scheme in news),
        custom=tuple(custom for custom in message.custom if CUSTOM + custom.name in news),
        **{name: getattr(message, name) for name in FIELDS if name in news},
    )


def stale(state: Account, message: AccountMessage) -> AccountWentStale | None:
    """The fact that a gap makes; ``None`` for a repeat, and where a newer message told the whole of it already."""
    if repeated(state, message) or (state.whole is not None and state.whole > (message.order, message.digest)):
        return None
    return AccountWentStale(
        account=message.account,
        source=message.source,
        record=message.record,
        message=message.digest,
        order=message.order,
        changed_at=message.changed_at,
        why=message.why,
    )
