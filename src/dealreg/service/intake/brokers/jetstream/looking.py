"""How far the durable is: the broker's word, not ours."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from dealreg.service.intake.brokers.channel import CLOCKS_APART, Backlog, BrokerMissing, Part, Wiring
from dealreg.service.intake.brokers.jetstream.connecting import CONNECT_SECONDS
from dealreg.service.intake.brokers.jetstream.provisioning import DURABLE
from dealreg.service.ledger.errors import Unavailable

LOOKS, LOOK_SECONDS = 5, 0.1
"""A consumer that lives asks the broker for messages at least every quarter of a second."""
NOT_FOUND = 404


class JetStreamLooking:
    """Asks over one connection."""

    def __init__(self, client: Client, wiring: Wiring) -> None:
        """``client`` stays its owner's to close."""
        self._client, self._wiring = client, wiring

    async def backlog(self) -> Backlog:
        """The stream first, then the durable: in a cluster different servers answer.

        Idle is a durable that has delivered what the stream's leader, whose clock stamps the messages, had at the instant of its answer;
        the durable's leader alone may not have heard of the newest yet. Raises ``BrokerMissing``, which a pull would never tell.
        """
        stream = await self._ask(f"STREAM.INFO.{self._wiring.stream}")
        durable = await self._ask(f"CONSUMER.INFO.{self._wiring.stream}.{DURABLE}")
        held = stream["state"]
        unheard = held["last_seq"] - max(durable["delivered"]["stream_seq"], held["first_seq"] - 1)
        waiting = max(durable["num_pending"], unheard, 0)
        at = datetime.fromisoformat(stream["ts"])
        alone = stream["config"]["num_replicas"] == 1
        floor, apart = durable["ack_floor"]["stream_seq"], timedelta(0) if alone else CLOCKS_APART
        idle = waiting == durable["num_ack_pending"] == 0
        return Backlog(
            at=at,
            waiting=waiting,
            open=durable["num_ack_pending"],
            parts={self._wiring.stream: Part(floor, at if idle else None)},
            apart=apart,
        )

    async def consumed(self) -> bool:
        """A heartbeat would outlive a consumer that was killed; a pull does not."""
        for _ in range(LOOKS):
            if (await self._ask(f"CONSUMER.INFO.{self._wiring.stream}.{DURABLE}"))["num_waiting"]:
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _ask(self, question: str) -> dict[str, Any]:
        try:
            reply = await self._client.request(f"$JS.API.{question}", b"", timeout=CONNECT_SECONDS)
        except (NatsError, OSError, TimeoutError) as error:
            raise Unavailable(f"NATS does not answer ({type(error).__name__})") from error
        told: dict[str, Any] = json.loads(reply.data)
        if "error" in told:
            words = told["error"].get("description", "the durable is gone")
            if told["error"].get("code") == NOT_FOUND:
                raise BrokerMissing(f"{words}; run `dealreg migrate`")
            raise Unavailable(f"NATS does not say: {words}")
        return told
