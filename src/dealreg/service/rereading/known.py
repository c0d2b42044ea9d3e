"""Which of a page's records tell nothing new: what was read whole at this very change of them is not sent again."""

from collections.abc import Iterator, Sequence

from dealreg.account.state import Account
from dealreg.opportunity.state import Opportunity
from dealreg.service.intake.formats.known import ADAPTERS
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.sources.client import ReadRecord
from dealreg.vocabulary.ids import StreamId, account_id, opportunity_id


def not_known(
    dispatch: Dispatch, mapping: MappingDocument, entity: Entity, records: Sequence[ReadRecord]
) -> Iterator[ReadRecord]:
    """Those that the ledger does not know as they are. One that cannot be read is among them: its dead letter says why.

    Raises ``Unavailable``.
    """
    adapter = next(adapter for adapter in ADAPTERS if adapter.format is mapping.format)
    orders: dict[str, tuple[StreamId, str]] = {}
    for read in records:
        if read.value is None:
            continue
        try:
            heard = adapter.read(entity, read.record, read.value, mapping)
        except Unreadable:
            continue
        named = opportunity_id if entity is Entity.OPPORTUNITY else account_id
        orders[read.record] = (StreamId(named(mapping.source, heard.record)), heard.order)
    seen = dispatch.see({stream: entity.value for stream, _ in orders.values()}).held if orders else {}
    for read in records:
        at = orders.get(read.record)
        state = seen[at[0]].state if at is not None and at[0] in seen else None
        whole = state.whole if isinstance(state, Opportunity | Account) else None
        if at is None or whole is None or whole[0] < at[1]:
            yield read
