"""The intake's core on a real ledger: batches of good, repeated, late and poisoned messages."""

import json
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealreg.opportunity.state import OPPORTUNITY
from dealreg.service.erasing.retention import tend
from dealreg.service.intake import dead_letters
from dealreg.service.intake.brokers.channel import Part
from dealreg.service.intake.core import ATTEMPTS, Intake
from dealreg.service.intake.delivery import Verdict
from dealreg.service.intake.watermarks import Mark, Watermarks
from dealreg.service.ledger.audit_facts import RetentionApplied
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.watermarks import WatermarkView
from dealreg.service.settings import Settings
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import StreamId, opportunity_id
from dealreg.vocabulary.refused import Closed
from tests.fix_intake import NOON, SOURCE, delivered, event, facts, fold_only, folding, letters

DONE, DEAD, RETRY = Verdict.DONE, Verdict.DEAD, Verdict.RETRY


def test_a_poisoned_message_costs_its_neighbours_nothing(intake, ledger):
    bodies = [
        event(1, {"record": "a", "stage": "prospecting"}),
        b"no JSON",
        event(2, {"record": "b", "name": "half \ud83d"}),
        event(3, {"record": "c", "name": "nul \x00"}),
        event(4, {"record": "d", "amount": 2**70}),
        event(5, {"record": "e", "close_on": "9999-12-31"}),
        event(6, {"record": "f", "stage": "proposal", "close_on": "1948-01-01"}),
    ]
    verdicts = intake.process([delivered(body, number) for number, body in enumerate(bodies, 1)])
    assert verdicts == [DONE, DEAD, DEAD, DEAD, DEAD, DEAD, DONE]
    assert [fact.event.record for fact in facts(ledger)] == ["a", "f"]
    kept = letters(ledger)
    assert [bytes(row["bytes"]) for row in kept] == bodies[1:6]
    assert [(row["reason"], row["detail"]["field"]) for row in kept] == [
        ("not_json", ""),
        ("not_json", "data.name"),
        ("not_json", "data.name"),
        ("not_json", "data.amount"),
        ("invalid", "close_on"),
    ]
    assert all(row["detail"]["words"] for row in kept)
    assert intake.figures == {"done": 2, "dead": 5, "repeated": 0, "dead:not_json": 4, "dead:invalid": 1}


def test_what_is_recorded_says_where_it_came_from(intake, ledger):
    one = delivered(event(1, {"record": "a", "stage": "proposal"}), 41)
    intake.process([one])
    (fact,) = facts(ledger)
    meta = fact.meta
    assert (meta.actor.role, meta.actor.subject, meta.program) == (Role.CRM, SOURCE, "acme")
    assert (meta.source.stream, meta.source.sequence, meta.source.digest) == ("CRM", 41, one.digest)
    assert meta.effective_at == one.stored_at
    assert fact.originator_id == opportunity_id(SOURCE, "a")
    assert meta.request.id == fact.event.message


def test_a_repeat_is_answered_and_not_recorded(intake, ledger):
    bodies = [event(1, {"record": "a", "contact": "Ada"}), event(2, {"record": "a", "stage": "x"})]
    first = intake.process([delivered(body, number) for number, body in enumerate([*bodies, bodies[0]], 1)])
    again = intake.process([delivered(body, number) for number, body in enumerate(bodies, 11)])
    assert first + again == [DONE] * 5
    assert len(facts(ledger)) == 2
    assert intake.figures["repeated"] == 3
    assert ledger.run("SELECT count(*) AS n FROM personal.held")[0]["n"] == 1


def test_one_id_with_two_contents_is_set_aside(intake, ledger):
    intake.process([delivered(event(1, {"record": "a", "stage": "x"}), 1)])
    assert intake.process([delivered(event(1, {"record": "a", "stage": "y"}), 2)]) == [DEAD]
    (row,) = letters(ledger)
    assert (row["reason"], row["source"]) == ("reused", SOURCE)


def test_a_redelivered_dead_letter_is_counted_once(intake, ledger):
    poison = delivered(b"no JSON", 7)
    assert [intake.process([poison]) for _ in range(3)] == [[DEAD]] * 3
    assert len(letters(ledger)) == 1


def test_headers_that_no_column_can_hold_do_not_lose_the_message(intake, ledger):
    odd = {"x-\x00": "\ud800", "content-type": "text/plain"}
    assert intake.process([delivered(b"\x00\xff", 1, odd)]) == [DEAD]
    (row,) = letters(ledger)
    assert bytes(row["bytes"]) == b"\x00\xff"
    assert row["headers"] == {"x-\\u0000": "\\ud800", "content-type": "text/plain"}


