"""How far the group is: what it has committed against what each partition holds, and when the first of the rest was stored."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from dealreg.service.intake.brokers.channel import CLOCKS_APART, Backlog, Part, Wiring
from dealreg.service.intake.brokers.kafka.connecting import TROUBLE, away, partitions_of
from dealreg.service.ledger.errors import Unavailable

PEEK_BYTES: Final = 4096
"""Of a partition, to see its first message; a broker sends at least a whole batch."""
PEEK_MILLISECONDS: Final = 50
PATIENCE_SECONDS: Final = 5.0

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class KafkaLooking:
    """Asks over a client that is in no group, so that nobody's partitions move because of it."""

    def __init__(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, wiring: Wiring) -> None:
        """Both stay their owner's to close."""
        self._admin, self._reader, self._wiring = admin, reader, wiring

    async def backlog(self) -> Backlog:
        """The instant comes first, then what is committed, then a look at what lies behind that.

        Where nothing lies behind it, the partition is decided until that instant: what is stored later bears a later one, as far as the
        clocks agree. Else until its first undecided message was stored. Raises ``BrokerMissing``, ``Unavailable``.
        """
        try:
            return await self._backlog()
        except TROUBLE as error:
            raise away(error) from error

    async def consumed(self) -> bool:
        """Whether the group has members; one that was killed is a member for some seconds more."""
        try:
            answers = await self._admin.describe_consumer_groups([self._wiring.group])
        except TROUBLE as error:
            raise away(error) from error
        return any(group[-1] for answer in answers for group in ([*one][:6] for one in answer.groups))

    async def _backlog(self) -> Backlog:
        partitions = await partitions_of(self._admin, self._wiring.topic)
        at = datetime.now(UTC)
        committed = await self._admin.list_consumer_group_offsets(self._wiring.group, partitions=partitions)
        begins = await self._reader.beginning_offsets(partitions)
        floors = {one: max(committed[one].offset, begins[one]) for one in partitions}
        first = await self._peek(floors)
        return Backlog(
            at=at,
            waiting=sum(max((self._reader.highwater(one) or 0) - floor, 0) for one, floor in floors.items()),
            open=0,
            parts={
                named(one): Part(floor - 1, stored_at(first[one]) if one in first else at)
                for one, floor in floors.items()
            },
            apart=CLOCKS_APART,
        )

    async def _peek(self, floors: dict[TopicPartition, int]) -> dict[TopicPartition, ConsumerRecord]:
        """The first message at or behind each of these offsets, where there is one. A new assignment forgets what was fetched before."""
        self._reader.assign(list(floors))
        for one, floor in floors.items():
            self._reader.seek(one, floor)
        found: dict[TopicPartition, ConsumerRecord] = {}
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while any(self._reader.highwater(one) is None for one in floors):
            if asyncio.get_running_loop().time() > until:
                raise Unavailable("Kafka does not say how much a partition holds; has it a leader?")
            for one, records in (await self._reader.getmany(timeout_ms=PEEK_MILLISECONDS)).items():
                found.setdefault(one, records[0])
        for one, records in (await self._reader.getmany(timeout_ms=0)).items():
            found.setdefault(one, records[0])
        return found


def named(partition: TopicPartition) -> str:
    """A partition's name in deliveries, dead letters and watermarks."""
    return f"{partition.topic}:{partition.partition}"


def stored_at(record: ConsumerRecord) -> datetime:
    """When the broker stored it, to the millisecond; exact, where a float would round."""
    return EPOCH + timedelta(milliseconds=record.timestamp)
