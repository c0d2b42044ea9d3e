"""Retention: what is older than its class is kept goes, and says so; what a hold stands over stays."""

import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dealreg.opportunity.events import OpportunityChanged
from dealreg.partner.events import PartnerEnrolled
from dealreg.service.erasing import retention
from dealreg.service.erasing.erase import UnderHold
from dealreg.service.erasing.retention import apply, due, kept_days, refuse_held, since, tend
from dealreg.service.erasing.shown import erased, personal_of
from dealreg.service.ledger.audit_facts import Attempt, ErasureRefused, RetentionApplied
from dealreg.service.ledger.errors import Unavailable, Unstorable
from dealreg.service.personal import seal
from dealreg.service.settings import Settings
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.ids import PartnerId, StreamId, opportunity_id, partner_stream
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.values import PartnerTier, Track
from tests.fix_erasing import by
from tests.fix_histories import PROGRAM, START, Claim, History

OLD = timedelta(microseconds=1)
"""What is added to the instant of the last fact, so that the fact is older."""


def _last(office):
    """The instant of the newest fact."""
    return office.ledger.run("SELECT max(recorded_at) AS at FROM ledger.events")[0]["at"]


def _apply(office, kept_class, kept_from):
    return apply(office.auditor, kept_class, kept_from, by("older than its class is kept"))


def _now(office):
    """An instant after everything, which is not to come."""
    return office.ledger.clock()


def test_the_last_kept_instant_and_the_first_that_is_not(office):
    _, ref = office.filed("ada", "Ada")
    at = office.ledger.run(
        "SELECT greatest(max(recorded_at), (SELECT max(recorded_at) FROM personal.held)) AS at FROM ledger.events"
    )
    assert _apply(office, "registrations", at[0]["at"]).deleted == 0
    assert office.values() == {"Ada"}
    done = _apply(office, "registrations", at[0]["at"] + OLD)
    assert (done.deleted, done.held, done.facts) == (1, 0, 1)
    assert office.facts(RetentionApplied) == [
        RetentionApplied(kept_class="registrations", kept_from=at[0]["at"] + OLD, deleted=1, refs=(ref,))
    ]
    (gone,) = erased(office.ledger, [ref]).values()
    assert gone.how is Attempt.RETENTION
    assert (
        personal_of(office.ledger, [ref])[ref].told
        == f"no longer kept since {gone.at:%Y-%m-%d} (retention of registrations)"
    )
    assert _apply(office, "registrations", _now(office)).facts == 0, "and no fact of nothing"


def test_a_deal_that_goes_on_keeps_its_people(office):
    deal, _ = office.filed("ada", "Ada")
    office.filed("bea", "Bea")
    cut = _now(office)
    history = History()
    history.versions[deal] = 1
    history.add(deal, Claim("erasing-1", uuid4(), "north", "alpha").completed(), START)
    history.save(office.ledger)
    assert _apply(office, "registrations", cut).deleted == 1
    assert office.values() == {"Ada"}


def test_classes_do_not_mix_and_partners_have_none(office):
    office.filed("ada", "Ada")
    record = opportunity_id("org", "rec1")
    sealed, row = seal("org:rec1", "Bea")
    changed = OpportunityChanged(
        opportunity=record, source="org", record="rec1", message="0" * 64, order="1", change=Change.CREATED, changed_at=START,
        contact=sealed,
    )  # fmt: skip
    office.put(record, changed, row)
    sealed, row = seal("partner:acme:north", "Cy Trading")
    partner = partner_stream(PROGRAM, "north")
    enrolled = PartnerEnrolled(
        partner=PartnerId("north"), track=Track.DISTRIBUTOR, tier=PartnerTier.PREMIER, lines=(), territories=(), display_name=sealed, enrolled_from=START, specialisations=(),
    )  # fmt: skip
    office.put(partner, enrolled, row)
    letter = office.letter(b"x")
    assert _apply(office, "opportunities", _now(office)).deleted == 1
    assert office.values() == {"Ada", "Cy Trading"}
    assert _apply(office, "registrations", _now(office)).deleted == 1
    assert office.values() == {"Cy Trading"}
    assert set(office.letters()) == {letter}
    assert _apply(office, "dead_letters", _now(office)).deleted == 1
    assert office.letters() == {}
    assert [(one.kept_class, len(one.refs), one.letters) for one in office.facts(RetentionApplied)] == [
        ("opportunities", 1, ()),
        ("registrations", 1, ()),
        ("dead_letters", 0, (letter,)),
    ]


