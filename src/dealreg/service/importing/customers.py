"""`customers`: one row a customer."""

from collections.abc import Sequence
from typing import Any

from dealreg.customer.import_commands import ImportCustomer
from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.reading import made
from dealreg.service.importing.rows import Row, RowFault

RECORD = "customer"
SCHEMES = ("duns", "vat", "lei", "domain")
PREFIX = "identifier:"
_ADDRESS = ("name", "country", "place", "street", "postcode")
COLUMNS = frozenset({RECORD, "known_at", "parent", "parent_since", *_ADDRESS, *SCHEMES})


def asking(context: Context, customer: str, rows: Sequence[Row]) -> Asking:
    """The customer. Raises ``RowFault``."""
    row = rows[0]
    if len(rows) > 1:
        raise RowFault(RECORD, "is named by several rows; keep one a customer")
    said = {
        "system": context.system,
        "record": row.need(RECORD),
        "known_at": context.reader.needed(row, "known_at"),
        "given": given(row),
        "parent": row.cells.get("parent"),
        "parent_since": context.reader.instant(row, "parent_since"),
    }
    command = made(lambda: ImportCustomer.model_validate(said))
    return Asking(customer, row.number, row.number, context.request(f"import:customer:{customer}", command))


def given(row: Row) -> dict[str, Any]:
    """Who is meant, by what the row says of it."""
    return {
        **{name: row.cells[name] for name in _ADDRESS if name in row.cells},
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in identifiers(row).items()],
    }


def identifiers(row: Row) -> dict[str, str]:
    """Scheme → value, those of own columns and of ``identifier:<scheme>``."""
    own = {scheme: row.cells[scheme] for scheme in SCHEMES if scheme in row.cells}
    return own | {name.removeprefix(PREFIX): value for name, value in row.cells.items() if name.startswith(PREFIX)}
