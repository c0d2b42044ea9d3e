"""Kafka as the intake's broker."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import ClassVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from faststream import FastStream

from dealreg.service.intake.brokers.adapter import Looking, Sending
from dealreg.service.intake.brokers.channel import BrokerMissing, Channel, Size, Wiring
from dealreg.service.intake.brokers.kafka.connecting import TROUBLE, Address, administering, away
from dealreg.service.intake.brokers.kafka.consuming import application
from dealreg.service.intake.brokers.kafka.looking import PEEK_BYTES, PEEK_MILLISECONDS, KafkaLooking
from dealreg.service.intake.brokers.kafka.provisioning import provision_topic
from dealreg.service.intake.brokers.kafka.sending import KafkaSending
from dealreg.service.intake.core import Intake


class Kafka:
    """Kafka, or a server that speaks its protocol."""

    trouble: ClassVar[tuple[type[Exception], ...]] = (KafkaError,)

    def __init__(self, url: str) -> None:
        """Nothing is opened yet. Raises ``NoServer`` for an address that is not understood."""
        self._address = Address(url)

    async def provision(self, channel: Channel, size: Size) -> bool:
        """A topic."""
        async with administering(self._address) as admin:
            try:
                return await provision_topic(admin, channel, size)
            except TROUBLE as error:
                raise away(error) from error

    async def provision_feed(self, wiring: Wiring, size: Size) -> bool:
        """A topic as well: a group is made by its first consumer."""
        return await self.provision(wiring, size)

    def sending(self, channel: Channel) -> AbstractAsyncContextManager[Sending]:
        """To publish."""
        return self._sending(channel)

    @asynccontextmanager
    async def _sending(self, channel: Channel) -> AsyncIterator[Sending]:
        producer = AIOKafkaProducer(**self._address.client, acks="all", enable_idempotence=self._address.idempotent)
        try:
            await producer.start()
            if channel.topic not in (await producer.client.fetch_all_metadata()).topics():
                raise BrokerMissing(f"there is no topic {channel.topic}; run `dealreg migrate`")
            yield KafkaSending(producer, channel.topic)
        except TROUBLE as error:
            raise away(error) from error
        finally:
            with suppress(*TROUBLE):
                await producer.stop()

    def looking(self, wiring: Wiring) -> AbstractAsyncContextManager[Looking]:
        """To ask about the feed."""
        return self._looking(wiring)

    @asynccontextmanager
    async def _looking(self, wiring: Wiring) -> AsyncIterator[Looking]:
        async with administering(self._address) as admin:
            reader = AIOKafkaConsumer(
                **self._address.client,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=PEEK_MILLISECONDS,
                max_partition_fetch_bytes=PEEK_BYTES,
            )
            try:
                await reader.start()
                yield KafkaLooking(admin, reader, wiring)
            except TROUBLE as error:
                raise away(error) from error
            finally:
                with suppress(*TROUBLE):
                    await reader.stop()

    def application(self, wiring: Wiring, intake: Intake) -> FastStream:
        """The consumer."""
        return application(self._address, wiring, intake)
