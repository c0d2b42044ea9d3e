"""A small program, and what its partners ask: sixteen dealers below four distributors, one line, one territory."""

from datetime import UTC, datetime
from uuid import uuid5

from dealreg.engagement.rulebook import ProductLine, RulebookDocument, Territory
from dealreg.partner.commands import EnrolPartner
from dealreg.registration.commands import EndCustomer, FileRegistration, Named
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.intake.publishing import Outgoing, cloud_event
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import NAMESPACE, PartnerId, ProgramId
from dealreg.vocabulary.values import Money, Scope, Sealed, Tier, Track

PROGRAM = ProgramId("bench")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DESK = Actor(role=Role.DEAL_DESK, subject="desk-1")
DISTRIBUTORS = [PartnerId(f"distributor-{n}") for n in range(4)]
DEALERS = [PartnerId(f"dealer-{n}") for n in range(16)]
LINE, TERRITORY = "pumps", "north"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def founding() -> list[Request]:
    """The rulebook and every partner."""
    document = RulebookDocument(
        program=PROGRAM,
        version="1",
        force_from=LONG_AGO,
        territories=(Territory(territory=TERRITORY),),
        product_lines=(ProductLine(line=LINE),),
    )
    asked: list[Request] = [_ask("rules", PublishRulebook(document=document))]
    asked += [_enrolment(one, Track.DISTRIBUTOR) for one in DISTRIBUTORS]
    asked += [_enrolment(one, Track.DEALER, above(n)) for n, one in enumerate(DEALERS)]
    return asked


def above(dealer: int) -> PartnerId:
    """The distributor of a dealer."""
    return DISTRIBUTORS[dealer % len(DISTRIBUTORS)]


def _ask(request_id: str, command: PublishRulebook | EnrolPartner) -> Request:
    return Request(id=request_id, program=PROGRAM, actor=DESK, command=command)


def _enrolment(partner: PartnerId, track: Track, *parents: PartnerId) -> Request:
    command = EnrolPartner(
        partner=partner, track=track, lines=(LINE,), territories=(TERRITORY,), parents=parents, effective_from=LONG_AGO
    )
    return _ask(f"enrol-{partner}", command)


def duns(customer: int) -> str:
    """The DUNS number of a customer."""
    return f"{100_000_000 + customer}"


def name(customer: int) -> str:
    """A name whose first letters differ from customer to customer, as names do."""
    letters, rest = "", customer
    for _ in range(4):
        rest, letter = divmod(rest, len(LETTERS))
        letters += LETTERS[letter]
    return f"{letters.title()}werke {customer} GmbH"


def filing(number: int, customer: int, dealer: int) -> Request:
    """A dealer asks for the protection of one line at a customer; ``number`` names the request."""
    partner = DEALERS[dealer]
    legs = (
        RequestedLeg(tier=Tier.DISTRIBUTOR, partner=above(dealer)),
        RequestedLeg(tier=Tier.DEALER, partner=partner),
    )
    command = FileRegistration(
        filed_by=partner,
        customer=EndCustomer(
            identifiers=(Named(scheme="duns", value=duns(customer)),), name=name(customer), country="DE"
        ),
        lines=(RequestedLine(line=LINE, scope=Scope(territory=TERRITORY), legs=legs),),
        value=Money(amount="25000", currency="EUR"),  # type: ignore[arg-type]  # as it comes in JSON
        close_on=datetime(2027, 6, 1, tzinfo=UTC).date(),
        contact=Sealed(ref=str(uuid5(NAMESPACE, str(number))), digest="ab" * 32),
    )
    actor = Actor(role=Role.DEALER, subject=f"person-at-{partner}", partner=partner)
    return Request(id=f"r{number}", program=PROGRAM, actor=actor, command=command)


def opened(number: int, at: datetime, *, partner: bool = True) -> Outgoing:
    """The CRM opened an opportunity; one that names a partner is filed as that partner's registration."""
    dealer = number % len(DEALERS)
    said = {
        "record": f"006{number:012d}",
        "change": "created",
        "name": f"Pumps for {name(number)}",
        "stage": "Qualification",
        "customer_name": name(number),
        "country": "DE",
        "identifiers": {"duns": duns(number)},
        "lines": [LINE],
        "territory": TERRITORY,
        "amount": "25000.00",
        "currency": "EUR",
        "close_on": "2027-06-01",
        "contact": f"person-{number}@customer.example",
        "budget_code": f"B-{number}",
    }
    if partner:
        said |= {"partner": DEALERS[dealer], "distributor": above(dealer), "filed_by": DEALERS[dealer]}
    return cloud_event("//crm.example/bench", f"opened-{number}", said, at=at, sequence=f"{number:09d}-1")


def moved(number: int, at: datetime, stage: str = "Proposal") -> Outgoing:
    """The CRM moved it to another stage."""
    said = {"record": f"006{number:012d}", "change": "updated", "stage": stage, "amount": "27500.00"}
    return cloud_event("//crm.example/bench", f"{stage}-{number}", said, at=at, sequence=f"{number:09d}-2-{stage}")
