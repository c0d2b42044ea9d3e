"""The rows of an export, with the rows of its companion files joined to them and known misspellings put right."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from dealreg.service.ingest.document import IngestMapping, MappingFault
from dealreg.service.intake.conversions import as_text

Cells = Mapping[str, str]
"""Column → what stands there, without blanks around it; empty where nothing does."""

JSON_LINES = {".jsonl", ".ndjson", ".json"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the export; ``number`` counts from 1, the row below the header. ``cells`` hold the joined columns too."""

    number: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class Export:
    """The file with all that stands beside it."""

    rows: tuple[Row, ...]
    companions: Mapping[str, tuple[Row, ...]]


def read_export(path: Path, mapping: IngestMapping) -> Export:
    """Read everything. Raises ``MappingFault`` where a file or a column is missing."""
    tables = {name: _table(path.parent / one.file, mapping) for name, one in mapping.companions.items()}
    rows = _table(path, mapping)
    _columns_are_there(path, mapping, rows, tables)
    companions = {name: tuple(_fixed(row, mapping, f"{name}.") for row in table) for name, table in tables.items()}
    found = {
        name: _by_key(path.parent / one.file, one.key, companions[name]) for name, one in mapping.companions.items()
    }
    return Export(tuple(_joined(_fixed(row, mapping, ""), mapping, found) for row in rows), companions)


def _table(path: Path, mapping: IngestMapping) -> list[Row]:
    try:
        with path.open(encoding=mapping.encoding, newline="") as lines:
            found = (
                _json_lines(path, lines)
                if path.suffix.lower() in JSON_LINES
                else csv.DictReader(lines, delimiter=mapping.delimiter, restkey="", restval="", strict=True)
            )
            rows = [Row(number, _trimmed(cells)) for number, cells in enumerate(found, 1)]
    except OSError as error:
        raise MappingFault(f"{path}: {error.strerror}; companion files lie beside the export") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise MappingFault(
            f"{path} cannot be read as text in columns: {error}; name its 'encoding', or save it as UTF-8"
        ) from error
    if not rows:
        raise MappingFault(f"{path} has no rows; export it again")
    return rows


def _json_lines(path: Path, lines: Iterator[str]) -> Iterator[dict[str, object]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_float=Decimal)
        except ValueError as error:
            raise MappingFault(f"{path}, line {number}: no JSON: {error}; one object stands on each line") from error
        if not isinstance(value, dict):
            raise MappingFault(f"{path}, line {number}: no JSON object; one object stands on each line")
        yield value


def _trimmed(cells: Mapping[str, object]) -> dict[str, str]:
    return {str(name).strip(): _cell(value) for name, value in cells.items()}


def _cell(value: object) -> str:
    """What stands in a cell, each digit of a number kept; lists and objects as JSON writes them."""
    if value is None:
        return ""
    text = str(value) if isinstance(value, Decimal) else as_text(value)
    return text.strip() if isinstance(text, str) else json.dumps(value, ensure_ascii=False, default=str)


def _columns_are_there(path: Path, mapping: IngestMapping, rows: list[Row], tables: Mapping[str, list[Row]]) -> None:
    """A column that no row has would say nothing, silently, 8,800 times."""
    known = {name for row in rows for name in row.cells}
    for name, table in tables.items():
        theirs = {column for row in table for column in row.cells}
        if mapping.companions[name].key not in theirs:
            raise MappingFault(_unknown(f"companions.{name}.key", mapping.companions[name].key, theirs))
        known |= {f"{name}.{column}" for column in theirs}
    for column, where in mapping.columns():
        if column not in known:
            raise MappingFault(_unknown(where, column, known) + f" ({path.name} and its companions)")


def _unknown(where: str, column: str, known: set[str]) -> str:
    return f"{where} names the column {column!r}, which is not there; there are {', '.join(sorted(known))}"


def _fixed(row: Row, mapping: IngestMapping, above: str) -> Row:
    """The row with what was meant in place of what stands there."""
    fixes = {column: words for column, words in mapping.fixes.items() if column.startswith(above)}
    cells = {name: fixes.get(above + name, {}).get(value, value) for name, value in row.cells.items()}
    return Row(row.number, cells)


def _by_key(path: Path, key: str, rows: tuple[Row, ...]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        if row.cells[key] in found:
            raise MappingFault(f"{path}, row {row.number}: {key} is there twice; keep one row for each")
        found[row.cells[key]] = row
    return found


def _joined(row: Row, mapping: IngestMapping, found: Mapping[str, Mapping[str, Row]]) -> Row:
    """With the columns of each companion's row, where there is one, as ``companion.column``."""
    cells = dict(row.cells)
    for name, companion in mapping.companions.items():
        there = found[name].get(row.cells.get(companion.column, ""))
        if there is not None:
            cells |= {f"{name}.{column}": value for column, value in there.cells.items()}
    return Row(row.number, cells)
