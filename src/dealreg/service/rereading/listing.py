"""What is stale, for people: with who has to reconcile it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from dealreg.service.composition import House
from dealreg.service.intake.mapping import Mappings, load_mappings
from dealreg.service.sources.known import can_be_asked
from dealreg.vocabulary.fact import Role

BY_MACHINE = "reread"
BY_HAND = "by hand"


@lru_cache(maxsize=8)
def _mappings(folder: Path | None) -> Mappings:
    """Read once in the life of a process, as the intake does."""
    return load_mappings(folder)


def told(house: House, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `stale_records` with ``how``: read again by the role, or by hand where the source's mapping has no `api:`."""
    mappings = _mappings(house.settings.intake_mappings)
    asked = {one.source for one in mappings if can_be_asked(one)}
    return [{**row, "how": BY_MACHINE if row["source"] in asked else BY_HAND} for row in rows]


def stale(
    house: House, *, source: str | None = None, kind: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The longest stale first. Raises ``Unavailable``."""
    asked = {"source": source, "kind": kind, "limit": limit}
    return told(house, house.reading.ask("stale_records", "oldest", None, Role.AUDITOR, asked))
