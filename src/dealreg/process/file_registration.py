"""A partner asks for protection: what was said is recorded, judged complete or not, and each line decided (ROE-2, ROE-11)."""

from datetime import datetime
from uuid import UUID

from dealreg.customer.commands import CustomerGiven, IdentifierGiven
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import window_end
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, above, manager_readers, need_partners, partner_of, registration_of, rules_at
from dealreg.process.check_registration import complete, missing
from dealreg.process.enter_claims import enter_all
from dealreg.process.evidence import taken
from dealreg.process.resolve_customer import resolve_customer
from dealreg.registration.commands import EndCustomer, FileRegistration, ProofGiven
from dealreg.registration.events import (
    EvidenceAdded,
    ProgressRecorded,
    Readers,
    RegistrationFoundIncomplete,
    RegistrationSubmitted,
    RequestedLeg,
    RequestedLine,
)
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Actor, Request
from dealreg.vocabulary.ids import PartnerId, RegistrationId, derived, partner_reader, registration_id
from dealreg.vocabulary.refused import NotAllowed, Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier, Track


def file_registration(
    situation: Situation,
    request: Request,
    command: FileRegistration,
    *,
    opportunity: UUID | None = None,
    source: str | None = None,
) -> RegistrationId:
    """File, and decide as far as it can be decided now. Raises ``NotAllowed``, ``Unknown``, ``Refused``."""
    permit.for_partner(situation, request.actor, command.filed_by)
    rules = rules_at(situation, situation.at)
    registration = registration_id(situation.program, command.filed_by, request.id)
    if situation.of(REGISTRATION, registration).exists:
        raise Refused("a registration with this request id exists already; use another id", clause="ROE-28")
    known_lines(rules, command.lines)
    if command.hidden:
        may_hide(rules, request.actor, command.filed_by, command.lines)
    if command.specifier is not None:
        is_specifier(situation, command.specifier)
    lines = tuple(with_parents(situation, line) for line in command.lines)
    customer = resolve_customer(
        situation, situation.program, f"{command.filed_by}:{request.id}", given(command.customer)
    )
    situation.record(
        REGISTRATION,
        registration,
        RegistrationSubmitted(
            registration=registration,
            filed_by=command.filed_by,
            customer=customer,
            customer_name=command.customer.name,
            registration_class=command.registration_class,
            lines=lines,
            value=command.value,
            close_on=command.close_on,
            contact=command.contact,
            opportunity=opportunity,
            source=source,
            submitted_at=situation.at,
            readers=readers(situation, rules, lines, hidden=registration if command.hidden else None),
            said_by=request.actor.subject,
            hidden=command.hidden,
            specifier=command.specifier,
            rival_brand=command.rival_brand,
        ),
    )
    add_evidence(situation, registration, command.filed_by, command.evidence)
    if command.stage is not None:
        progress = ProgressRecorded(
            registration=registration,
            stage=command.stage,
            note=None,
            recorded_by=command.filed_by,
            recorded_at=situation.at,
        )
        situation.record(REGISTRATION, registration, progress)
    judge(situation, registration)
    return registration


def given(customer: EndCustomer) -> CustomerGiven:
    """The end customer as the identity of customers takes it."""
    named = tuple(IdentifierGiven(scheme=known.scheme, value=known.value) for known in customer.identifiers)
    return CustomerGiven(
        customer=customer.customer,
        identifiers=named,
        name=customer.name,
        country=customer.country,
        place=customer.place,
        street=customer.street,
        postcode=customer.postcode,
    )


def known_lines(rules: RulebookDocument, lines: tuple[RequestedLine, ...]) -> None:
    """A line or territory that the program does not have could never be decided: refused at once."""
    nodes = {node.territory for node in rules.territories}
    named: set[str] = set()
    for line in lines:
        if rules.product_line(line.line) is None:
            raise Refused(f"the program has no product line {line.line!r}; see its rulebook", clause="ROE-1")
        if line.scope.territory not in nodes:
            raise Refused(f"the program has no territory {line.scope.territory!r}; see its rulebook", clause="ROE-1")
        if line.line in named:
            raise Refused(f"line {line.line!r} is named twice; name its sites in one scope", clause="ROE-11")
        if len({leg.tier for leg in line.legs}) != len(line.legs):
            raise Refused(f"line {line.line!r} has two legs of one tier; a tier has one leg", clause="ROE-2")
        named.add(line.line)


