"""The kinds of files: which columns each has, which of them names its record, and what is asked for one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from dealreg.service.importing import customers, opportunities, partners, registrations
from dealreg.service.importing.asking import Asking, Context, grouped
from dealreg.service.importing.rows import Row, RowFault, Source, read


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    ``together``: rows of one record are one asking, else each row is. ``chained``: a record may name another of the same file, which may
    stand further down.
    """

    record: str
    columns: frozenset[str]
    asking: Callable[[Context, str, Sequence[Row]], Asking]
    together: bool = True
    chained: bool = False


KINDS: Mapping[str, Kind] = {
    "partners": Kind(partners.RECORD, partners.COLUMNS, partners.asking, chained=True),
    "customers": Kind(customers.RECORD, customers.COLUMNS, customers.asking, chained=True),
    "opportunities": Kind(opportunities.RECORD, opportunities.COLUMNS, opportunities.asking, together=False),
    "registrations": Kind(registrations.RECORD, registrations.COLUMNS, registrations.asking),
}


def askings(source: Source, context: Context, *, after: int = 0) -> Iterator[Asking]:
    """What is asked for each record below row ``after``, in the order of the file. Raises ``ImportFault``."""
    kind = KINDS[source.name]
    rows = islice(read(source, context.reader.form, kind.columns), after, None)
    records = grouped(rows, kind.record) if kind.together else ((row.cells.get(kind.record, ""), [row]) for row in rows)
    for record, held in records:
        try:
            if any(row.longer for row in held):
                raise RowFault(
                    "", "has more cells than the header has columns; put quotes around a cell with the delimiter in it"
                )
            yield kind.asking(context, record, held)
        except RowFault as fault:
            yield Asking(record or f"row {held[0].number}", held[0].number, held[-1].number, fault=fault)
