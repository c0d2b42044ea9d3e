"""What belongs to the sealer alone, on its own disk."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Things:
    """What is the sealer's own: its memory, the folder of its keys, the origin that its log is to have, how long two keys sign."""

    state: Path
    keys: Path
    origin: str | None = None
    overlap: timedelta = timedelta(days=7)