def test_a_refusal_is_visible_with_its_reason(ledger, reading):
    def refusing(request, situation):
        raise Closed("the program has ended")

    assert Intake(folding(ledger, refusing), reading).process([delivered(event(1, {"record": "a"}), 1)]) == [DEAD]
    (row,) = letters(ledger)
    assert (row["reason"], row["detail"]["words"]) == ("refused", "the program has ended")


def test_a_fault_of_ours_is_tried_five_times_and_costs_its_neighbours_nothing(ledger, reading):
    def faulty(request, situation):
        if request.command.message.record == "bad":
            raise ZeroDivisionError
        return fold_only(request, situation)

    intake = Intake(folding(ledger, faulty), reading)
    batch = [delivered(event(n, {"record": record, "stage": "x"}), n) for n, record in enumerate(["a", "bad", "b"], 1)]
    assert intake.process(batch) == [DONE, RETRY, DONE]
    assert [intake.process([batch[1]])[0] for _ in range(ATTEMPTS - 1)] == [RETRY] * (ATTEMPTS - 2) + [DEAD]
    (row,) = letters(ledger)
    assert (row["reason"], row["attempts"], row["sequence"]) == ("bug", ATTEMPTS, 2)
    assert len(facts(ledger)) == 2


def test_a_fault_in_reading_concerns_one_message(ledger, reading, monkeypatch):
    parse = reading.parse

    def faulty(one):
        if one.sequence == 2:
            raise KeyError("ours")
        return parse(one)

    monkeypatch.setattr(reading, "parse", faulty)
    batch = [delivered(event(n, {"record": "a", "stage": "x"}), n) for n in (1, 2, 3)]
    assert Intake(folding(ledger), reading).process(batch) == [DONE, RETRY, DONE]


def test_a_fault_in_the_whole_batch_is_found_message_by_message(ledger, reading, monkeypatch):
    dispatch = folding(ledger)
    decide = dispatch.decide_batch

    def faulty(requests, *rest):
        if any(request.command.message.record == "bad" for request in requests):
            raise ZeroDivisionError
        return decide(requests, *rest)

    monkeypatch.setattr(dispatch, "decide_batch", faulty)
    batch = [delivered(event(n, {"record": record, "stage": "x"}), n) for n, record in enumerate(["a", "bad", "b"], 1)]
    assert Intake(dispatch, reading).process(batch) == [DONE, RETRY, DONE]


def test_a_database_that_is_away_sends_everything_back_and_loses_nothing(servers, ledger, intake, database_url):
    batch = [delivered(event(1, {"record": "a", "stage": "x"}), 1), delivered(b"no JSON", 2)]
    servers.postgres.kill()
    with Ledger(database_url, patience=0.3) as impatient:
        assert Intake(folding(impatient), intake._reading).process(batch) == [RETRY, RETRY]
    servers.postgres.start()
    with Ledger(database_url) as back:
        assert Intake(folding(back), intake._reading).process(batch) == [DONE, DEAD]
        assert (len(facts(back)), len(letters(back))) == (1, 1)


def test_a_merged_event_is_a_fact_for_each_record(intake, ledger):
    header = {
        "entityName": "Opportunity",
        "recordIds": ["006Kd00000ee0emIAA", "006SM0000001Tb3YAE"],
        "changeType": "UPDATE",
        "changeOrigin": "",
        "transactionKey": "00065380-d1a9-a64a-9341-14f6f12f674c",
        "sequenceNumber": 1,
        "commitTimestamp": 1772445600000,
        "commitNumber": 1100823480049,
        "changedFields": ["StageName"],
    }
    body = json.dumps({"payload": {"StageName": "Prospecting", "ChangeEventHeader": header}}).encode()
    assert intake.process([delivered(body, 1)]) == [DONE]
    assert sorted(fact.event.record for fact in facts(ledger)) == header["recordIds"]
    assert intake.process([delivered(body, 2)]) == [DONE]
    assert len(facts(ledger)) == 2


def test_a_replay_keeps_the_time_at_which_it_first_came_and_closes_its_dead_letter(ledger, reading):
    def refusing(request, situation):
        raise Closed("not yet")

    body = event(1, {"record": "a", "stage": "x"})
    Intake(folding(ledger, refusing), reading).process([delivered(body, 1)])
    (row,) = letters(ledger)
    again = {dead_letters.REPLAY_HEADER: str(row["id"])}
    assert Intake(folding(ledger), reading).process([delivered(body, 50, again)]) == [DONE]
    (fact,) = facts(ledger)
    assert fact.meta.effective_at == NOON + timedelta(minutes=1)
    (row,) = letters(ledger)
    assert (row["resolution"], row["resolved_at"] is not None) == ("decided", True)


