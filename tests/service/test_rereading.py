"""What the CRM changed and did not show is read again: through its interface, the broker, the intake, into the ledger (issue 5, ROE-22)."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from dealreg.matching.identifiers import salesforce_18
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.service.composition import House
from dealreg.service.intake.broker import provision_broker
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.publishing import Outgoing, publish_opportunities
from dealreg.service.projecting.projector import Projector
from dealreg.service.rereading.running import Rereading
from dealreg.service.settings import Settings
from dealreg.service.sources.http import Patience
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import ProgramId, account_id, opportunity_id
from tests.fix_sources import Fault, at
from tests.fix_web import PROGRAM, RULEBOOK

PATIENCE_SECONDS = 40
QUICK = Patience(attempts=2, seconds=5, first_pause=0.01, longest_pause=0.05)
SOURCE = "crm-acme"
ACCOUNT = salesforce_18("001Kd00000ee0em")


def record(number):
    return salesforce_18(f"006{number:012d}")


def eventually(holds, what="it"):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come about in {PATIENCE_SECONDS} s"
        time.sleep(0.1)
    return found


def mapping(sources, **api):
    said = {
        "url": sources.url,
        "token": "CRM_TOKEN",
        "page": 3,
        "overlap_minutes": 1,
        "quota": {"reads_per_second": 1000, "writes_per_second": 1000},
    }
    return {
        "source": SOURCE,
        "format": "salesforce",
        "fields": {"name": "Name", "stage": "StageName"},
        "harmless": ["*"],
        "account": {"entity": "Account", "fields": {"name": "Name"}, "harmless": ["*"]},
        "api": {**said, **api},
    }


@pytest.fixture
def feed(sources, database_url, nats_url, stream_prefix, tmp_path):
    """A program with a feed of its own: the real broker, a projector, and whatever role a test starts."""
    provision_broker(nats_url, stream_prefix)
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    (mappings / "crm.yaml").write_text(yaml.safe_dump(mapping(sources)))
    settings = Settings(
        DEALREG_DATA=tmp_path / "dealreg",
        DATABASE_URL=database_url,
        INTAKE_URL=nats_url,
        INTAKE_MAPPINGS=mappings,
        PROGRAM=PROGRAM,
        SEAL_WAIT_SECONDS=0,
    )
    stop = threading.Event()
    projector = threading.Thread(
        target=Projector(settings.database_url("projector"), models=("stale_records",), strict=True).run, args=(stop,)
    )
    projector.start()
    with House(settings) as house:
        decide(house, "PublishRulebook", {"document": RULEBOOK})
        yield Feed(house, settings, nats_url, stream_prefix, mappings)
    stop.set()
    projector.join()


def decide(house, command, body, role=Role.DEAL_DESK):
    from dealreg.process.deciding import COMMANDS

    asked = Request(
        id=f"{command}-{time.monotonic_ns()}", program=ProgramId(PROGRAM), actor=Actor(role=role, subject="u"),
        command=COMMANDS[command].model_validate(body),
    )  # fmt: skip
    return house.dispatch.decide_batch([asked])[0]


class Feed:
    def __init__(self, house, settings, url, prefix, mappings):
        self.house, self.settings, self.url, self.prefix, self.mappings = house, settings, url, prefix, mappings

    @contextmanager
    def role(self, name):
        """A process of its own, killed at the end if it still runs."""
        env = {
            **os.environ,
            "DEALREG_DATA": str(self.settings.data),
            "DATABASE_URL": self.settings.database,
            "INTAKE_URL": self.url,
            "INTAKE_MAPPINGS": str(self.mappings),
            "PROGRAM": PROGRAM,
            "LOG_LEVEL": "WARNING",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.rereading_process", name, self.prefix], env=env, cwd=Path(__file__).parents[2]
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def changed(self, change, records, number, committed=None, **fields):
        """A change event of Salesforce."""
        header = {
            "entityName": "Opportunity", "recordIds": records, "changeType": change, "changeOrigin": "", "sequenceNumber": 1,
            "transactionKey": f"0000a62a-5497-10e0-dbe3-{number:012d}", "commitNumber": number, "commitUser": "005B0000006GudtIAC",
            "commitTimestamp": int((committed or at(100)).timestamp() * 1000), "changedFields": [], "nulledFields": [], "diffFields": [],
        }  # fmt: skip
        body = json.dumps(
            {"schema": "x", "payload": {"ChangeEventHeader": header, **fields}, "event": {"replayId": number}}
        ).encode()
        publish_opportunities(
            self.url, [Outgoing(body, {"dealreg-source": SOURCE}, kind="salesforce")], prefix=self.prefix
        )

    def stale(self, **asked):
        return self.house.reading.ask("stale_records", "oldest", None, Role.AUDITOR, asked)

    def rounds(self):
        return self.house.ledger.run("SELECT * FROM intake.reread_rounds")

    def known(self, number):
        stream = opportunity_id(SOURCE, record(number))
        return self.house.dispatch.see({stream: OPPORTUNITY.name}).held[stream].state

    def here(self):
        return Rereading(self.house, load_mappings(self.mappings), prefix=self.prefix, patience=QUICK)


def test_stale_records_are_read_whole_gone_ones_end_and_one_that_fails_keeps_its_tries(feed, sources):
    for number in range(4):
        sources.put(
            "Opportunity",
            record(number),
            {"Name": f"Deal {number}", "StageName": "Qualified", "Big": 2**60 + 1},
            at(50),
        )
    sources.remove("Opportunity", record(2), at(60))
    sources.always.append(Fault("422", of=record(3)))
    with feed.role("consume"):
        feed.changed("GAP_UPDATE", [record(number) for number in range(4)], 1)
        rows = eventually(lambda: len(found := feed.stale()) == 4 and found, "four stale records")
        assert {row["kind"] for row in rows} == {"opportunity"}
        assert all("GAP" in row["why"] or "not" in row["why"] for row in rows)
        assert all(row["tries"] == 0 and row["last_error"] is None for row in rows)
        with feed.role("reread"):
            left = eventually(
                lambda: len(found := feed.stale()) == 1 and found[0]["tries"] >= 2 and found, "the others to be read"
            )
            assert (left[0]["record"], "422" in left[0]["last_error"]) == (record(3), True)
            assert left[0]["next_at"] > left[0]["tried_at"]
            sources.always.clear()
            eventually(lambda: not feed.stale(), "the last to be read")
    assert [(feed.known(n).values.name, feed.known(n).deleted, feed.known(n).stale) for n in range(4)] == [
        ("Deal 0", False, False),
        ("Deal 1", False, False),
        (None, True, False),
        ("Deal 3", False, False),
    ]
    assert {custom.name: custom.value for custom in feed.known(0).values.custom}["Big"] == str(2**60 + 1)


def test_a_gap_of_the_whole_feed_is_paged_through_killed_and_gone_on_with_until_everything_is_known(feed, sources):
    """Three pages in, the role is killed; the next one begins where the last whole page ended, and the gap is closed only in the end."""
    for number in range(30):
        sources.put("Opportunity", record(number), {"Name": f"Deal {number}"}, at(100 + number))
    sources.put("Opportunity", record(99), {"Name": "older than the gap"}, at(0))
    sources.put("Opportunity", record(98), {"Name": "stamped before its transaction was committed"}, at(70))
    sources.remove("Opportunity", record(7), at(107))
    pages = []

    def slowly():
        pages.append(1)
        time.sleep(0.3)
        sources.after_page = slowly

    sources.after_page = slowly
    with feed.role("consume"):
        feed.changed("GAP_OVERFLOW", ["006*"], 1, committed=at(100))
        (row,) = eventually(feed.stale, "the gap to be listed")
        assert (row["kind"], row["entity"], row["record"], row["since"]) == ("feed", "opportunity", None, at(100))
        with feed.role("reread") as first:
            eventually(lambda: len(pages) >= 4, "four pages")
            first.kill()
            first.wait()
        assert feed.stale()
        (one,) = feed.rounds()
        assert at(100) < one["reached"] < at(129)
        sources.after_page = None
        sources.seen.clear()
        with feed.role("reread"), feed.role("reread"):
            eventually(lambda: not feed.stale(), "the gap to be closed")
            eventually(lambda: not feed.rounds(), "the round to be over")
    asked = [seen.query["q"] for seen in sources.asked("queryAll")]
    assert len(asked) == 1, "of two processes one has the turn"
    assert datetime.fromisoformat(asked[0].split(">= ")[1].split()[0]) == one["reached"]
    assert [number for number in range(30) if feed.known(number).values.name != f"Deal {number}"] == [7]
    assert feed.known(98).values.name == "stamped before its transaction was committed"
    assert not feed.known(99).digests
    (closed,) = [
        feed.house.ledger.read(one).event for one in feed.house.ledger.notifications(0, 1000, ["feed_reconciled.v1"])
    ]
    assert (closed.reconciled_by, closed.records >= 30) == ("reread", True)


def test_a_feed_is_not_whole_before_all_that_was_read_for_it_is_decided(feed, sources):
    """Nothing consumes: what was read lies in the broker, and the gap stays open."""
    sources.put("Opportunity", record(1), {"Name": "Deal"}, at(100))
    sources.put("Account", ACCOUNT, {"Name": "Acme Works"}, at(101))
    decide(
        feed.house, "ReportFeedGap", {"source": SOURCE, "since": at(100), "why": "its replay id is too old"}, Role.CRM
    )
    eventually(feed.stale, "the gap to be listed")
    here = feed.here()
    for _ in range(3):
        assert here.once() == {SOURCE: True}
    rounds = {one["entity"]: one for one in feed.rounds()}
    assert {entity: (one["ended_at"] is not None, one["records"]) for entity, one in rounds.items()} == {
        "opportunity": (True, 1),
        "account": (True, 1),
    }
    one = rounds["account"]
    feed.house.ledger.run(
        "UPDATE intake.watermarks SET until = %s WHERE program = ''", [one["ended_at"] + timedelta(seconds=1)]
    )
    here.once()
    assert feed.stale()
    with feed.role("consume"):
        eventually(lambda: (here.once(), not feed.stale())[1], "the gap to be closed")
    assert feed.known(1).values.name == "Deal"
    account = account_id(SOURCE, ACCOUNT)
    assert feed.house.dispatch.see({account: "account"}).held[account].state.values.name == "Acme Works"


def test_a_page_that_expires_is_begun_again_where_the_last_whole_one_ended(feed, sources):
    for number in range(8):
        sources.put("Opportunity", record(number), {"Name": f"Deal {number}"}, at(100 + number))
    decide(
        feed.house, "ReportFeedGap", {"source": SOURCE, "since": at(100), "why": "x", "entity": "opportunity"}, Role.CRM
    )
    eventually(feed.stale, "the gap to be listed")
    sources.after_page = sources.forget_pages
    feed.here().once()
    since = [seen.query["q"].split(">= ")[1].split()[0] for seen in sources.asked("queryAll")]
    assert [datetime.fromisoformat(one) for one in since] == [at(40), at(102)]
    (one,) = feed.rounds()
    assert (one["ended_at"] is not None, one["reached"], one["records"]) == (True, at(107), 9)


@pytest.mark.parametrize(("fault", "words"), [("503", "503"), ("401", "does not let us in")])
def test_a_source_that_is_away_or_shut_is_left_alone_and_every_record_says_why(feed, sources, fault, words):
    for number in range(3):
        decide_gap(feed, number)
    eventually(lambda: len(feed.stale()) == 3, "three stale records")
    sources.always.append(Fault(fault, headers=(("retry-after", "120"),) if fault == "503" else ()))
    here = feed.here()
    with here.turn(here.mappings[0]) as rereader:
        for _ in range(5):
            assert not rereader.look()
    told = [row for row in feed.stale() if row["last_error"]]
    assert all(words in row["last_error"] for row in told)
    assert len(told) == (3 if fault == "401" else 1)
    assert len(sources.seen) == 1
    if fault == "503":
        assert told[0]["next_at"] - told[0]["tried_at"] >= timedelta(seconds=120)


def decide_gap(feed, number, change="gap", order="t0", **said):
    message = {
        "source": SOURCE, "record": record(number), "digest": f"{number:064x}", "order": order, "change": change,
        "changed_at": at(0), "why": "x" if change == "gap" else None, **said,
    }  # fmt: skip
    return decide(feed.house, "FoldOpportunity", {"message": message}, Role.CRM)


def test_a_source_without_an_interface_is_reconciled_by_hand(feed, sources):
    from dealreg.service.rereading.listing import stale

    document = mapping(sources)
    del document["api"]
    (feed.mappings / "crm.yaml").write_text(yaml.safe_dump(document))
    decide_gap(feed, 1)
    decide(feed.house, "ReportFeedGap", {"source": SOURCE, "since": at(0), "why": "the line was cut"})
    eventually(lambda: len(feed.stale()) == 2, "both to be listed")
    assert feed.here().once() == {}
    rows = stale(feed.house)
    assert {(row["kind"], row["how"]) for row in rows} == {("opportunity", "by hand"), ("feed", "by hand")}
    gap = next(row["subject"] for row in rows if row["kind"] == "feed")
    decide(feed.house, "ReconcileFeed", {"source": SOURCE, "gap": gap, "reason": "compared by hand"})
    eventually(lambda: len(feed.stale()) == 1, "the gap to be closed")


def test_a_regular_round_reads_what_changed_since_the_last_and_what_is_known_is_not_sent_again(feed, sources):
    """For sources whose notifications are best effort: the first look only marks the beginning."""
    (feed.mappings / "crm.yaml").write_text(
        yaml.safe_dump(mapping(sources, reconcile_every_minutes=60, overlap_minutes=10))
    )
    now = feed.house.ledger.clock()
    sources.put("Opportunity", record(1), {"Name": "missed"}, now - timedelta(minutes=5))
    sources.put("Opportunity", record(2), {"Name": "long ago"}, now - timedelta(days=5))
    here = feed.here()
    here.once()
    assert sources.seen == []
    back = "UPDATE intake.reread_rounds SET begun_at = begun_at - interval '2 hours'"
    with feed.role("consume"):
        feed.house.ledger.run(back)
        here.once()
        eventually(lambda: feed.known(1).values.name == "missed", "the missed change")
        messages = len(feed.house.ledger.notifications(0, 1000, ["opportunity_changed.v1"]))
        feed.house.ledger.run(back)
        here.once()
        sources.put("Opportunity", record(3), {"Name": "new"}, now)
        feed.house.ledger.run(back)
        here.once()
        eventually(lambda: feed.known(3).values.name == "new", "the new one")
    assert len(feed.house.ledger.notifications(0, 1000, ["opportunity_changed.v1"])) == messages + 1
    assert not feed.known(2).digests
