"""Every checkpoint on the broker, for whoever wants to keep one: subject ``audit.checkpoints``, in order, at least once.

A message is the note itself, `text/plain`; its id is ``<origin>:<size>``, so that the broker drops what is sent again after a kill.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from dealreg.service.intake.broker import KEPT_DAYS, connected
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.proving.hashes import Run
from dealreg.service.witnessing.sealed import NotCarried, Sealed, behind, carried, note_done, origins

BATCH: Final = 256
"""Checkpoints on one connection, and between two notes of how far it is."""

PUBLISH_SECONDS: Final = 5.0


def stream(prefix: str = "") -> str:
    """The stream's name; ``prefix`` keeps installations that share a broker apart."""
    return f"{prefix}AUDIT"


def subject(prefix: str = "") -> str:
    """Where checkpoints go."""
    return f"{f'{prefix}.' if prefix else ''}audit.checkpoints"


def provision_checkpoints(url: str, prefix: str = "") -> bool:
    """Make the stream where it is missing, like the feed's; whether it was made. Raises ``Unavailable``."""
    return asyncio.run(_provision(url, prefix))


async def _provision(url: str, prefix: str) -> bool:
    async with connected(url) as client:
        jetstream = client.jetstream()
        try:
            await jetstream.stream_info(stream(prefix))
        except NotFoundError:
            await jetstream.add_stream(
                StreamConfig(
                    name=stream(prefix),
                    subjects=[subject(prefix)],
                    retention=RetentionPolicy.LIMITS,
                    discard=DiscardPolicy.NEW,
                    max_age=KEPT_DAYS * 86_400,
                    storage=StorageType.FILE,
                    duplicate_window=120,
                )
            )
            return True
        return False


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
                except APIError as error:
                    raise NotCarried(f"NATS refuses it: {error.description}; is its store full?") from error
                except (Unavailable, NatsError, OSError, TimeoutError) as error:
                    raise NotCarried(
                        f"NATS does not take it ({type(error).__name__}); has `dealreg migrate` run?"
                    ) from error
                size = waiting[-1].size
                note_done(self._run, self.errand, self.taker, origin, size)

    async def _publish(self, checkpoints: Sequence[Sealed]) -> None:
        """One after another: the next goes when the broker holds the one before."""
        async with connected(self._url) as client:
            jetstream = client.jetstream(timeout=PUBLISH_SECONDS)
            for one in checkpoints:
                headers = {"Nats-Msg-Id": f"{one.origin}:{one.size}", "content-type": "text/plain; charset=utf-8"}
                await jetstream.publish(
                    subject(self._prefix), one.note.encode(), stream=stream(self._prefix), headers=headers
                )
