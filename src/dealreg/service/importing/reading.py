"""Cells as values: instants, days, lists, numbers, and what they may not be."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dealreg.engagement.windows import first_instant
from dealreg.service.importing.form import ImportForm
from dealreg.service.importing.rows import Row, RowFault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads cells by a form, in the zone of the program."""

    form: ImportForm
    zone: ZoneInfo

    def instant(self, row: Row, column: str) -> datetime | None:
        """An instant; a day is its first one; without an offset it is the wall clock of the program's zone."""
        written = row.cells.get(column)
        return None if written is None else self._instant(written, column)

    def needed(self, row: Row, column: str) -> datetime:
        """The same where it has to be there. Raises ``RowFault``."""
        return self._instant(row.need(column), column)

    def after(self, row: Row, column: str) -> datetime | None:
        """The first instant after a day that is written as the last one."""
        found = self.instant(row, column)
        if found is None:
            return None
        if found.astimezone(self.zone).time() != time.min:
            raise RowFault(column, "is the last day, without a time; an end with a time goes into window_to")
        return first_instant(found.astimezone(self.zone).date() + timedelta(days=1), self.zone)

    def day(self, row: Row, column: str) -> date | None:
        """A day."""
        found = self.instant(row, column)
        return found.astimezone(self.zone).date() if found is not None else None

    def listed(self, row: Row, column: str) -> tuple[str, ...]:
        """Several values in one cell."""
        parts = (part.strip() for part in row.cells.get(column, "").split(self.form.separator))
        return tuple(dict.fromkeys(part for part in parts if part))

    def maybe_listed(self, row: Row, column: str) -> tuple[str, ...] | None:
        """The same; ``None`` where the cell is empty."""
        return self.listed(row, column) if column in row.cells else None

    def _instant(self, written: str, column: str) -> datetime:
        try:
            found = datetime.fromisoformat(written)
        except ValueError:
            found = self._by_pattern(written, column)
        try:
            return found.astimezone(ZoneInfo("UTC")) if found.tzinfo else self._local(found)
        except OverflowError as error:
            raise RowFault(column, "lies beyond the calendar") from error

    def _local(self, found: datetime) -> datetime:
        if found.time() == time.min:
            return first_instant(found.date(), self.zone)
        return found.replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))

    def _by_pattern(self, written: str, column: str) -> datetime:
        for pattern in self.form.dates:
            try:
                return datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone is the program's, given by the caller
            except ValueError:
                continue
        patterns = (
            f" nor as {', '.join(self.form.dates)}" if self.form.dates else "; say in import.yaml how dates are written"
        )
        raise RowFault(column, f"{written[:60]!r} is no day or instant as ISO 8601 writes it{patterns}")


def made(make: Callable[[], T]) -> T:
    """A command, or the first fault that its model finds, by our names. Raises ``RowFault``."""
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise RowFault(field, first["msg"].removeprefix("Value error, ")) from error
