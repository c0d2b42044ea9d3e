"""Erasure: all that is held of a person goes, together with the fact that says so, and nothing else does."""

import base64
import json
import threading
from hashlib import sha256
from importlib import resources
from unicodedata import normalize
from uuid import uuid4

import psycopg
import pytest

from dealreg.customer.events import CustomerOpened, CustomersMerged
from dealreg.opportunity.events import OpportunityChanged
from dealreg.service.erasing.erase import UnderHold, planned
from dealreg.service.erasing.holds import lift, listed
from dealreg.service.erasing.letters import mentions
from dealreg.service.erasing.shown import erased, holds_on, personal_of, refs_of
from dealreg.service.erasing.subjects import Whose
from dealreg.service.intake import dead_letters
from dealreg.service.intake.delivery import Delivery
from dealreg.service.ledger.audit_facts import ErasureRefused, HoldKind, HoldLifted, HoldPlaced, SubjectErased
from dealreg.service.ledger.errors import Unavailable, Unstorable
from dealreg.service.personal import seal
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import event_id
from dealreg.vocabulary.ids import StreamId, opportunity_id
from dealreg.vocabulary.refused import Closed, Refused, Reused, Unknown
from tests.fix_erasing import by
from tests.fix_histories import PROGRAM, START, Claim, History, meeting

ADA = "Ada Lovelace"


def test_an_erased_person_is_gone_and_the_facts_stand(office):
    _, first = office.filed("ada lovelace", ADA)
    _, second = office.filed("ada lovelace", "ada LOVELACE")
    _, other = office.filed("bea", "Bea")
    before = office.ledger.notifications(0)
    done = office.erase(ADA, basis="GDPR Art. 17")
    assert (done.refs, done.letters, done.repeated) == (2, 0, False)
    assert office.values() == {"Bea"}
    *facts, audit = office.ledger.notifications(0)
    assert facts == before, "no fact was touched"
    recorded = office.ledger.read(audit)
    assert recorded.event == SubjectErased(
        refs=tuple(sorted([first, second])), pseudonym=done.pseudonym, basis="GDPR Art. 17"
    )
    assert (recorded.meta.reason, recorded.meta.actor.subject) == ("asked to be forgotten", "desk:7")
    assert done.events == (event_id(audit.stream, audit.version),)
    assert audit.recorded_by == "dealreg_auditor"
    assert b"ovelace" not in audit.state
    assert {ref: one.told for ref, one in personal_of(office.ledger, [first, other]).items()} == {
        first: f"erased on {audit.recorded_at:%Y-%m-%d} under GDPR Art. 17",
        other: "Bea",
    }


def test_a_person_is_found_however_the_name_was_composed(office):
    office.filed(normalize("NFD", "zoë").casefold(), "Zoë")
    office.filed("zoë", "Zoë")
    assert office.erase(normalize("NFC", "Zoë")).refs == 2


def test_nobody_is_erased_twice(office):
    assert office.erase("nobody").refs == 0
    assert office.facts(SubjectErased) == []


def test_whoever_has_the_salt_shows_whom_a_fact_means(office):
    office.filed("ada lovelace", ADA)
    done = office.erase(ADA)
    assert sha256(bytes.fromhex(done.salt) + b"ada lovelace").hexdigest() == done.pseudonym
    dumped = office.ledger.run(
        "SELECT coalesce(string_agg(encode(state, 'escape'), ''), '') AS text FROM ledger.events"
    )
    assert done.salt not in dumped[0]["text"]


def test_a_plan_changes_nothing_and_names_other_subjects_that_mention_the_person(office):
    _, ref = office.filed("ada lovelace", ADA)
    office.filed("org:rec1", f"call {ADA} first")
    letter = office.letter(b'{"contact": "ada lovelace"}')
    head = office.ledger.head()
    plan = planned(office.ledger, Whose(ADA))
    assert (plan.refs, plan.letters, plan.holds, plan.elsewhere) == ((ref,), (letter,), (), (("org:rec1", 1),))
    assert office.ledger.head() == head
    assert office.values() == {ADA, f"call {ADA} first"}


