"""Messages into a topic of Kafka."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from dealreg.service.intake.brokers.channel import BrokerRefuses, Post
from dealreg.service.intake.brokers.kafka.connecting import TROUBLE, away

SUBJECT_HEADER = "dealreg-subject"
"""A topic has no subjects: what kind of source it was is said here."""


class KafkaSending:
    """Publishes over one producer. Kafka does not know messages again by a name: it reports no duplicates, the core finds them."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        """``producer`` stays its owner's to stop."""
        self._producer, self._topic = producer, topic

    async def send(self, posts: Sequence[Post]) -> int:
        """In order within a key. The first error is raised after all have ended: what the broker took is sent again."""
        try:
            under_way = [await self._begun(one) for one in posts]
            answers = await asyncio.gather(*under_way, return_exceptions=True)
        except TROUBLE as error:
            raise _translated(error) from error
        for answer in answers:
            if isinstance(answer, BaseException):
                raise _translated(answer) from answer
        return 0

    async def _begun(self, post: Post) -> asyncio.Future[object]:
        headers = {**post.headers, SUBJECT_HEADER: post.subject}
        sent: asyncio.Future[object] = await self._producer.send(
            self._topic,
            post.body,
            key=post.key.encode() if post.key is not None else None,
            headers=[(name, value.encode("utf-8", "surrogateescape")) for name, value in headers.items()],
        )
        return sent


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return BrokerRefuses("Kafka refuses a message: it is longer than max.message.bytes")
    return away(error) if isinstance(error, KafkaError | OSError | TimeoutError) else error
