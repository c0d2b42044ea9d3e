"""Facts out: followers over a test's own ledger, and what a subscriber of the broker gets."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import nats
import pytest

from dealreg.partner.events import PartnerEnrolled
from dealreg.service.outbox.audiences import Channel
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.taking import provision_outbox
from dealreg.service.projecting.loader import provision
from dealreg.vocabulary.ids import PartnerId, partner_stream
from dealreg.vocabulary.values import PartnerTier, Track
from tests.fix_histories import PROGRAM, START, History


@pytest.fixture
def outbox_url(database_url: str, nats_url: str, stream_prefix: str) -> str:
    """The database of a test whose broker has the house's streams."""
    provision(database_url)
    provision_outbox(nats_url, stream_prefix)
    return database_url


@pytest.fixture
def taker(nats_url: str) -> Iterator[NatsTaker]:
    """The broker, to publish."""
    with NatsTaker(nats_url) as made:
        yield made


@pytest.fixture
def held(nats_url: str, stream_prefix: str) -> Callable[..., list[dict[str, Any]]]:
    """All that a stream holds, in the broker's order."""

    def of(audience: str) -> list[dict[str, Any]]:
        return [event for event, _, _ in messages(nats_url, Channel(audience, stream_prefix))]

    return of


def enrolled(*partners):
    """Partners that are in the program."""
    made = History()
    for partner in partners:
        event = PartnerEnrolled(
            partner=PartnerId(partner), track=Track.DEALER, tier=PartnerTier.AUTHORIZED, lines=(), territories=(),
            specialisations=(), display_name=None, enrolled_from=START,
        )  # fmt: skip
        made.add(partner_stream(PROGRAM, partner), event, START)
    return made


def messages(url: str, channel: Channel) -> list[tuple[dict[str, Any], str, dict[str, str]]]:
    """Every message of a stream: the event, its subject, its headers."""
    return asyncio.run(_all(url, channel))


async def _all(url: str, channel: Channel) -> list[tuple[dict[str, Any], str, dict[str, str]]]:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        found = []
        subscription = await jetstream.subscribe(channel.subjects, stream=channel.stream, ordered_consumer=True)
        info = await jetstream.stream_info(channel.stream)
        for _ in range(info.state.messages):
            raw = await subscription.next_msg(timeout=10)
            found.append((json.loads(raw.data), raw.subject, dict(raw.headers or {})))
        return found
    finally:
        await client.close()