def test_requirement_28_legal_hold_beats_retention_and_the_refusal_is_recorded(office):
    deal, kept = office.filed("ada", "Ada")
    _, gone = office.filed("bea", "Bea")
    hold = office.hold("deal", deal, "M-7")
    done = _apply(office, "registrations", _now(office))
    assert (done.deleted, done.held) == (1, 1)
    assert office.values() == {"Ada"}
    assert [(one.deleted, one.held, one.refs) for one in office.facts(RetentionApplied)] == [(1, 1, (gone,))]
    with pytest.raises(UnderHold, match="M-7"):
        refuse_held(office.auditor, office.auditor, done, by())
    assert office.facts(ErasureRefused) == [ErasureRefused(holds=(hold.hold,), attempt=Attempt.RETENTION, covered=1)]
    assert set(erased(office.ledger, [kept, gone])) == {gone}


@pytest.mark.parametrize(("kind", "kept"), [("deal", True), ("program", True), ("subject", False)])
def test_a_hold_keeps_what_could_not_be_decided(office, kind, kept):
    """A hold on a person lets a message go that can be read and says nothing of the person."""
    deal, _ = office.filed("ada", "Ada")
    letter = office.letter(b'{"contact": "bea"}')
    office.hold(kind, {"deal": deal, "program": PROGRAM, "subject": "ada"}[kind])
    done = _apply(office, "dead_letters", _now(office))
    assert (done.deleted, done.held) == ((0, 1) if kept else (1, 0))
    assert (letter in office.letters()) is kept


def test_a_hold_that_is_laid_between_the_look_and_the_door_wins(office):
    deal, ref = office.filed("ada", "Ada")
    kept_from = _now(office)
    looked = due(office.auditor, "registrations", kept_from)
    assert looked.free == (ref,)
    office.hold("deal", deal)
    event = RetentionApplied(kept_class="registrations", kept_from=kept_from, deleted=1, refs=(ref,))
    state = by().fact(StreamId(uuid4()), event).state
    (row,) = office.auditor.run("SELECT * FROM personal.retire(%s::uuid[], '{}', %s, %b)", [[ref], uuid4(), state])
    assert (len(row["holds"]), row["covered"]) == (1, 1)
    assert office.values() == {"Ada"}
    assert office.facts(RetentionApplied) == []


def test_the_door_takes_nothing_younger_or_of_another_class(office):
    _, ref = office.filed("ada", "Ada")
    letter, now = office.letter(b"x"), _now(office)
    before = now - timedelta(days=1)

    def retire(kept_class, kept_from, refs, letters, *, deleted=None, says=None):
        event = RetentionApplied(
            kept_class=kept_class, kept_from=kept_from, deleted=len(refs) + len(letters) if deleted is None else deleted,
            refs=tuple(refs if says is None else says), letters=tuple(letters),
        )  # fmt: skip
        said = [refs, letters, uuid4(), by().fact(StreamId(uuid4()), event).state]
        office.auditor.run("SELECT personal.retire(%s::uuid[], %s::bigint[], %s, %b)", said)

    wrongs: tuple[tuple[str, datetime, list[str], list[int]], ...] = (
        ("registrations", before, [ref], []),
        ("opportunities", now, [ref], []),
        ("dead_letters", now, [ref], []),
        ("dead_letters", before, [], [letter]),
        ("registrations", now, [], [letter]),
    )
    for wrong in wrongs:
        with pytest.raises(Unavailable):
            retire(*wrong)
    with pytest.raises(Unstorable):
        retire("registrations", now + timedelta(days=1), [ref], [])
    with pytest.raises(Unstorable):
        retire("registrations", now, [ref], [], deleted=2)
    with pytest.raises(Unstorable):
        retire("registrations", now, [ref], [], says=())
    assert office.values() == {"Ada"}
    assert set(office.letters()) == {letter}