def test_other_bytes_do_not_get_the_time_of_a_dead_letter(ledger, intake):
    intake.process([delivered(b"no JSON", 1)])
    (row,) = letters(ledger)
    forged = delivered(event(1, {"record": "a", "stage": "x"}), 50, {dead_letters.REPLAY_HEADER: str(row["id"])})
    intake.process([forged])
    assert facts(ledger)[0].meta.effective_at == forged.stored_at


def test_a_replay_that_dies_again_closes_the_first_and_is_a_dead_letter_itself(ledger, intake):
    intake.process([delivered(b"no JSON", 1)])
    (row,) = letters(ledger)
    assert intake.process([delivered(b"no JSON", 9, {dead_letters.REPLAY_HEADER: str(row["id"])})]) == [DEAD]
    first, second = letters(ledger)
    assert (first["resolution"], second["resolved_at"]) == ("dead again as CRM:9", None)
    assert second["received_at"] == first["received_at"]
    assert [one["id"] for one in dead_letters.listed(ledger)] == [second["id"]]
    assert len(dead_letters.listed(ledger, closed=True, reason="not_json")) == 2
    assert dead_letters.listed(ledger, reason="bug") == []


def _recorded_at(database_url, at):
    with psycopg.connect(database_url, options="-c role=dealreg_owner") as owner:
        owner.execute("UPDATE intake.dead_letters SET recorded_at = %s", [at])


def test_old_dead_letters_go(database_url, ledger, intake):
    intake.process([delivered(b"no JSON", 1)])
    kept = Settings(RETENTION_DEAD_LETTERS_DAYS=1)
    assert tend(ledger, kept) == 0
    (row,) = letters(ledger)
    a_day_ago = row["recorded_at"] - timedelta(days=1, seconds=1)
    _recorded_at(database_url, a_day_ago)
    assert tend(ledger, kept) == 1
    (told,) = [ledger.read(one).event for one in ledger.notifications(0, topics=[RetentionApplied.NAME])]
    assert (told.kept_class, told.deleted, told.letters) == ("dead_letters", 1, (row["id"],))
    assert tend(ledger, kept) == 0, "and no fact of nothing"


HISTORY = [
    {"record": "a", "change": "created", "name": "Bridge", "stage": "prospecting", "Grade": "C"},
    {"record": "a", "stage": "qualified", "amount": 5},
    {"record": "b", "stage": "proposal"},
    {"record": "a", "stage": None, "Grade": "B", "identifiers": {"vat": "DE1"}},
    {"record": "a", "change": "deleted"},
    {"record": "a", "change": "undeleted", "identifiers": {"vat": None, "duns": "1"}},
    {"record": "b", "outcome": "won", "amount": 7},
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arriving=st.permutations([*range(len(HISTORY)), 0, 3, 5]),
    cut=st.integers(1, len(HISTORY)),
)
def test_every_interleaving_of_a_source_ends_in_the_same_states(database_url, reading, arriving, cut):
    """Through reading, dispatch and the ledger; each example is a source of its own, so that one database serves all."""
    with Ledger(database_url) as ledger:
        source = f"//crm.example/{ledger.head()}"
        dispatch = folding(ledger)
        intake = Intake(dispatch, reading)
        batch = [
            delivered(event(number + 1, HISTORY[number], source=source), place, stream=source)
            for place, number in enumerate(arriving, 1)
        ]
        assert set(intake.process(batch[:cut]) + intake.process(batch[cut:])) == {DONE}
        streams = {StreamId(opportunity_id(source, record)): OPPORTUNITY.name for record in "ab"}
        first, second = (dispatch.see({stream: kind}).held[stream].state for stream, kind in streams.items())
    custom = [field.name for field in first.values.custom]
    told = (first.values.name, first.values.stage, first.values.amount, first.deleted, custom)
    assert told == ("Bridge", None, 5, False, ["Grade"])
    assert [(one.scheme, one.value) for one in first.values.identifiers] == [("duns", "1")]
    assert (second.values.stage, second.values.outcome, second.values.amount) == ("proposal", "won", 7)


# --- watermarks


def until(ledger):
    view = WatermarkView(ledger, fresh_seconds=0).now()
    return dict(view.get("acme", {}))