def with_parents(situation: Situation, line: RequestedLine) -> RequestedLine:
    """A dealer's only parent is taken as its distributor; of several one must be named (ROE-2)."""
    tiers = {leg.tier: leg.partner for leg in line.legs}
    dealer = tiers.get(Tier.DEALER)
    if dealer is None or Tier.DISTRIBUTOR in tiers:
        return line
    need_partners(situation, [dealer])
    parents = partner_of(situation, dealer).parents_at(situation.at)
    if len(parents) != 1:
        return line
    legs = (RequestedLeg(tier=Tier.DISTRIBUTOR, partner=PartnerId(parents[0])), *line.legs)
    return line.model_copy(update={"legs": legs})


def readers(
    situation: Situation, rules: RulebookDocument, lines: tuple[RequestedLine, ...], *, hidden: UUID | None = None
) -> Readers:
    """Who may read the rows, as the hierarchy stands: parties, the masters above a distributor, regions, the desk.

    Of a ``hidden`` registration the distributors' rows are kept for a reader that nobody is (ROE-32).
    """
    dealers: list[str] = []
    upper: list[str] = []
    for line in lines:
        for leg in line.legs:
            (dealers if leg.tier is Tier.DEALER else upper).append(leg.partner)
    masters = sorted({partner for leg in upper for partner in above(situation, leg, situation.at)})
    program = situation.program
    return Readers(
        dealers=tuple(partner_reader(program, partner) for partner in dict.fromkeys(dealers)),
        distributors=(derived("hidden", hidden),)
        if hidden is not None
        else tuple(partner_reader(program, partner) for partner in dict.fromkeys([*upper, *masters])),
        managers=manager_readers(program, rules, [line.scope.territory for line in lines]),
    )


def may_hide(rules: RulebookDocument, actor: Actor, partner: str, lines: tuple[RequestedLine, ...]) -> None:
    """A dealer hides what it files itself on every line. Raises ``NotAllowed``, ``Refused``."""
    if not rules.clauses.hiding.in_force:
        raise Refused("this program's rulebook lets nobody hide a registration", clause="ROE-32")
    own = all(any(leg.tier is Tier.DEALER and leg.partner == partner for leg in line.legs) for line in lines)
    if not own or actor.partner != partner:
        raise NotAllowed("a dealer hides its own registration only; leave hidden out", clause="ROE-32")


def is_specifier(situation: Situation, partner: str) -> None:
    """Who wrote the job's specification is a partner of that track. Raises ``Refused``."""
    if partner_of(situation, partner).track_at(situation.at) is not Track.SPECIFIER:
        raise Refused(
            f"{partner!r} is no specifier of this program; leave it out, or have the desk enrol it", clause="ROE-1"
        )


def add_evidence(situation: Situation, registration: UUID, partner: str, evidence: tuple[ProofGiven, ...]) -> None:
    """Record dated proofs. Raises ``Refused`` for what the program does not take (ROE-26)."""
    taken(situation, evidence)
    for proof in evidence:
        situation.record(
            REGISTRATION,
            registration,
            EvidenceAdded(
                registration=registration,
                kind=proof.kind,
                dated_on=proof.dated_on,
                digest=proof.digest,
                added_by=PartnerId(partner),
                added_at=situation.at,
            ),
        )


def judge(situation: Situation, registration: UUID, *, keep_time: datetime | None = None) -> None:
    """Complete or not, by the service and not by a person; when complete, every line enters its customer's file (ROE-2)."""
    rules = rules_at(situation, situation.at)
    state = registration_of(situation, registration)
    lacking = missing(situation, rules, state)
    if lacking:
        days = rules.clauses.completeness.incomplete_days
        closes = state.closes_at or closing(situation, rules, days)
        found = RegistrationFoundIncomplete(registration=registration, missing=lacking, closes_at=closes)
        situation.record(REGISTRATION, registration, found)
        return
    completed = complete(situation, rules, registration, keep_time)
    if completed.customer is None:
        return
    case = Case.at(situation, completed.customer)
    bring_to_due(case)
    enter_all(case, registration)


def closing(situation: Situation, rules: RulebookDocument, days: int) -> datetime:
    """When a registration that stays incomplete is closed as withdrawn."""
    return window_end(situation.at, rules.zone, days)
