"""The folders of ``projections/``: where they are, what lies in them, and what must hold before any of it is run (style section 4)."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import dealreg
from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.projecting.binding import EXTRAS
from dealreg.service.projecting.errors import BadReadModel
from dealreg.service.projecting.statements import Statement, parse, require_steady
from dealreg.vocabulary.fact import Event

ROLES = frozenset({"dealreg_reader", "dealreg_auditor", "dealreg_app", "dealreg_projector"})
"""The database roles that ``readers.sql`` may name."""

BY_ROW = frozenset({"dealreg_reader"})
"""Those that partners and managers come in: they never get a table without saying whose row it is."""

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_EVERY = re.compile(r"^every_([a-z_]+)_event$")
_LINE = re.compile(r"\(\s*'([a-z_.]+)'\s*,\s*(?:'(\w+)'|NULL)\s*,\s*(?:'(\w+)'|NULL)\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Readable:
    """A line of ``readers.sql``: which role reads a table, and which column says whose row it is (none: every row)."""

    table: str
    role: str | None
    column: str | None


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A folder: its tables, who reads them, how each fact changes them (by stored name), and the questions asked of them.

    ``digest`` is over all that shapes the rows; questions and explanations may change without a rebuild.
    """

    name: str
    digest: str
    tables: str | None
    readers: tuple[Readable, ...]
    on: Mapping[str, Statement] = field(default_factory=dict)
    ask: Mapping[str, Statement] = field(default_factory=dict)

    @property
    def topics(self) -> list[str]:
        """The stored names that it listens to."""
        return sorted(self.on)

    @property
    def roles(self) -> frozenset[str]:
        """The database roles that read anything of it."""
        return frozenset(line.role for line in self.readers if line.role is not None)

    def schema(self, generation: int) -> str:
        """The schema in which one generation of it stands."""
        return f"{self.name}_g{generation}"


def projections() -> Path:
    """The folder in the package where there is one, else the checkout's. Raises ``BadReadModel`` when there is neither."""
    packaged = Path(str(resources.files("dealreg"))) / "_projections"
    beside = Path(dealreg.__file__).parents[2] / "projections"
    for folder in (packaged, beside):
        if folder.is_dir():
            return folder
    raise BadReadModel("", "neither in the package nor in the checkout; reinstall the package")


def read_models(folder: Path | None = None, names: StoredNames | None = None) -> dict[str, ReadModel]:
    """Every read model by name. Raises ``BadReadModel`` at the first file that is not as it must be."""
    root = folder or projections()
    known = names or stored_names()
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    return {path.name: _read(path, known) for path in found}


def _read(path: Path, names: StoredNames) -> ReadModel:
    name = path.name
    if not _NAME.match(name):
        raise BadReadModel(name, "a read model is named in lower case with underscores, at most 41 characters")
    if not (path / "readers.sql").is_file():
        raise BadReadModel(f"{name}/readers.sql", "is missing; say who reads each table, or nobody could tell")
    readers = _readers(f"{name}/readers.sql", (path / "readers.sql").read_text(encoding="utf-8"))
    tables = (path / "table.sql").read_text(encoding="utf-8") if (path / "table.sql").is_file() else None
    on = _facts(path, names) if tables is not None else {}
    ask = {file.stem: parse(_file(file), file.read_text(encoding="utf-8")) for file in sorted(path.glob("ask/*.sql"))}
    return ReadModel(name, _digest(path), tables, readers, on, ask)


def _readers(file: str, source: str) -> tuple[Readable, ...]:
    """``VALUES ('table', 'role', 'column'), …``: the column is NULL where the role reads every row, the role where nobody reads."""
    text = parse(file, source).text
    lines = tuple(Readable(table, role or None, column or None) for table, role, column in _LINE.findall(text))
    if not text.upper().startswith("VALUES") or _LINE.sub("", text)[len("VALUES") :].strip(" ,\n\t"):
        raise BadReadModel(file, "is not one VALUES of ('table', 'role', 'column') lines")
    for line in lines:
        if line.role is not None and line.role not in ROLES:
            raise BadReadModel(file, f"names the role {line.role}; known are {', '.join(sorted(ROLES))}")
        if line.role in BY_ROW and line.column is None:
            raise BadReadModel(
                file, f"gives {line.role} every row of {line.table}; name the column that says whose row it is"
            )
        if line.role is None and line.column is not None:
            raise BadReadModel(
                file, f"names a column of {line.table} but no role; NULL, NULL means that nobody reads it"
            )
    return lines


def _facts(path: Path, names: StoredNames) -> dict[str, Statement]:
    """The statement of each stored name, old shapes included; a fact's own file goes before that of its aggregate."""
    events = _by_word(names)
    every: dict[str, Statement] = {}
    own: dict[str, Statement] = {}
    for file in sorted(path.glob("on/*")):
        where = _file(file)
        statement = parse(where, file.read_text(encoding="utf-8"))
        require_steady(statement)
        if whole := _EVERY.match(file.stem):
            classes = [cls for found in events.values() for cls in found.values() if whole[1] == cls.AGGREGATE]
            if not classes:
                raise BadReadModel(where, f"there is no fact of {whole[1]!r}")
            every |= {topic: statement for found in events.values() for topic, cls in found.items() if cls in classes}
        elif file.suffix == ".sql" and file.stem in events:
            classes = list(events[file.stem].values())
            own |= dict.fromkeys(events[file.stem], statement)
        else:
            raise BadReadModel(
                where, "names no fact; a file is named for a fact without its version, like claim_queued.sql"
            )
        _check_fields(statement, classes)
    return every | own


def _by_word(names: StoredNames) -> dict[str, dict[str, type[Event]]]:
    """Facts by their name without version: every stored name of it, with the class in its present shape."""
    found: dict[str, dict[str, type[Event]]] = {}
    for topic in names.names:
        present = names.newest(topic)
        word = present.NAME.rsplit(".v", 1)[0]
        found.setdefault(word, {})[topic] = present
    return found


def _check_fields(statement: Statement, classes: Iterable[type[Event]]) -> None:
    for cls in classes:
        allowed = {*cls.model_fields, *EXTRAS}
        for name in statement.names:
            if name not in allowed:
                raise BadReadModel(
                    statement.file, f"%({name})s is no field of {cls.NAME}; it has {', '.join(sorted(allowed))}"
                )


def _file(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _digest(path: Path) -> str:
    """SHA-256 over names and bytes of everything that shapes the rows, in the order of the names."""
    digest = hashlib.sha256()
    for file in sorted([path / "table.sql", path / "readers.sql", *path.glob("on/*.sql")]):
        if file.is_file():
            content = file.read_bytes()
            digest.update(f"{_file(file)} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()
