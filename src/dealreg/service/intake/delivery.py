"""What a broker hands over and what it is told: the two words that every adapter speaks (architecture D2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256


class Verdict(Enum):
    """What becomes of a message in the broker."""

    DONE = "done"
    """Decided, or nothing to decide: acknowledge it."""
    DEAD = "dead"
    """Set aside as a row with its bytes and the reason: acknowledge it."""
    RETRY = "retry"
    """Not decided now: have it back after a pause."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message at the door: where it lies in the broker, and since when (the same at every delivery)."""

    body: bytes
    headers: Mapping[str, str]
    subject: str
    stream: str
    sequence: int
    stored_at: datetime
    digest: str = field(init=False)
    """SHA-256 of the body."""

    def __post_init__(self) -> None:
        """Digest once; it goes into the fact and names a replay."""
        object.__setattr__(self, "digest", sha256(self.body).hexdigest())

    @property
    def key(self) -> tuple[str, int]:
        """Its place in the broker, which is its name for the door."""
        return self.stream, self.sequence

    def header(self, name: str) -> str | None:
        """A header, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)
