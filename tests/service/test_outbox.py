"""Facts out: every fact once an audience, in order, through kills; a partner is told its own rows and nothing else."""

import json

from dealreg.service.outbox import partners
from dealreg.service.outbox.audiences import Audience, partner_channel
from dealreg.service.outbox.connecting import connect
from dealreg.service.outbox.following import House
from dealreg.service.outbox.partners import Partners
from dealreg.service.outbox.running import catch_up
from tests.fix_histories import DAY, PROGRAM, START, Claim, History, customer
from tests.fix_outbox import enrolled, messages

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
    assert [one["number"] for one in desk] == [f"{number:020d}" for number in range(1, len(desk) + 1)]
    assert 0 < len(desk) < len(audit)
    assert [one["data"] for one in audit] == [json.loads(bytes(row.state))["data"] for row in rows]
    assert {one["dataschema"] for one in audit} == {f"urn:dealreg:schema:{row.topic}" for row in rows}


def test_a_partner_is_told_its_rows_and_nothing_of_a_rival(outbox_url, ledger, taker, stream_prefix, nats_url):
    enrolled("dealer-1", "dealer-2").save(ledger)
    with connect(outbox_url) as connection:
        reader = partners.subscribe(connection, PROGRAM, "dealer-1")
    history().save(ledger)
    assert catch_up(outbox_url, Partners(taker, prefix=stream_prefix))
    told = messages(nats_url, partner_channel(reader, stream_prefix))
    states = [event["data"]["state"] for event, _, _ in told]
    assert (states[0], states[-1]) == ("incomplete", "protected")
    assert "rival" not in json.dumps([event for event, _, _ in told])
    assert "dist-2" not in json.dumps([event for event, _, _ in told])
