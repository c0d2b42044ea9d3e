"""Messages into a stream of JetStream."""

import asyncio
from collections.abc import Sequence

from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from dealreg.service.intake.brokers.channel import BrokerMissing, BrokerRefuses, Post
from dealreg.service.ledger.errors import Unavailable

PUBLISH_SECONDS = 5.0

PASSING = frozenset({10008, 10009, 10118, 10167})
"""Errors of the server that go by: no leader yet, not the leader any more, a stream whose leader is being chosen, too many requests."""


class JetStreamSending:
    """Publishes over one connection."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        """``jetstream`` with the time that an answer may take."""
        self._jetstream = jetstream

    async def send(self, posts: Sequence[Post]) -> int:
        """Many on their way at once. The first error is raised after all have ended: what the broker took is sent again under its id."""
        tasks = [self._jetstream.publish(one.subject, one.body, headers=_headers(one)) for one in posts]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise _translated(answer) from answer
        return sum(bool(answer.duplicate) for answer in answers if not isinstance(answer, BaseException))


def _headers(post: Post) -> dict[str, str]:
    named = {"Nats-Msg-Id": post.message_id} if post.message_id is not None else {}
    return {**post.headers, **named}


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, APIError) and error.err_code not in PASSING:
        return BrokerRefuses(f"NATS refuses messages: {error.description}; is its store full?")
    if isinstance(error, MaxPayloadError):
        return BrokerRefuses("NATS refuses a message: it is longer than max_payload")
    if isinstance(error, NoStreamResponseError):
        return BrokerMissing("NATS has no stream for it, or its leader is away; has `dealreg migrate` run?")
    if isinstance(error, NatsError | OSError | TimeoutError):
        return Unavailable(f"NATS took no message ({type(error).__name__})")
    return error