def test_long_work_is_done_in_parts_and_goes_on_where_it_was_broken_off(office, monkeypatch):
    for number in range(5):
        office.filed(f"person {number}", f"Person {number}")
    kept_from = _now(office)
    monkeypatch.setattr(retention, "BATCH", 2)
    heard = []

    def tell(gone, of):
        heard.append((gone, of))
        if len(heard) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(office.auditor, "registrations", kept_from, by(), tell)
    assert len(office.values()) == 3
    done = apply(office.auditor, "registrations", kept_from, by(), tell)
    assert heard == [(2, 5), (2, 3), (3, 3)]
    assert (done.deleted, done.facts) == (3, 2)
    assert [one.deleted for one in office.facts(RetentionApplied)] == [2, 2, 1]


def test_a_fact_that_says_no_class_or_no_instant_retires_nothing(office):
    """Null is neither to come nor another class: comparisons alone let a letter of today go, under a fact that says nothing of it."""
    letter = office.letter(b"x")
    whole = {
        "kept_class": "dead_letters",
        "kept_from": f"{_now(office):%Y-%m-%dT%H:%M:%S.%fZ}",
        "deleted": 1,
        "refs": [],
    }

    def retire(said):
        state = json.dumps({"data": {**said, "letters": [letter]}}).encode()
        office.auditor.run("SELECT personal.retire('{}', %s::bigint[], %s, %b)", [[letter], uuid4(), state])

    for missing in ("kept_class", "kept_from", "deleted"):
        with pytest.raises(Unstorable, match="does not say what is deleted"):
            retire({name: value for name, value in whole.items() if name != missing})
    assert letter in office.letters()
    retire(whole)
    assert letter not in office.letters()


def test_nothing_to_come_is_retired_and_no_class_is_made_up(office):
    with pytest.raises(Refused):
        _apply(office, "registrations", _now(office) + timedelta(days=1))
    with pytest.raises(Refused):
        kept_days(Settings(), "diaries")
    assert since(90, datetime(2026, 3, 1, tzinfo=UTC)) == datetime(2025, 12, 1, tzinfo=UTC)


def test_a_consumer_tends_the_classes_that_have_a_period_and_no_others(office):
    office.filed("ada", "Ada")
    office.letter(b"x")
    ages = Settings(RETENTION_DEAD_LETTERS_DAYS=1)
    assert tend(office.ledger, ages) == 0
    office.as_owner("UPDATE intake.dead_letters SET recorded_at = recorded_at - interval '2 days'")
    assert tend(office.ledger, ages) == 1, "as the role that decides, which may delete nothing by itself"
    assert office.values() == {"Ada"}
    (row,) = office.auditor.notifications(0, topics=[RetentionApplied.NAME])
    assert office.auditor.read(row).meta.actor.subject == "role:consume"
    assert _last(office) == row.recorded_at


def test_two_at_once_delete_each_value_once(office, monkeypatch):
    refs = {office.filed(f"person {number}", f"Person {number}")[1] for number in range(12)}
    kept_from = _now(office)
    monkeypatch.setattr(retention, "BATCH", 2)
    start, done = threading.Barrier(2), []

    def run():
        start.wait()
        done.append(apply(office.auditor, "registrations", kept_from, by()))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert sum(one.deleted for one in done) == 12
    assert office.values() == set()
    said = [ref for fact in office.facts(RetentionApplied) for ref in fact.refs]
    assert sorted(said) == sorted(refs)
