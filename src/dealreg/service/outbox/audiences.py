"""Who is told facts, on which stream of the broker, under which subjects (architecture D9; decision 31)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote
from uuid import UUID

AUDIT: Final = "audit."
"""How the stored names of facts of audit begin."""


class Audience(StrEnum):
    """Those that read the whole log: the desk without the facts of audit, auditors with them."""

    DESK = "desk"
    AUDIT = "audit"

    def takes(self, topic: str) -> bool:
        """Whether a fact is for it."""
        return self is Audience.AUDIT or not topic.startswith(AUDIT)


PARTNERS: Final = "partners"
"""The follower that tells partners; each has a stream of its own."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A stream and what is published on it. ``prefix`` keeps installations that share a broker apart."""

    audience: str
    prefix: str = ""

    @property
    def stream(self) -> str:
        """The stream's name in NATS: no dots, no spaces."""
        return f"{self.prefix}DEALREG_{self.audience.upper().replace('.', '_').replace('-', '')}"

    @property
    def topic(self) -> str:
        """The name that goes before every subject; in Kafka the topic."""
        return f"{f'{self.prefix}.' if self.prefix else ''}dealreg.{self.audience}"

    @property
    def subjects(self) -> str:
        """All that the stream takes in."""
        return f"{self.topic}.>"

    def subject(self, *words: str) -> str:
        """A subject of it; what a token of NATS may not have is written in percent."""
        return ".".join((self.topic, *(quote(word, safe="").replace(".", "%2E") for word in words)))


def partner_channel(reader: UUID, prefix: str = "") -> Channel:
    """The stream of one partner: of its own, for in a shared one the gaps would tell how much the others are told."""
    return Channel(f"partner.{reader}", prefix)
