"""`partners`: one row a partner and day since which it holds; rows of one partner stand together, the oldest first."""

from collections.abc import Sequence
from typing import Any

from dealreg.partner.commands import ImportPartner
from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.reading import made
from dealreg.service.importing.rows import Row
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import seal

RECORD = "partner"
COLUMNS = frozenset(
    {
        RECORD,
        "since",
        "track",
        "tier",
        "parents",
        "lines",
        "territories",
        "specialisations",
        "standing",
        "name",
    }
)


def asking(context: Context, partner: str, rows: Sequence[Row]) -> Asking:
    """The partner with all its days. Raises ``RowFault``."""
    first, *later = rows
    changes = [_changes(context, row) for row in later]
    if "standing" in first.cells and first.cells["standing"] != "good":
        changes.insert(0, {"since": context.reader.needed(first, "since"), "standing": first.cells["standing"]})
    said: dict[str, Any] = {
        "partner": first.need(RECORD),
        "effective_from": context.reader.needed(first, "since"),
        "track": first.need("track"),
        **({"tier": first.cells["tier"]} if "tier" in first.cells else {}),
        **{name: context.reader.listed(first, name) for name in ("parents", "lines", "territories", "specialisations")},
        "changes": changes,
    }
    personal: tuple[PersonalRow, ...] = ()
    if "name" in first.cells:
        said["display_name"], row = seal(f"partner:{context.program}:{partner}", first.cells["name"])
        personal = (row,)
    command = made(lambda: ImportPartner.model_validate(said))
    request = context.request(f"import:partner:{partner}", command)
    return Asking(partner, first.number, rows[-1].number, request, personal)


def _changes(context: Context, row: Row) -> dict[str, Any]:
    """What a later row says; an empty cell says nothing."""
    lists = {
        name: context.reader.maybe_listed(row, name) for name in ("parents", "lines", "territories", "specialisations")
    }
    words = {name: row.cells.get(name) for name in ("tier", "standing")}
    return {"since": context.reader.needed(row, "since"), **lists, **words}
