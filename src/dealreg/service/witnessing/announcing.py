"""Every checkpoint on the broker, for whoever wants to keep one: subject ``audit.checkpoints``, in order, at least once.

A message is the note itself, `text/plain`; its id is ``<origin>:<size>``, so that a broker that can drops what is sent again after a kill.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from dealreg.service.intake.broker import AS_THE_BROKER_IS, BrokerRefuses, Post, Size, provision_channel
from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.proving.hashes import Run
from dealreg.service.witnessing.sealed import NotCarried, Sealed, behind, carried, note_done, origins

BATCH: Final = 256
"""Checkpoints on one connection, and between two notes of how far it is."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The channel; ``prefix`` keeps installations that share a broker apart."""

    prefix: str = ""

    @property
    def stream(self) -> str:
        """The stream's name in NATS."""
        return f"{self.prefix}AUDIT"

    @property
    def topic(self) -> str:
        """The topic's name in Kafka, and the only subject in NATS."""
        return f"{f'{self.prefix}.' if self.prefix else ''}audit.checkpoints"

    @property
    def subjects(self) -> str:
        """What the stream takes in."""
        return self.topic


def stream(prefix: str = "") -> str:
    """The stream's name."""
    return Checkpoints(prefix).stream


def subject(prefix: str = "") -> str:
    """Where checkpoints go."""
    return Checkpoints(prefix).topic


def provision_checkpoints(url: str, prefix: str = "", size: Size = AS_THE_BROKER_IS) -> bool:
    """Make the stream where it is missing, like the feed's; whether it was made. One partition: all in order. Raises ``Unavailable``."""
    return provision_channel(url, Checkpoints(prefix), replace(size, partitions=1))


class Announcing:
    """The errand to the broker."""

    errand: Final = "broker"

    def __init__(self, run: Run, url: str, prefix: str = "") -> None:
        """``url`` of the broker."""
        self._run, self._url, self._prefix = run, url, prefix
        self.taker = subject(prefix)

    @property
    def named(self) -> str:
        """What it is, with where it goes."""
        return f"broker {self.taker}"

    def due(self, newest: Sealed) -> bool:
        """Whether a checkpoint is not there yet."""
        return carried(self._run, self.errand, self.taker, newest.origin).size < newest.size

    def go(self, newest: Sealed) -> None:  # noqa: ARG002 - all go, whichever is the newest
        """Publish all that are not there yet, of the origins before this one first. Raises ``NotCarried`` and ``Unavailable``."""
        for origin in origins(self._run):
            size = carried(self._run, self.errand, self.taker, origin).size
            while waiting := behind(self._run, origin, size, BATCH):
                try:
                    asyncio.run(self._publish(waiting))
                except BrokerRefuses as error:
                    raise NotCarried(str(error)) from error
                except Unavailable as error:
                    raise NotCarried(f"the broker does not take it ({error}); has `dealreg migrate` run?") from error
                size = waiting[-1].size
                note_done(self._run, self.errand, self.taker, origin, size)

    async def _publish(self, checkpoints: Sequence[Sealed]) -> None:
        """One after another: the next goes when the broker holds the one before."""
        channel = Checkpoints(self._prefix)
        async with adapter(self._url).sending(channel) as sending:
            for one in checkpoints:
                headers = {"content-type": "text/plain; charset=utf-8"}
                await sending.send(
                    [Post(channel.topic, one.note.encode(), headers, f"{one.origin}:{one.size}", one.origin)]
                )
