"""A cluster of three NATS servers loses one after another while a feed runs: nothing is lost, nothing doubled, nobody stops."""

import asyncio
import sys
import threading
import time
from collections import Counter

import pytest

from dealreg.service.intake.broker import ask_backlog, provision_broker
from dealreg.service.intake.brokers.jetstream.connecting import connected
from dealreg.service.intake.brokers.jetstream.provisioning import DURABLE
from dealreg.service.intake.publishing import publish_opportunities
from dealreg.service.ledger.errors import LedgerError
from tests.fix_intake import facts
from tests.service.test_intake_broker import consumer, eventually, opportunity

MESSAGES = 1500
FEED_SECONDS = 12.0


def slowly():
    for number in range(MESSAGES):
        if number % 25 == 0:
            time.sleep(FEED_SECONDS * 25 / MESSAGES)
        yield opportunity(number)


async def stream_of(url):
    async with connected(url) as client:
        return await client.jetstream().stream_info("CRM")


def quiet(url):
    try:
        now = ask_backlog(url)
    except LedgerError:
        return False
    return now.waiting == now.open == 0


@pytest.mark.timeout(180)
def test_a_feed_survives_the_loss_of_each_server_the_leaders_too(nats_cluster, database_url, ledger):
    assert provision_broker(nats_cluster.url)
    stream = asyncio.run(stream_of(nats_cluster.url))
    assert stream.config.num_replicas == 3
    published = []
    publisher = threading.Thread(target=lambda: published.append(publish_opportunities(nats_cluster.url, slowly())))
    lost: list[str] = []
    with consumer(nats_cluster.url, database_url, "") as process:
        publisher.start()
        for which in (0, 1, 0):
            eventually(lambda: len(facts(ledger)) > 100 * len(lost), "some facts")
            name = nats_cluster.leaders("CRM", DURABLE)[which]
            nats_cluster.nodes[name].kill()
            lost.append(name)
            before = len(facts(ledger))
            if publisher.is_alive():
                eventually(lambda before=before: len(facts(ledger)) > before, "facts with a server lost")
            nats_cluster.start()
        publisher.join(90)
        assert not publisher.is_alive()
        eventually(lambda: quiet(nats_cluster.url), "an empty feed")
        assert process.poll() is None
    told = Counter(fact.event.record for fact in facts(ledger))
    assert (len(told), max(told.values())) == (MESSAGES, 1)
    assert published[0].sent == MESSAGES
    assert asyncio.run(stream_of(nats_cluster.url)).state.messages == MESSAGES
    sys.stdout.write(f"\nlost {lost}; {published[0].duplicates} messages were sent again and known\n")
