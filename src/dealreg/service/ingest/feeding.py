"""Messages through the broker, and the wait until the intake has decided the last of them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dealreg.service.embedded.trouble import ServerTrouble
from dealreg.service.ingest.world import World
from dealreg.service.intake.publishing import Outgoing, Published, publish_opportunities

LOOK_SECONDS = 0.1
STUCK_SECONDS = 60.0
"""An intake that decides nothing at all for so long is given up on."""

Progress = Callable[[int], None]
"""Told how many more are done."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What the broker was given, and how long the intake took from the first message to the last, in seconds."""

    published: Published
    seconds: float


def feed(
    world: World, messages: Iterable[Outgoing], published: Progress | None = None, decided: Progress | None = None
) -> Fed:
    """Publish in order and wait for the intake. Raises ``Unavailable`` and ``ServerTrouble``."""
    begun = time.perf_counter()
    sent = publish_opportunities(world.settings.intake_url(), messages, published)
    drain(world, decided)
    return Fed(sent, time.perf_counter() - begun)


def drain(world: World, decided: Progress | None = None) -> None:
    """Wait until every message in the broker is decided. Raises ``ServerTrouble`` when nothing moves any more."""
    left: int | None = None
    moved_at = time.monotonic()
    while True:
        backlog = world.backlog()
        now = backlog.waiting + backlog.open
        if left is not None and decided is not None:
            decided(max(left - now, 0))
        if backlog.idle_at is not None:
            return
        if left is None or now < left:
            moved_at = time.monotonic()
        if time.monotonic() - moved_at > STUCK_SECONDS:
            raise ServerTrouble(f"the intake leaves {now} messages undecided; see the log of `dealreg consume`")
        left = now
        time.sleep(LOOK_SECONDS)