def test_a_request_asked_again_is_answered_the_same_and_does_nothing_twice(office):
    office.filed("ada lovelace", ADA)
    first = office.erase(ADA, key="k1")
    again = office.erase(ADA, key="k1")
    assert again.repeated
    assert (again.refs, again.events, again.pseudonym) == (first.refs, first.events, first.pseudonym)
    office.filed("bea", "Bea")
    with pytest.raises(Reused):
        office.erase("bea", key="k1")
    assert office.values() == {"Bea"}


def test_a_dead_letter_of_the_person_is_redacted_to_its_digest_and_stays_counted(office):
    body = json.dumps({"contact": "Ada Łovelace"}).encode()
    letter, other = office.letter(body, headers={"who": "x"}), office.letter(b"no JSON")
    done = office.erase("Ada Łovelace")
    assert done.letters == 1
    row, kept = office.ledger.run("SELECT * FROM intake.dead_letters ORDER BY id")
    assert (row["id"], bytes(row["bytes"]), row["headers"], row["detail"]) == (letter, b"", {}, {})
    assert bytes(row["digest"]) == sha256(body).digest()
    assert row["redacted_at"] is not None
    assert (row["resolution"], row["reason"], row["source"]) == ("erased", "shape", "org")
    assert (kept["id"], bytes(kept["bytes"]), kept["redacted_at"]) == (other, b"no JSON", None)
    assert office.facts(SubjectErased)[0].letters == (letter,)
    assert office.erase("Ada Łovelace").letters == 0, "what is redacted mentions nobody"


@pytest.mark.parametrize(
    "raw",
    [
        "Zoë Ælfric".encode(),
        "ZOË ÆLFRIC".encode(),
        normalize("NFD", "Zoë Ælfric").encode(),
        b'{"a": "Zo\\u00eb \\u00c6lfric"}',
        "Zoë Ælfric".encode("utf-16"),
        "Zoë Ælfric".encode("utf-16-be"),
        "Zoë Ælfric".encode("latin-1"),
        b"name=Zo%C3%AB+%C3%86lfric",
        b"<b>Zo&euml; &AElig;lfric</b>",
        b'{"blob": "' + base64.b64encode("x Zoë Ælfric y".encode()) + b'"}',
        b'{"blob": "' + base64.b64encode("xy Zoë Ælfric y".encode()) + b'"}',
        b'{"blob": "' + base64.urlsafe_b64encode("ÿÿþ Zoë Ælfric".encode()) + b'"}',
        b"\\x" + "Zoë Ælfric".encode().hex().encode(),
    ],
)
def test_a_message_mentions_somebody_however_it_is_spelt(raw):
    assert mentions(raw, ["Zoë Ælfric"])
    assert not mentions(raw, ["Ada Lovelace"])


def test_a_record_of_a_crm_is_known_by_either_of_its_ids(office):
    office.filed("salesforce:006xx000001aBcDAAU", "x")
    long, short = office.letter(b'{"id": "006xx000001aBcDAAU"}'), office.letter(b'{"id": "006xx000001aBcD"}')
    office.letter(b'{"id": "006xx000001aBcE"}')
    assert planned(office.ledger, Whose("salesforce:006xx000001aBcDAAU")).letters == (long, short)


def test_a_partners_name_is_found_in_messages_and_its_key_is_not(office):
    office.filed("partner:acme:NORTH", "Ada Lovelace Trading")
    named = office.letter(b'{"partner": "ada lovelace trading"}')
    office.letter(b'{"partner": "NORTH"}')
    assert planned(office.ledger, Whose("partner:acme:NORTH")).letters == (named,)


@pytest.mark.parametrize("asked", [("  ",), ("a\x00b",), ("ada", "ab")])
def test_what_would_be_found_everywhere_or_nowhere_is_refused(asked):
    with pytest.raises(Refused):
        Whose(asked[0], asked[1:])


def test_without_a_reason_nothing_is_asked():
    with pytest.raises(Refused):
        by("  ")


# Legal holds


