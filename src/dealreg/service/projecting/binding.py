"""A row of the ledger → the values that a statement names, as text, without pydantic (style section 4, rule 2)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from dealreg.service.ledger.stored_names import StoredNames
from dealreg.vocabulary.ids import partner_reader


class Row(NamedTuple):
    """A fact as the ledger's table holds it; the instant is text already."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: str


class Known(NamedTuple):
    """A row, its meta and its data in the present shape."""

    row: Row
    word: str
    meta: Mapping[str, Any]
    data: Mapping[str, Any]


EXTRAS: dict[str, Callable[[Known], Any]] = {
    "_event": lambda known: known.word,
    "_data": lambda known: known.data,
    "_stream": lambda known: known.row.stream,
    "_version": lambda known: known.row.version,
    "_position": lambda known: known.row.position,
    "_recorded_at": lambda known: known.row.recorded_at,
    "_effective_at": lambda known: known.meta["effective_at"],
    "_program": lambda known: known.meta["program"],
    "_actor_role": lambda known: known.meta["actor"]["role"],
    "_actor_subject": lambda known: known.meta["actor"]["subject"],
    "_actor_partner": lambda known: known.meta["actor"].get("partner"),
    "_on_behalf_of": lambda known: known.meta.get("on_behalf_of"),
    "_reason": lambda known: known.meta.get("reason") or known.data.get("reason"),
    "_source": lambda known: known.meta.get("source"),
    "_cause": lambda known: known.meta.get("cause"),
    "_request": lambda known: (known.meta.get("request") or {}).get("id"),
    "_clause": lambda known: known.data.get("clause"),
    "_partner_reader": lambda known: _reader(known, "partner"),
    "_holder_reader": lambda known: _reader(known, "holder"),
}
"""What a statement may name beside the fields of its fact. ``_reason`` is the asker's, else the fact's own.

``_partner_reader`` and ``_holder_reader`` are the reader ids of the partners that the fields ``partner`` and ``holder`` name.
"""


def _reader(known: Known, field: str) -> str | None:
    """Who reads as a partner follows from its name alone, for ever (vocabulary.ids)."""
    named = known.data.get(field)
    return str(partner_reader(known.meta["program"], named)) if named is not None else None


def open_row(row: Row, names: StoredNames) -> Known:
    """Decode a row; an old shape is brought to the present one. Raises ``ValueError`` or ``KeyError`` when it cannot be read."""
    state = from_json(row.state)
    data = state["data"]
    topic = row.topic
    if names.present(topic) is None:
        cls, data = names.resolve(topic, data)
        topic = cls.NAME
    return Known(row, topic.rpartition(".v")[0], state["meta"], data)


def bind(known: Known, names: tuple[str, ...]) -> list[str | None]:
    """The values of a statement's parameters in order."""
    return [as_text(EXTRAS[name](known) if name[0] == "_" else known.data.get(name)) for name in names]


def as_text(value: Any) -> str | None:
    """As PostgreSQL reads it: JSON for lists and objects, text for the rest."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return to_json(value).decode()
    return value.isoformat() if isinstance(value, date) else str(value)