def marked(sequence, source=SOURCE):
    at = NOON + timedelta(minutes=sequence)
    return Mark("CRM", sequence, at, "acme", source, NOON - timedelta(days=100 - sequence))


def test_the_watermark_of_a_source_is_the_brokers_instant_behind_which_nothing_is_open(ledger):
    watermarks = Watermarks(ledger, "CRM", led=lambda *_: False)
    watermarks.decided([marked(2), marked(3)])
    assert until(ledger) == {}
    watermarks.settled({"CRM": Part(0)})
    assert until(ledger) == {}
    watermarks.settled({"CRM": Part(2)})
    assert until(ledger) == {SOURCE: NOON + timedelta(minutes=2)}
    watermarks.settled({"CRM": Part(3, NOON + timedelta(hours=5))})
    assert until(ledger) == {SOURCE: NOON + timedelta(hours=5)}
    watermarks.settled({"CRM": Part(3)})
    assert until(ledger) == {SOURCE: NOON + timedelta(hours=5)}


def test_a_gap_holds_the_watermark_back_until_the_broker_says_it_is_closed(ledger):
    watermarks = Watermarks(ledger, "CRM", led=lambda *_: False)
    watermarks.settled({"CRM": Part(1)})
    watermarks.decided([marked(2), marked(4)])
    watermarks.settled({"CRM": Part(1)})
    assert until(ledger) == {SOURCE: NOON + timedelta(minutes=2)}
    watermarks.decided([marked(3)])
    watermarks.settled({"CRM": Part(1)})
    assert until(ledger) == {SOURCE: NOON + timedelta(minutes=4)}


def test_where_the_source_leads_its_own_highest_commit_counts_at_once(ledger):
    watermarks = Watermarks(ledger, "CRM", led=lambda _, source: source == "led")
    watermarks.settled({"CRM": Part(0)})
    watermarks.decided([marked(1, "led"), marked(2)])
    assert until(ledger)["led"] == NOON - timedelta(days=99)
    watermarks.settled({"CRM": Part(2, NOON + timedelta(hours=5))})
    assert until(ledger) == {"led": NOON - timedelta(days=99), SOURCE: NOON + timedelta(hours=5)}


def test_a_source_that_no_longer_leads_goes_back_to_the_brokers_clock(ledger):
    led = {"led"}
    watermarks = Watermarks(ledger, "CRM", led=lambda _, source: source in led)
    watermarks.settled({"CRM": Part(0)})
    watermarks.decided([Mark("CRM", 1, NOON, "acme", "led", NOON + timedelta(days=900))])
    led.clear()
    watermarks.decided([marked(2, "led")])
    watermarks.settled({"CRM": Part(2)})
    assert until(ledger) == {"led": NOON + timedelta(minutes=2)}


def test_the_intake_tells_the_watermark_and_the_core_sees_it(ledger, reading):
    seen = []

    def watching(request, situation):
        seen.append(dict(situation.watermarks))
        return fold_only(request, situation)

    watermarks = Watermarks(ledger, "CRM", led=lambda *_: False)
    intake = Intake(folding(ledger, watching), reading, watermarks)
    watermarks.settled({"CRM": Part(0)})
    intake.process([delivered(event(1, {"record": "a", "stage": "x"}), 1), delivered(b"no JSON", 2)])
    watermarks.settled({"CRM": Part(2)})
    intake_again = Intake(folding(ledger, watching), reading, watermarks)
    intake_again.process([delivered(event(2, {"record": "a", "stage": "y"}), 3)])
    assert seen == [{}, {SOURCE: NOON + timedelta(minutes=2)}]


def test_a_watermark_that_cannot_be_written_sends_the_batch_back(ledger, reading, monkeypatch):
    watermarks = Watermarks(ledger, "CRM", led=lambda *_: True)

    def away(*_):
        raise Unavailable("away")

    monkeypatch.setattr(watermarks, "decided", away)
    intake = Intake(folding(ledger), reading, watermarks)
    assert intake.process([delivered(event(1, {"record": "a", "stage": "x"}), 1)]) == [RETRY]
    assert Counter(intake.figures)["retry"] == 1


@pytest.mark.parametrize("header", ["", "x", "-1", "1" * 30, "١"])
def test_a_header_that_names_no_dead_letter_is_ignored(intake, header):
    one = delivered(event(1, {"record": "a", "stage": "x"}), 1, {dead_letters.REPLAY_HEADER: header})
    assert intake.process([one]) == [DONE]