def test_requirement_28_legal_hold_beats_erasure_and_the_refusal_is_recorded(office):
    _, ref = office.filed("ada lovelace", ADA)
    placed = office.hold("subject", ADA, "Acme v. North 7/26")
    before = office.values()
    with pytest.raises(UnderHold, match=r"Acme v\. North 7/26"):
        office.erase(ADA)
    assert office.values() == before
    assert office.facts(ErasureRefused) == [ErasureRefused(holds=(placed.hold,), covered=1)]
    assert office.facts(SubjectErased) == []
    assert [one.hold for one in planned(office.ledger, Whose(ADA)).holds] == [placed.hold]
    assert lift(office.auditor, placed.hold, by=by("the matter is over"))
    assert office.erase(ADA).refs == 1
    assert [type(one) for one in (*office.facts(HoldPlaced), *office.facts(HoldLifted))] == [HoldPlaced, HoldLifted]
    assert personal_of(office.ledger, [ref])[ref].value is None


def test_a_hold_says_its_person_by_a_pseudonym(office):
    placed = office.hold("subject", ADA)
    (fact,) = office.facts(HoldPlaced)
    assert fact == HoldPlaced(hold=placed.hold, matter="M-1", kind=HoldKind.SUBJECT, about=placed.about)
    (row,) = office.auditor.notifications(0, topics=[HoldPlaced.NAME])
    assert b"ovelace" not in row.state
    assert [one.about for one in listed(office.auditor)] == [placed.about]
    assert [one.event for one in listed(office.auditor)] == [event_id(row.stream, 1)]
    lift(office.auditor, placed.hold, by=by())
    assert office.ledger.run("SELECT FROM personal.holds") == [], "and the name goes with the hold"


def test_a_hold_is_placed_and_lifted_once(office):
    placed = office.hold("subject", ADA, key="h1")
    again = office.hold("subject", ADA, key="h1")
    assert again.repeated
    assert (again.hold, again.about, again.salt) == (placed.hold, placed.about, placed.salt)
    with pytest.raises(Reused):
        office.hold("subject", "Bea", key="h1")
    assert lift(office.auditor, placed.hold, by=by())
    assert not lift(office.auditor, placed.hold, by=by())
    with pytest.raises(Closed):
        office.hold("subject", ADA, key="h1")
    with pytest.raises(Unknown):
        lift(office.auditor, uuid4(), by=by())
    assert len(office.facts(HoldPlaced)) == len(office.facts(HoldLifted)) == 1


def test_a_hold_is_on_something_that_there_is(office):
    with pytest.raises(Unknown):
        office.hold("deal", uuid4())
    with pytest.raises(Refused):
        office.hold("deal", "the Acme deal")
    with pytest.raises(Refused):
        office.hold("program", " ")


def _opened(customer):
    return CustomerOpened(customer=customer, identifiers=(), name="Łódź – Süd", country="PL", place=None, possible=())


class World:
    """Two deals of one customer, one of them in a conflict with a third customer's; one rides on a record of a CRM."""

    def __init__(self, office):
        self.customer, self.other = uuid4(), uuid4()
        self.record = opportunity_id("org", "rec1")
        sealed, row = seal("org:rec1", "crm contact")
        changed = OpportunityChanged(
            opportunity=self.record, source="org", record="rec1", message="0" * 64, order="1", change=Change.CREATED,
            changed_at=START, contact=sealed,
        )  # fmt: skip
        self.crm = office.put(self.record, changed, row)
        self.deal, self.contact = office.filed("ada", "ada", customer=self.customer, opportunity=self.record)
        self.second, self.second_contact = office.filed("bea", "bea", customer=self.customer)
        self.third, self.third_contact = office.filed("cy", "cy", customer=self.other)
        history = History()
        for customer in (self.customer, self.other):
            history.add(customer, _opened(customer), START)
        one, two = (Claim(f"erasing-{n}", self.customer, "north", "alpha") for n in (1, 3))
        assert (one.id, two.id) == (self.deal, self.third)
        self.conflict = meeting(one, two, history)
        history.save(office.ledger)

    @property
    def refs(self):
        return {"crm": self.crm, "deal": self.contact, "second": self.second_contact, "third": self.third_contact}


