"""Connections to Kafka: what an address says, and clients for errands."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from dealreg.service.embedded.trouble import NoServer
from dealreg.service.intake.brokers.adapter import hosts
from dealreg.service.intake.brokers.channel import BrokerMissing
from dealreg.service.ledger.errors import Unavailable

REQUEST_MILLISECONDS = 10_000
MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
TROUBLE = (KafkaError, OSError, TimeoutError)
"""What the client raises when the broker is away, or says no."""


class Address:
    """``kafka://user:password@one:9092,two:9092?security=sasl_ssl&mechanism=SCRAM-SHA-512&ca=/file&idempotence=off``.

    ``security`` is plaintext (when missing), ssl, sasl_plaintext or sasl_ssl; ``mechanism`` PLAIN (when missing), SCRAM-SHA-256 or -512;
    ``ca`` a file of certificates in place of the machine's. ``idempotence=off`` for servers that cannot: a message may then lie there
    twice after a lost answer, and the core decides it once.
    """

    KNOWN: ClassVar = frozenset({"security", "mechanism", "ca", "idempotence"})

    def __init__(self, url: str) -> None:
        """Raises ``NoServer`` for what is not understood: a password must not go out in the clear because of a slip of the pen."""
        parts = urlsplit(url)
        said = dict(parse_qsl(parts.query))
        strange = set(said) - self.KNOWN
        if strange:
            raise NoServer(
                f"INTAKE_URL: {min(strange)!r} is not understood; it may say {', '.join(sorted(self.KNOWN))}"
            )
        self.servers = hosts(url)
        self.idempotent = said.get("idempotence", "on") != "off"
        self.security = _security(parts.netloc.rpartition("@")[0], said)
        self.client: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "request_timeout_ms": REQUEST_MILLISECONDS,
            **parse_security(self.security),
        }


def _security(user_and_password: str, said: Mapping[str, str]) -> BaseSecurity:
    protocol, mechanism = said.get("security", "plaintext").lower(), said.get("mechanism", "PLAIN").upper()
    if protocol not in {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"} or mechanism not in MECHANISMS:
        raise NoServer(f"INTAKE_URL: security={protocol} with mechanism={mechanism} is not understood")
    user, _, password = user_and_password.partition(":")
    if bool(user) != protocol.startswith("sasl"):
        raise NoServer("INTAKE_URL: a user goes with security=sasl_ssl or sasl_plaintext, and they with a user")
    encrypted = protocol.endswith("ssl")
    context = ssl.create_default_context(cafile=said.get("ca")) if encrypted else None
    if not user:
        return BaseSecurity(ssl_context=context, use_ssl=encrypted)
    return MECHANISMS[mechanism](unquote(user), unquote(password), ssl_context=context, use_ssl=encrypted)


@asynccontextmanager
async def administering(address: Address) -> AsyncIterator[AIOKafkaAdminClient]:
    """To make topics and ask about groups. Raises ``Unavailable``."""
    admin = AIOKafkaAdminClient(**address.client)
    try:
        await admin.start()
    except TROUBLE as error:
        await admin.close()
        raise away(error) from error
    try:
        yield admin
    finally:
        await admin.close()


async def partitions_of(admin: AIOKafkaAdminClient, topic: str) -> list[TopicPartition]:
    """The partitions of a topic. All topics are listed first: a question for one makes it, where the broker makes topics by itself.

    Raises ``BrokerMissing``.
    """
    if topic not in await admin.list_topics():
        raise BrokerMissing(f"there is no topic {topic}; run `dealreg migrate`")
    (found,) = await admin.describe_topics([topic])
    return [TopicPartition(topic, number) for number in sorted(one["partition"] for one in found["partitions"])]


def away(error: BaseException) -> Unavailable:
    """In words."""
    return Unavailable(f"Kafka does not answer; see INTAKE_URL ({type(error).__name__})")
