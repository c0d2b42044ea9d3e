"""Whether a message says something newer than is known, field by field."""

from dealreg.opportunity.commands import OpportunityMessage
from dealreg.opportunity.events import FIELDS, OpportunityChanged
from dealreg.opportunity.state import Opportunity
from dealreg.vocabulary.crm_record import CUSTOM, EXISTENCE, IDENTIFIER, Change, newer


def repeated(state: Opportunity, message: OpportunityMessage) -> bool:
    """Whether this very message has changed the opportunity already."""
    return message.digest in state.digests


def fold(state: Opportunity, message: OpportunityMessage) -> OpportunityChanged | None:
    """The fact that a message makes; ``None`` for a repeat, and where all that it says was said later by the source.

    A newer message with an equal value makes a fact too: without it, a message between the two would later pass for the newest.
    """
    if repeated(state, message):
        return None
    spoken = [*message.given(), *message.nulled]
    if message.change is not Change.UPDATED:
        spoken.append(EXISTENCE)
    news = newer(spoken, (message.order, message.digest), state.orders)
    if not news:
        return None
    return OpportunityChanged(
        opportunity=message.opportunity,
        source=message.source,
        record=message.record,
        message=message.digest,
        order=message.order,
        change=message.change,
        changed_at=message.changed_at,
        nulled=tuple(name for name in message.nulled if name in news),
        late=tuple(name for name in spoken if name not in news),
        identifiers=tuple(one for one in message.identifiers if IDENTIFIER + one.scheme in news),
        custom=tuple(custom for custom in message.custom if CUSTOM + custom.name in news),
        **{name: getattr(message, name) for name in FIELDS if name in news},
    )