@pytest.mark.parametrize(
    ("kind", "about", "kept"),
    [
        ("deal", "deal", {"deal", "crm"}),
        ("deal", "second", {"second"}),
        ("customer", "customer", {"deal", "second", "crm", "third"}),
        ("customer", "other", {"third"}),
        ("conflict", "conflict", {"deal", "third", "crm"}),
        ("program", PROGRAM, {"deal", "second", "third", "crm"}),
        ("program", "other", set()),
        ("subject", "ADA", {"deal"}),
        ("subject", "org:rec1", {"crm"}),
    ],
)
def test_a_hold_covers_what_belongs_to_its_matter_and_its_neighbour_goes(office, kind, about, kept):
    world = World(office)
    placed = office.hold(kind, getattr(world, about, about) if kind not in {"program", "subject"} else about)
    for name, subject in (("deal", "ada"), ("second", "bea"), ("third", "cy"), ("crm", "org:rec1")):
        assert [one.hold for one in holds_on(office.auditor, refs=[world.refs[name]])] == (
            [placed.hold] if name in kept else []
        )
        if name in kept:
            with pytest.raises(UnderHold):
                office.erase(subject)
        else:
            assert office.erase(subject).refs == 1


def test_a_hold_on_a_customer_reaches_what_is_filed_later_and_whom_it_was_merged_with(office):
    world = World(office)
    office.hold("customer", world.other)
    office.filed("dan", "dan", customer=world.other)
    with pytest.raises(UnderHold):
        office.erase("dan")
    absorbed = uuid4()
    office.filed("eve", "eve", customer=absorbed)
    history = History()
    history.versions[StreamId(world.other)] = 1
    for stream in (absorbed, world.other):
        merged = CustomersMerged(
            customer=stream,
            absorbed=absorbed,
            into=world.other,
            identifiers=(),
            possible=(),
            steps=1,
            reason="one",
            merged_by="d",
            merged_at=START,
        )
        history.add(stream, merged, START)
    history.save(office.ledger)
    with pytest.raises(UnderHold):
        office.erase("eve")
    assert office.erase("bea").refs == 1


def test_a_deal_whose_decision_only_looked_at_the_customer_is_not_the_customers(office):
    """What a decision read stands in the fact too; a candidate that was looked at and is somebody else is no matter of the hold's."""
    world = World(office)
    sealed, row = seal("fay", "fay")
    claim = Claim("looked", uuid4(), "north", "alpha")
    office.put(claim.id, claim.submitted().model_copy(update={"contact": sealed}), row, read=world.other)
    office.hold("customer", world.other)
    assert office.erase("fay").refs == 1


def test_holds_are_told_of_what_is_exported(office):
    world = World(office)
    deal, conflict = office.hold("deal", world.second), office.hold("conflict", world.conflict)
    everywhere, ada = office.hold("program", "else"), office.hold("subject", "ada")
    told = lambda **asked: {one.hold for one in holds_on(office.auditor, **asked)}  # noqa: E731 - four calls
    assert told(streams=[world.second]) == {deal.hold}
    assert told(streams=[world.deal]) == {conflict.hold, ada.hold}
    assert told(streams=[world.conflict]) == {conflict.hold}
    assert told(streams=[], program="else") == {everywhere.hold}
    assert told(subject="ADA") == {ada.hold}
    assert told(streams=[uuid4()]) == set()


