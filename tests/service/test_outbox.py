"""Facts out: every fact once an audience, in order, through kills; a partner is told its own rows and nothing else."""

import json
import threading
import time

import psycopg
import pytest

from dealreg.file.events import GraceBegan
from dealreg.service.outbox import running, subscribing
from dealreg.service.outbox.audiences import Audience, Channel, partner_channel
from dealreg.service.outbox.connecting import connect, turn
from dealreg.service.outbox.following import Gap, House
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.message import Message
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import catch_up, run
from dealreg.service.outbox.standing import standing
from dealreg.service.outbox.taking import NotTaken
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Tier
from dealreg.web.rows import Deal
from tests.fix_histories import DAY, PROGRAM, START, Claim, History, customer
from tests.fix_outbox import enrolled, messages
from tests.fix_postgres import as_superuser
from tests.whole.test_asyncapi import validator

OWN = Claim("own", customer("łódź"), "dist-1", "dealer-1")
RIVAL = Claim("rival", customer("łódź"), "dist-2", "dealer-2")


def history(*, rival=True):
    """One claim that is approved, and perhaps a rival that waits for it."""
    made = History()
    OWN.filed(made, START)
    if rival:
        RIVAL.filed(made, START + DAY)
    made.add(OWN.file, OWN.approved(START + 2 * DAY), START + 2 * DAY)
    if rival:
        made.add(RIVAL.file, RIVAL.queued(START + 2 * DAY), START + 2 * DAY)
    return made


def stands(told):
    """Each row as it was told last."""
    return {(event["data"]["registration"], event["data"]["tier"]): event["data"] for event, _, _ in told}


def test_the_desk_is_told_every_fact_and_auditors_those_of_audit_too(outbox_url, ledger, taker, stream_prefix, held):
    head = history().save(ledger)
    for audience in Audience:
        assert catch_up(outbox_url, House(audience, taker, prefix=stream_prefix, page=7))
    rows = ledger.notifications(0, 1000)
    audit, desk = held("audit"), held("desk")
    assert [one["id"] for one in audit] == [f"{row.stream}:{row.version}" for row in rows]
    assert [one["sequence"] for one in audit] == [f"{position:020d}" for position in range(1, head + 1)]
    assert [one["id"] for one in desk] == [
        f"{row.stream}:{row.version}" for row in rows if not row.topic.startswith("audit.")
    ]
    assert [one["sequence"] for one in desk] == [
        f"{row.position:020d}" for row in rows if not row.topic.startswith("audit.")
    ]
    assert [one["number"] for one in desk] == [f"{number:020d}" for number in range(1, len(desk) + 1)]
    assert 0 < len(desk) < len(audit)
    assert [one["data"] for one in audit] == [json.loads(bytes(row.state))["data"] for row in rows]
    assert {one["dataschema"] for one in audit} == {f"urn:dealreg:schema:{row.topic}" for row in rows}


def test_a_partner_is_told_its_rows_and_nothing_of_a_rival(outbox_url, ledger, taker, stream_prefix, nats_url):
    enrolled("dealer-1", "dealer-2").save(ledger)
    with connect(outbox_url) as connection:
        reader = subscribing.subscribe(connection, PROGRAM, "dealer-1")
    assert catch_up(outbox_url, Partners(taker, prefix=stream_prefix))
    history().save(ledger)
    assert catch_up(outbox_url, Partners(taker, prefix=stream_prefix))
    told = messages(nats_url, partner_channel(reader, stream_prefix))
    states = [event["data"]["state"] for event, _, _ in told]
    assert (states[0], states[-1]) == ("incomplete", "protected")
    for event, subject, _ in told:
        validator("my_deals_row_shown_v1").validate(event)
        assert set(event["data"]) == set(Deal.model_fields), "another column than the API answers"
        assert subject == f"{stream_prefix}.dealreg.partner.{reader}.{PROGRAM}.my_deals_row_shown"
        assert not {"subject", "number", "streamversion", "cause", "actorrole"} & set(event)
    assert "rival" not in json.dumps([event for event, _, _ in told])
    assert "dist-2" not in json.dumps([event for event, _, _ in told])


def test_a_partner_that_comes_later_begins_with_its_rows_and_counts_on_when_it_comes_again(
    outbox_url, ledger, taker, stream_prefix, nats_url
):
    enrolled("dealer-1", "dealer-2").save(ledger)
    history().save(ledger)
    follower = Partners(taker, prefix=stream_prefix)
    with connect(outbox_url) as connection:
        reader = subscribing.subscribe(connection, PROGRAM, "dealer-1")
        channel = partner_channel(reader, stream_prefix)
        assert catch_up(outbox_url, follower)
        first = messages(nats_url, channel)
        assert [(event["data"]["tier"], event["data"]["state"]) for event, _, _ in first] == [
            ("dealer", "protected"),
            ("distributor", "protected"),
        ]
        assert subscribing.unsubscribe(connection, PROGRAM, "dealer-1") == reader
        taker.retire(channel)
        late = History()
        late.add(
            OWN.file,
            OWN.leg(GraceBegan, START + 3 * DAY, Tier.DEALER, stage="late", grace_to=START + 9 * DAY),
            START + 3 * DAY,
        )
        late.versions.update({row.stream: row.version for row in ledger.notifications(0, 1000)})
        late.save(ledger)
        assert catch_up(outbox_url, follower)
        assert subscribing.unsubscribe(connection, PROGRAM, "dealer-1") is None
        assert subscribing.subscribe(connection, PROGRAM, "dealer-1") == reader
        assert catch_up(outbox_url, follower)
        again = [event for event, _, _ in messages(nats_url, channel)]
    assert [one["sequence"] for one in again] == [f"{n:020d}" for n in (3, 4, 5)]
    assert [(one["data"]["tier"], one["data"]["grace_to"] is not None) for one in again] == [
        ("dealer", False),
        ("distributor", False),
        ("dealer", True),
    ]


