"""The role from its settings."""

import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

from dealreg.service.outbox.audiences import Audience
from dealreg.service.outbox.following import Follower, House
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import run
from dealreg.service.outbox.taking import BrokerTaker, Taker


def taker_of(url: str) -> Taker:
    """The broker that a URL names: NATS holds the order of messages itself. Raises ``NoServer`` for one that nobody knows."""
    return NatsTaker(url) if urlsplit(url).scheme in {"nats", "tls"} else BrokerTaker(url)


def followers(taker: Taker, prefix: str = "") -> Sequence[Follower]:
    """Everybody who is told, each by itself."""
    return (*(House(audience, taker, prefix=prefix) for audience in Audience), Partners(taker, prefix=prefix))


def tell(database_url: str, broker_url: str, stop: threading.Event, prefix: str = "") -> None:
    """Tell all audiences until ``stop``."""
    taker = taker_of(broker_url)
    try:
        run(database_url, followers(taker, prefix), stop)
    finally:
        taker.close()
