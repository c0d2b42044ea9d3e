"""The rows of a file, one after another: a file of twenty years is never held whole."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from dealreg.service.importing.form import ImportFault, ImportForm

SUFFIXES: Final = (".csv", ".jsonl")
_CHUNK = 1 << 20
_MORE: Final = "\0"
"""Where a list is kept of the cells behind the last column of the header; every other cell is one value."""


class RowFault(Exception):
    """A row that cannot be read: which column, and why."""

    def __init__(self, field: str, words: str) -> None:
        """``field`` is our name of the column; empty for the row as a whole."""
        super().__init__(words)
        self.field, self.words = field, words


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` counts from 1, the first row below the header; ``cells`` are by our names, empty ones left out.

    ``longer``: it has more cells than the header has columns, so that nobody knows which of them is which.
    """

    number: int
    cells: Mapping[str, str]
    longer: bool = False

    def need(self, column: str) -> str:
        """What stands there. Raises ``RowFault``."""
        value = self.cells.get(column)
        if value is None:
            raise RowFault(column, "is missing or empty")
        return value


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its kind, where it is, and what it and its form are, as a digest."""

    name: str
    path: Path
    digest: str


def sources(folder: Path, form: ImportForm, names: Iterable[str]) -> list[Source]:
    """The files that are there. Raises ``ImportFault`` where there is none, or one is there twice."""
    found = []
    for name in names:
        paths = [folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()]
        if len(paths) > 1:
            raise ImportFault(f"{paths[0]} and {paths[1]} are both there; keep one")
        found += [Source(name, path, _digest(path, form)) for path in paths]
    if not found:
        raise ImportFault(f"{folder} holds nothing to import; see docs/import.md for the files and their columns")
    return found


def _digest(path: Path, form: ImportForm) -> str:
    digest = sha256(form.model_dump_json().encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read(source: Source, form: ImportForm, columns: frozenset[str]) -> Iterator[Row]:
    """Every row, by our names. Raises ``ImportFault`` for a file that cannot be read or a column that nobody knows."""
    ours = {theirs: name for name, theirs in form.columns.get(source.name, {}).items()}
    known = False
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as lines:
            for number, cells in enumerate(_records(source.path, lines, form), 1):
                more = cells.get(_MORE)
                one_each = [(name, value) for name, value in cells.items() if not isinstance(value, list)]
                named = {ours.get(name, name): str(value).strip() for name, value in one_each if value is not None}
                if not known or source.path.suffix == ".jsonl":
                    _known(source, named, columns)
                    known = True
                said = {name: _word(form, name, value) for name, value in named.items() if value}
                yield Row(number, said, longer=isinstance(more, list) and any(more))
    except OSError as error:
        raise ImportFault(f"{source.path}: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError, ValueError) as error:
        raise ImportFault(f"{source.path} cannot be read: {error}; save it as UTF-8") from error


def _records(path: Path, lines: Iterable[str], form: ImportForm) -> Iterator[Mapping[str, object]]:
    if path.suffix == ".csv":
        yield from csv.DictReader(lines, delimiter=form.delimiter, restkey=_MORE, restval="", strict=True)
        return
    for line in lines:
        if line.strip():
            # Numbers stay as they are written: an id of 64 bits is no float.
            value = json.loads(line, parse_float=str, parse_int=str)
            if not isinstance(value, dict):
                raise ValueError("one JSON object stands on each line")
            yield {name: _joined(inner, form) for name, inner in value.items()}


def _joined(value: object, form: ImportForm) -> object:
    return form.separator.join(map(str, value)) if isinstance(value, list) else value


def _known(source: Source, cells: Mapping[str, str], columns: frozenset[str]) -> None:
    """A column that nobody reads would say nothing, silently, a million times."""
    strange = sorted(name for name in cells if name not in columns and not name.startswith(("custom:", "identifier:")))
    if strange:
        raise ImportFault(
            f"{source.path.name}: nobody reads the column {strange[0]!r}; there are {', '.join(sorted(columns))}, and "
            "'custom:<name>' for what only the other system has; say in import.yaml what it is, or leave it out"
        )


def _word(form: ImportForm, name: str, value: str) -> str:
    return form.words.get(name, {}).get(value, value)
