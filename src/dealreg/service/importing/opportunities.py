"""`opportunities`: one row a state of an opportunity as the CRM had it; several rows of one record tell how it changed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from dealreg.opportunity.commands import OpportunityMessage
from dealreg.opportunity.events import FIELDS
from dealreg.opportunity.import_commands import ImportOpportunity
from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.customers import PREFIX, SCHEMES, identifiers
from dealreg.service.importing.rows import Row, RowFault
from dealreg.service.intake.building import built
from dealreg.service.intake.formats.orders import order
from dealreg.service.intake.heard import Heard
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable
from dealreg.vocabulary.crm_record import Change

RECORD = "opportunity"
CUSTOM = "custom:"
_OURS = frozenset(FIELDS) - {"customer_ref", "lines", "close_on"}
COLUMNS = frozenset({RECORD, "changed_at", "change", "customer", "lines", "close_on", *_OURS, *SCHEMES})


def asking(context: Context, record: str, rows: Sequence[Row]) -> Asking:
    """One state. Raises ``RowFault``."""
    row = rows[0]
    at = context.reader.needed(row, "changed_at")
    heard = Heard(
        source=context.system,
        record=row.need(RECORD),
        identity=("import", row.need(RECORD), at.isoformat()),
        order=order(at),
        change=row.cells.get("change", Change.READ),
        changed_at=at,
        said=_said(context, row),
        custom={name.removeprefix(CUSTOM): value for name, value in row.cells.items() if name.startswith(CUSTOM)},
    )
    try:
        message = built(heard, MappingDocument(source=context.system, format=Format.NEUTRAL))
    except Unreadable as unreadable:
        raise RowFault(unreadable.field, unreadable.words) from unreadable
    folded: OpportunityMessage = message.command.message  # type: ignore[attr-defined]  # an opportunity's, as heard
    request = context.request(folded.digest, ImportOpportunity(message=folded))
    return Asking(record, row.number, row.number, request, message.personal)


def _said(context: Context, row: Row) -> dict[str, Any]:
    """Our fields; an empty cell says nothing."""
    said: dict[str, Any] = {name: row.cells[name] for name in _OURS if name in row.cells}
    close_on: date | None = context.reader.day(row, "close_on")
    if close_on is not None:
        said["close_on"] = close_on.isoformat()
    if "customer" in row.cells:
        said["customer_ref"] = row.cells["customer"]
    if "lines" in row.cells:
        said["lines"] = list(context.reader.listed(row, "lines"))
    return {**said, "identifiers": {name: value for name, value in identifiers(row).items() if name != PREFIX}}