def test_nobody_that_is_not_in_the_program_gets_a_stream(outbox_url):
    with connect(outbox_url) as connection, pytest.raises(Unknown):
        subscribing.subscribe(connection, PROGRAM, "dealer-1")


def test_when_the_sql_of_a_model_is_another_the_copies_are_made_anew_and_told_again(
    outbox_url, ledger, taker, stream_prefix, nats_url
):
    enrolled("dealer-1").save(ledger)
    with connect(outbox_url) as connection:
        reader = subscribing.subscribe(connection, PROGRAM, "dealer-1")
        history().save(ledger)
        assert catch_up(outbox_url, Partners(taker, prefix=stream_prefix))
        before = messages(nats_url, partner_channel(reader, stream_prefix))
        connection.execute("UPDATE outbox.copies SET digest = 'of another build' WHERE model = 'my_deals'")
        assert catch_up(outbox_url, Partners(taker, prefix=stream_prefix))
    after = messages(nats_url, partner_channel(reader, stream_prefix))
    assert stands(after[len(before) :]) == stands(before)
    assert len(after) == len(before) + len(stands(before))
    assert [event["sequence"] for event, _, _ in after] == [f"{n:020d}" for n in range(1, len(after) + 1)]


def test_nothing_is_told_behind_a_missing_position(outbox_url, ledger, taker, stream_prefix, held, servers):
    head = history().save(ledger)
    with psycopg.connect(as_superuser(outbox_url), autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM ledger.events WHERE position = %s", [head - 2])
    with pytest.raises(Gap, match=f"position {head - 2} of the ledger is missing"):
        catch_up(outbox_url, House(Audience.AUDIT, taker, prefix=stream_prefix, page=4))
    assert int(held("audit")[-1]["sequence"]) < head - 2


def test_what_another_process_put_there_is_not_written_over(outbox_url, ledger, taker, nats_url, stream_prefix, held):
    """A process that lost its turn and does not know it: the broker refuses what stands behind another place than it believes."""
    head = history().save(ledger)
    with NatsTaker(nats_url) as other:
        own, theirs = (House(Audience.AUDIT, one, prefix=stream_prefix, page=5) for one in (taker, other))
        with connect(outbox_url) as connection:
            assert own.step(connection)
            channel = Channel("audit", stream_prefix)
            other.put(channel, [Message(channel.subject("p", "e"), "somebody else's", "k", {"id": "x"})])
            with pytest.raises(NotTaken, match="wrong last sequence"):
                own.step(connection)
            while theirs.step(connection):
                pass
    sequences = [one["sequence"] for one in held("audit") if one["id"] != "x"]
    assert sequences == [f"{n:020d}" for n in range(1, head + 1)]


def test_who_has_not_the_turn_tells_nothing(outbox_url, ledger, taker, stream_prefix, held):
    history().save(ledger)
    with turn(outbox_url, Audience.DESK) as held_by_another:
        assert held_by_another is not None
        assert not catch_up(outbox_url, House(Audience.DESK, taker, prefix=stream_prefix))
    assert held("desk") == []


def test_what_stands_in_the_way_is_said(outbox_url, ledger, taker):
    """The streams of this prefix were never made."""
    history().save(ledger)
    follower, stop = House(Audience.DESK, taker, prefix="NEVERMADE"), threading.Event()
    thread = threading.Thread(target=run, args=(outbox_url, [follower], stop))
    thread.start()
    try:
        until = time.monotonic() + 30
        while not standing(outbox_url).in_trouble:
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join(30)
    (one,) = standing(outbox_url).followers
    assert (one.follower, one.position, one.messages) == ("desk", 0, 0)
    assert one.behind == ledger.head()
    assert "NATS" in (one.trouble or "")


def test_a_fault_of_ours_is_tried_again_and_ends_no_follower(database_url, monkeypatch):
    monkeypatch.setattr(running, "FAULT_REST_SECONDS", 0.05)
    stop = threading.Event()

    class Faulty:
        name, tries = "faulty", 0

        def step(self, _connection):
            self.tries += 1
            if self.tries == 1:
                raise ValueError("nobody thought of this")
            stop.set()
            return False

    faulty = Faulty()
    running.run(database_url, [faulty], stop)
    assert faulty.tries == 2
