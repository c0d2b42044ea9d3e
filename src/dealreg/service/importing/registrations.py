"""`registrations`: one row a line of a registration; rows of one registration stand together."""

from collections.abc import Sequence
from typing import Any

from dealreg.registration.import_commands import ImportRegistration
from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.customers import SCHEMES, given
from dealreg.service.importing.reading import made
from dealreg.service.importing.rows import Row
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import seal
from dealreg.vocabulary.values import Tier

RECORD = "registration"
_LINE = {"line", "territory", "sites", "past", "decided_at", "decided_by", "reason", "window_from", "window_to"}
COLUMNS = frozenset(
    {
        RECORD,
        "opportunity",
        "follows",
        "filed_by",
        "filed_at",
        "customer",
        "class",
        "amount",
        "currency",
        "close_on",
        "contact",
        "last_day",
        "ended_at",
        "name",
        "country",
        "place",
        "street",
        "postcode",
        *_LINE,
        *(tier.value for tier in Tier),
        *SCHEMES,
    }
)


def asking(context: Context, record: str, rows: Sequence[Row]) -> Asking:
    """The registration with all its lines. Raises ``RowFault``."""
    first = rows[0]
    said: dict[str, Any] = {
        "system": context.system,
        "record": first.need(RECORD),
        "opportunity": first.cells.get("opportunity"),
        "follows": first.cells.get("follows", "yes") != "no",
        "filed_by": first.need("filed_by"),
        "filed_at": context.reader.needed(first, "filed_at"),
        "customer": _customer(context, first),
        "lines": [_line(context, row) for row in rows],
        "close_on": context.reader.day(first, "close_on"),
        **({"registration_class": first.cells["class"]} if "class" in first.cells else {}),
    }
    if "amount" in first.cells:
        said["value"] = {"amount": first.cells["amount"], "currency": first.need("currency")}
    personal: tuple[PersonalRow, ...] = ()
    if "contact" in first.cells:
        said["contact"], row = seal(first.cells["contact"].casefold(), first.cells["contact"])
        personal = (row,)
    command = made(lambda: ImportRegistration.model_validate(said))
    request = context.request(f"import:{context.system}:registration:{record}", command)
    return Asking(record, first.number, rows[-1].number, request, personal)


def _customer(context: Context, row: Row) -> dict[str, Any]:
    """By its record in the other system, by identifiers, by name and place: whatever the row says."""
    found = given(row)
    if "customer" in row.cells:
        found["identifiers"].insert(0, {"scheme": f"crm:{context.system}", "value": row.cells["customer"]})
    return found


def _line(context: Context, row: Row) -> dict[str, Any]:
    reader = context.reader
    return {
        "line": row.need("line"),
        "scope": {"territory": row.need("territory"), "sites": reader.listed(row, "sites")},
        "legs": [{"tier": tier, "partner": row.cells[tier.value]} for tier in Tier if tier.value in row.cells],
        "past": row.need("past"),
        "decided_at": reader.instant(row, "decided_at"),
        "decided_by": row.cells.get("decided_by"),
        "reason": row.cells.get("reason"),
        "window_from": reader.instant(row, "window_from"),
        "window_to": reader.instant(row, "window_to") or reader.after(row, "last_day"),
        "ended_at": reader.instant(row, "ended_at"),
    }