def test_a_value_that_belongs_to_nothing_known_is_kept_by_every_hold(office):
    world = World(office)
    _, ref = office.filed("old", "old")
    office.as_owner("UPDATE personal.held SET stream = NULL, program = NULL WHERE ref = %s", ref)
    office.hold("deal", world.second)
    with pytest.raises(UnderHold):
        office.erase("old")


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("subject", b'{"contact": "Ada Lovelace"}', True),
        ("subject", b'{"contact": "\\u0041da Lovelace", "phone": "cyberdyne"}', True),
        ("subject", b'{"contact": "bea"}', False),
        ("subject", b"no JSON at all", True),
        ("subject", b"\xff\xfe", True),
        ("program", b'{"contact": "bea"}', True),
    ],
)
def test_a_hold_keeps_a_dead_letter_that_may_concern_it(office, kind, body, kept):
    letter = office.letter(body)
    office.hold(kind, ADA if kind == "subject" else PROGRAM)
    over = office.auditor.run("SELECT letter FROM personal.holds_over_letters(%s)", [[letter]])
    assert bool(over) is kept
    if kept:
        state = by().fact(StreamId(uuid4()), SubjectErased(refs=(), letters=(letter,))).state
        (row,) = office.auditor.run(
            "SELECT * FROM personal.erase(%s::uuid[], %s::bigint[], %s, %b)", [[], [letter], uuid4(), state]
        )
        assert row["holds"]
        assert office.letters()[letter] == body


def test_a_hold_laid_while_an_erasure_waits_wins(office):
    """The erasure has been planned and stands before the door; the hold is there first, though not yet committed."""
    office.filed("ada lovelace", ADA)
    ended: list[BaseException | None] = []

    def asked() -> None:
        try:
            office.erase(ADA)
            ended.append(None)
        except UnderHold as error:
            ended.append(error)

    with psycopg.connect(office.url, options="-c role=dealreg_owner") as placing:
        placing.execute(
            "INSERT INTO personal.holds VALUES (%s, %s, 'subject', %s, %s, %s, 'M-2', 'r', 'd')",
            [uuid4(), uuid4(), ADA, ADA.casefold(), b"s"],
        )
        erasing = threading.Thread(target=asked)
        erasing.start()
        _until_it_waits(office.url)
        placing.commit()
        erasing.join(60)
    assert [type(one) for one in ended] == [UnderHold]
    assert office.values() == {ADA}


def test_a_hold_laid_while_an_erasure_runs_waits_and_finds_it_done(office):
    _, ref = office.filed("ada lovelace", ADA)
    state = by().fact(StreamId(uuid4()), SubjectErased(refs=(ref,))).state
    placed: list[object] = []
    with psycopg.connect(office.url, options="-c role=dealreg_auditor") as erasing:
        erasing.execute("SELECT personal.erase(%s::uuid[], '{}', %s, %b)", [[ref], uuid4(), state])
        placing = threading.Thread(target=lambda: placed.append(office.hold("subject", ADA)))
        placing.start()
        _until_it_waits(office.url)
        assert not placed
        erasing.commit()
        placing.join(60)
    assert len(placed) == 1
    assert office.values() == set()
    erasure, hold = (office.auditor.notifications(0, topics=[kind.NAME])[0] for kind in (SubjectErased, HoldPlaced))
    assert erasure.position < hold.position


def _until_it_waits(url):
    """Somebody stands before the lock of the holds."""
    with psycopg.connect(url, autocommit=True) as looking:
        for _ in range(600):
            waits = looking.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'personal.holds'::regclass"
            ).fetchone()
            if waits and waits[0]:
                return
            looking.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("nobody waits")


