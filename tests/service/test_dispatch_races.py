"""The real core on the real ledger, in several processes' worth of dispatches at once (architecture D4, D13, D14)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid5

import pytest

from dealreg.engagement.rulebook import ProductLine, RulebookDocument, Territory
from dealreg.file.evolve import FILE
from dealreg.partner.commands import EnrolPartner
from dealreg.process import deciding
from dealreg.registration.commands import EndCustomer, FileRegistration, Named
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Decided, LateOutcome
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import NAMESPACE, PartnerId, ProgramId
from dealreg.vocabulary.values import Money, Scope, Sealed, Tier, Track

PROGRAM = ProgramId("acme")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DESK = Actor(role=Role.DEAL_DESK, subject="desk-1")
DISTRIBUTOR = PartnerId("distributor-1")
DEALERS = [PartnerId(f"dealer-{n}") for n in range(8)]


def _ask(request_id: str, actor: Actor, command: Command) -> Request:
    return Request(id=request_id, program=PROGRAM, actor=actor, command=command)


def _filing(dealer: PartnerId, request_id: str, duns: str) -> Request:
    legs = (RequestedLeg(tier=Tier.DISTRIBUTOR, partner=DISTRIBUTOR), RequestedLeg(tier=Tier.DEALER, partner=dealer))
    command = FileRegistration(
        filed_by=dealer,
        customer=EndCustomer(identifiers=(Named(scheme="duns", value=duns),), name="Stadtwerke", country="DE"),
        lines=(RequestedLine(line="pumps", scope=Scope(territory="north"), legs=legs),),
        value=Money(amount="25000", currency="EUR"),  # type: ignore[arg-type]  # as it comes in JSON
        close_on=datetime(2027, 6, 1, tzinfo=UTC).date(),
        contact=Sealed(ref=str(uuid5(NAMESPACE, request_id)), digest="ab" * 32),
    )
    return _ask(request_id, Actor(role=Role.DEALER, subject=f"person-at-{dealer}", partner=dealer), command)


def _enrolment(partner: PartnerId, track: Track, *parents: PartnerId) -> Request:
    command = EnrolPartner(
        partner=partner, track=track, lines=("pumps",), territories=("north",), parents=parents, effective_from=LONG_AGO
    )
    return _ask(f"enrol-{partner}", DESK, command)


@pytest.fixture
def programme(database_url, dispatch_for):
    """A published rulebook, eight dealers of one line and territory, and as many dispatches with caches of their own."""
    opened = [Ledger(database_url, pool_size=2) for _ in DEALERS]
    dispatches = [
        dispatch_for(
            ledger,
            decide=deciding.decide,
            home=deciding.home,
            home_kind=deciding.home_kind,
            aggregates=deciding.AGGREGATES,
        )
        for ledger in opened
    ]
    document = RulebookDocument(
        program=PROGRAM,
        version="1",
        force_from=LONG_AGO,
        territories=(Territory(territory="north"),),
        product_lines=(ProductLine(line="pumps"),),
    )
    requests = [_ask("rules", DESK, PublishRulebook(document=document))]
    requests += [
        _enrolment(DISTRIBUTOR, Track.DISTRIBUTOR),
        *(_enrolment(dealer, Track.DEALER, DISTRIBUTOR) for dealer in DEALERS),
    ]
    outcomes = dispatches[0].decide_batch(requests)
    assert [type(outcome) for outcome in outcomes] == [Decided] * len(requests), outcomes
    yield dispatches
    for ledger in opened:
        ledger.close()


def _facts(dispatch, kind):
    return [dispatch.ledger.read(row) for row in dispatch.ledger.notifications(0, topics=[kind])]


def _insisting(dispatch, request):
    """As a caller does who was told to come back."""
    while isinstance(outcome := dispatch.decide_batch([request])[0], LateOutcome):
        continue
    return outcome


def test_eight_dealers_register_one_customer_at_one_instant(programme):
    """One customer, one place in line for each, no two with the same; whoever was overtaken decided again on what then stood."""
    start = threading.Barrier(len(DEALERS))

    def register(number):
        start.wait()
        return [_insisting(programme[number], _filing(DEALERS[number], f"r{n}", f"15-048-378{n}")) for n in range(3)]

    with ThreadPoolExecutor(len(DEALERS)) as pool:
        outcomes = [outcome for answers in pool.map(register, range(len(DEALERS))) for outcome in answers]
    assert {type(outcome) for outcome in outcomes} == {Decided}
    rows = [row for row in programme[0].ledger.notifications(0) if not row.topic.startswith("audit.")]
    heads: dict[object, int] = {}
    for row in rows:
        assert row.version == heads.get(row.stream, 0) + 1
        heads[row.stream] = row.version
    entered = _facts(programme[0], "claim_entered.v1")
    places = [(fact.originator_id, fact.event.entry) for fact in entered]
    assert len(places) == 3 * len(DEALERS)
    assert len(places) == len(set(places))
    approved = [fact.originator_id for fact in _facts(programme[0], "line_approved.v1")]
    assert len(approved) == 3, "of eight exclusive claims on one line one is protected"
    assert len(set(approved)) == 3


def test_what_is_read_back_is_what_was_decided(programme):
    """States kept from deciding and states folded from what is stored are equal, for every stream and kind."""
    programme[0].decide_batch([_filing(dealer, "r1", "15-048-3782") for dealer in DEALERS])
    kinds = {row.stream: programme[0].ledger.read(row).event.AGGREGATE for row in programme[0].ledger.notifications(0)}
    kinds = {stream: kind for stream, kind in kinds.items() if kind != "audit"}
    assert FILE.name in kinds.values()
    kept = programme[0]._states.see(kinds)
    folded = programme[1]._states.see(kinds)
    assert kept.held == folded.held
    assert {held.version for held in kept.held.values()} != {0}


def test_a_filing_asked_twice_by_two_processes_is_one_registration(programme):
    request = _filing(DEALERS[0], "r1", "15-048-3782")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda dispatch: _insisting(dispatch, request), programme))
    assert len({str(outcome.answer) for outcome in outcomes}) == 1
    assert [outcome.repeated for outcome in outcomes].count(False) == 1
    assert len(_facts(programme[0], "registration_submitted.v1")) == 1
