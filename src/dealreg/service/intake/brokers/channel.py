"""What every broker is told and asked: where messages go, what one is, and how far the intake has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from dealreg.service.ledger.errors import Unavailable

KEPT_DAYS: Final = 14
"""So long a feed can be read again."""

MAJORITY_OF: Final = 3

CLOCKS_APART: Final = timedelta(seconds=5)
"""How far the clocks of a broker's servers, and ours, are allowed to be apart: where more than one of them stamps messages, a watermark
stays so far behind. Servers without NTP are worse off than this."""


class BrokerMissing(Unavailable):
    """The stream or the durable is not there: `dealreg migrate` makes them."""


class BrokerRefuses(Unavailable):
    """The broker answers and does not take it: it is full, or the message is too long for it. Asking again soon is useless."""


class Channel(Protocol):
    """Where messages go. In Kafka the topic; in NATS a stream that takes in the subjects, which begin with the topic."""

    @property
    def stream(self) -> str:
        """The stream's name in NATS."""

    @property
    def topic(self) -> str:
        """The topic's name in Kafka."""

    @property
    def subjects(self) -> str:
        """All subjects of the stream."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The names of the feed; ``prefix`` keeps installations (and tests) that share a broker apart."""

    prefix: str = ""

    @property
    def stream(self) -> str:
        """The stream's name, and the feed's in the watermarks, whichever broker carries it."""
        return f"{self.prefix}CRM"

    @property
    def topic(self) -> str:
        """The topic's name."""
        return f"{f'{self.prefix}.' if self.prefix else ''}crm.opportunity"

    @property
    def subjects(self) -> str:
        """What the stream takes in."""
        return f"{self.topic}.>"

    @property
    def group(self) -> str:
        """The group of Kafka's consumers."""
        return f"{self.prefix}deal-intake"

    def subject(self, kind: str) -> str:
        """Where messages of one kind of source go; never with an opportunity's id in it: metrics carry the subject."""
        return f"{self.topic}.{kind}"


@dataclass(frozen=True, slots=True)
class Post:
    """One message for a channel. What has the same ``key`` stays in one partition, in order; the broker that can takes a ``message_id`` once."""

    subject: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How large `migrate` makes what it makes: copies in a cluster (``None``: see ``copies``), and partitions where the broker has them."""

    replicas: int | None = None
    partitions: int | None = None


def copies(servers: int) -> int:
    """How many copies where nobody says: three survive the loss of one server, two do not."""
    return MAJORITY_OF if servers >= MAJORITY_OF else 1


@dataclass(frozen=True, slots=True)
class Part:
    """How far one stream or partition is: every message up to ``floor`` is acknowledged, and all that was stored until ``until``, if given."""

    floor: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the intake is, at an instant of the broker's clock, or of ours where the broker shows none."""

    at: datetime
    waiting: int
    """Not delivered yet."""
    open: int
    """Delivered and not acknowledged."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """By the name under which deliveries carry their stream; all there are, whoever consumes them."""
    apart: timedelta = timedelta(0)
    """How far the clocks that stamp messages may be apart."""

    @property
    def idle_at(self) -> datetime | None:
        """The instant, if nothing was open then."""
        return self.at if self.waiting == 0 and self.open == 0 else None