def test_an_erasure_races_with_twelve_holds_and_each_is_wholly_before_or_after(office):
    """Whatever the order, no value goes while a hold stands over it."""
    for number in range(12):
        office.filed(f"person {number}", f"Person {number}")
    start = threading.Barrier(24)
    outcomes: dict[str, str] = {}

    def erasing(number):
        start.wait()
        try:
            outcomes[f"e{number}"] = str(office.erase(f"person {number}").refs)
        except UnderHold:
            outcomes[f"e{number}"] = "held"

    def holding(number):
        start.wait()
        office.hold("subject", f"person {number}")

    threads = [threading.Thread(target=kind, args=(n,)) for n in range(12) for kind in (erasing, holding)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    facts = [(row.position, office.auditor.read(row).event) for row in office.auditor.notifications(0)]
    placed = {event.about: position for position, event in facts if isinstance(event, HoldPlaced)}
    gone = {ref: position for position, event in facts if isinstance(event, SubjectErased) for ref in event.refs}
    assert len(placed) == 12
    assert len(outcomes) == 12
    for number in range(12):
        kept = f"Person {number}" in office.values()
        assert outcomes[f"e{number}"] == ("held" if kept else "1")
    assert len(gone) == 12 - len(office.values())


# Nobody deletes around it


def test_nothing_is_erased_without_its_fact_and_no_fact_says_other_than_was_erased(office):
    _, ref = office.filed("ada", "Ada")
    _, other = office.filed("bea", "Bea")
    said = by().fact(StreamId(uuid4()), SubjectErased(refs=(ref,))).state
    for refs in ([ref, other], [other], []):
        with pytest.raises(Unstorable):
            office.auditor.run("SELECT personal.erase(%s::uuid[], '{}', %s, %b)", [refs, uuid4(), said])
    assert office.values() == {"Ada", "Bea"}
    assert office.facts(SubjectErased) == []
    with pytest.raises(Unavailable):
        office.auditor.run("SELECT personal.erase(%s::uuid[], '{}', %s, %b)", [[ref], _stream_in_use(office), said])
    assert office.values() == {"Ada", "Bea"}, "the fact could not be recorded, so nothing went"


def _stream_in_use(office):
    return office.auditor.notifications(0, 1)[0].stream


@pytest.mark.parametrize(
    "role", ["dealreg_app", "dealreg_auditor", "dealreg_reader", "dealreg_projector", "dealreg_sealer"]
)
def test_no_role_deletes_around_the_door(office, role):
    office.filed("ada", "Ada")
    office.letter(b"x")
    office.hold("subject", "ada")
    for statement in (
        "DELETE FROM personal.held",
        "TRUNCATE personal.held",
        "UPDATE personal.held SET value = ''",
        "DELETE FROM personal.holds",
        "UPDATE personal.holds SET kind = 'program'",
        "INSERT INTO personal.holds SELECT * FROM personal.holds",
        "DELETE FROM intake.dead_letters",
        "UPDATE intake.dead_letters SET bytes = ''",
        "SELECT personal.remove('{}', '{}', '{}')",
        "SELECT personal.record(gen_random_uuid(), 1, 'audit.x', '{}')",
    ):
        with psycopg.connect(office.url, options=f"-c role={role}") as connection:  # noqa: SIM117 - which one raised is seen
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_what_became_of_a_value_is_told_as_of_a_position(office):
    _, ref = office.filed("ada", "Ada")
    before = office.ledger.head()
    office.erase("ada")
    assert set(erased(office.ledger, [ref])) == {ref}
    assert erased(office.ledger, [ref], up_to=before) == {}
    told = personal_of(office.ledger, [str(uuid4())])
    assert [one.told for one in told.values()] == ["not kept here, and no fact of this ledger says why"]


def test_the_refs_of_a_deal_are_those_that_its_facts_name(office):
    deal, ref = office.filed("ada", "Ada")
    assert refs_of(office.auditor, [deal]) == [ref]


def test_values_that_were_kept_before_holds_were_known_find_their_streams(office):
    """The migration's own statement, over values as an older build left them."""
    deal, ref = office.filed("ada", "Ada")
    office.as_owner("UPDATE personal.held SET stream = NULL, program = NULL")
    text = (resources.files("dealreg.service") / "migrations" / "0008_erasure.sql").read_text(encoding="utf-8")
    begin = text.index("UPDATE personal.held AS h")
    office.as_owner(text[begin : text.index(";", begin)])
    rows = office.auditor.run("SELECT ref::text AS ref, stream, program FROM personal.held")
    assert rows == [{"ref": ref, "stream": deal, "program": PROGRAM}]


def test_nobody_inherits_the_time_of_a_message_whose_bytes_are_gone(office):
    """A replay keeps the time of the very same bytes; a message of no bytes is not the one that was erased."""
    letter = office.letter(b'{"contact": "ada"}')
    assert office.erase("ada").letters == 1
    forged = Delivery(b"", {dead_letters.REPLAY_HEADER: str(letter)}, "crm.org.opportunity", "CRM", 99, START)
    assert dead_letters.first_received(office.ledger, [forged]) == {}
