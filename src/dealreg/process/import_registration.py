"""A registration that another system decided: its facts take effect when that system says, and are recorded now (architecture D5).

No clause judges it again. What still protects stands in the customer's file from here on like any other claim: it falls due, blocks
newcomers, and where two of the past protect one place, both stand and a person is asked, as after a merge.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import window_end
from dealreg.file.events import (
    ClaimDeclined,
    LapseGround,
    LegFulfilled,
    LegReleased,
    LegWindow,
    LegWithdrawn,
    LineApproved,
    ProtectionLapsed,
)
from dealreg.file.state import LIVE, Claim, Leg
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.bring_together import bring_together
from dealreg.process.case import Case, need_partners, partner_of, registration_of, rules_at
from dealreg.process.check_registration import complete
from dealreg.process.enter_claims import enter, judge_claim
from dealreg.process.file_registration import given, known_lines, readers
from dealreg.process.resolve_customer import resolve_customer
from dealreg.registration.events import OutcomeKind, OutcomeReported, RegistrationSubmitted, RequestedLine
from dealreg.registration.import_commands import ImportRegistration, Past, PastLine
from dealreg.registration.import_events import RegistrationImported
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId, RegistrationId, opportunity_id, registration_id
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.vocabulary.situation import Situation

GROUND = "two protections of the past stand on one place"
_OUTCOMES = {Past.WON: OutcomeKind.WON, Past.LOST: OutcomeKind.LOST}


def imported_id(program: str, request_id: str, command: ImportRegistration) -> RegistrationId:
    """The registration: the one that later events of its opportunity will find, where it is to follow one."""
    opportunity = _opportunity(command)
    named = str(opportunity) if opportunity is not None and command.follows else request_id
    return registration_id(program, command.filed_by, named)


def import_registration(situation: Situation, request: Request, command: ImportRegistration) -> UUID:
    """Take it over. Raises ``NotAllowed``, ``Unknown`` for a partner that nobody enrolled, ``Refused`` for what cannot have been."""
    permit.of_desk(request.actor, "import what another system decided")
    rules = rules_at(situation, situation.at)
    registration = imported_id(situation.program, request.id, command)
    lines = tuple(RequestedLine(line=past.line, scope=past.scope, legs=past.legs) for past in command.lines)
    known_lines(rules, lines)
    _could_have_been(situation, registration, command)
    with _at(situation, command.filed_at):
        _filed(situation, request, command, registration, lines, rules)
    customer = registration_of(situation, registration).customer
    if customer is None:
        raise Refused("names no customer: give identifiers, or name and place", clause="ROE-2")
    case = Case.at(situation, customer)
    bring_to_due(case)
    native = frozenset(case.file.claims)
    for line, past in zip(lines, command.lines, strict=True):
        with _at(situation, command.filed_at):
            enter(case, registration, registration_of(situation, registration), line)
        _decided(case, case.claim(registration, past.line), past, command.system)
    bring_together(case, native, GROUND)
    for past in command.lines:
        if past.past is Past.PENDING:
            judge_claim(case, case.claim(registration, past.line))
    bring_to_due(case)
    return registration


@contextmanager
def _at(situation: Situation, at: datetime) -> Iterator[None]:
    """Facts made inside take effect at an instant of the past."""
    now, situation.at = situation.at, at
    try:
        yield
    finally:
        situation.at = now


def _opportunity(command: ImportRegistration) -> UUID | None:
    return opportunity_id(command.system, command.opportunity) if command.opportunity is not None else None


def _could_have_been(situation: Situation, registration: UUID, command: ImportRegistration) -> None:
    """It is new here, of partners that are known, and of no instant that is still to come."""
    if situation.of(REGISTRATION, registration).exists:
        raise Refused(
            "this registration is here already; what happened to it since is told by the CRM, not by an import"
        )
    partners = sorted({command.filed_by, *(leg.partner for line in command.lines for leg in line.legs)})
    need_partners(situation, partners)
    strange = next((partner for partner in partners if not partner_of(situation, partner).exists), None)
    if strange is not None:
        raise Unknown(f"there is no partner {strange!r}; import it first")
    said = [command.filed_at, *(at for line in command.lines for at in (line.decided_at, line.ended_at) if at)]
    if max(said) > situation.at:
        raise Refused(f"{max(said).isoformat()} is still to come; an import tells of the past")


def _filed(
    situation: Situation,
    request: Request,
    command: ImportRegistration,
    registration: RegistrationId,
    lines: tuple[RequestedLine, ...],
    rules: RulebookDocument,
) -> None:
    """What was said, when it was said; complete from that instant on."""
    key = f"{command.filed_by}:{request.id}"
    customer = resolve_customer(situation, situation.program, key, given(command.customer))
    submitted = RegistrationSubmitted(
        registration=registration,
        filed_by=command.filed_by,
        customer=customer,
        customer_name=command.customer.name,
        registration_class=command.registration_class,
        lines=lines,
        value=command.value,
        close_on=command.close_on,
        contact=command.contact,
        opportunity=_opportunity(command),
        source=command.system if command.opportunity is not None else None,
        submitted_at=command.filed_at,
        readers=readers(situation, rules, lines),
        said_by=request.actor.subject,
    )
    situation.record(REGISTRATION, registration, submitted)
    imported = RegistrationImported(
        registration=registration,
        system=command.system,
        record=command.record,
        filed_at=command.filed_at,
        imported_by=request.actor.subject,
        imported_at=situation.asked_at,
    )
    situation.record(REGISTRATION, registration, imported)
    complete(situation, rules, registration, command.filed_at)


def _decided(case: Case, claim: Claim, past: PastLine, system: str) -> None:
    """What became of one line there, each fact at its own instant."""
    if past.past is Past.PENDING or past.decided_at is None:
        return
    said: dict[str, Any] = {
        "customer": case.customer,
        "registration": claim.registration,
        "line": claim.line,
        "clause": "ROE-30",
        "reason": f"decided in {system}, before this service" + (f": {past.reason}" if past.reason else ""),
        "rulebook_version": case.rules.version,
    }
    by = past.decided_by or system
    with _at(case.situation, past.decided_at):
        if past.past is Past.DECLINED:
            case.record(ClaimDeclined(**said, conflict=None, declined_at=case.now, declined_by=by))
            return
        windows = tuple(_window(case, leg, past) for leg in claim.legs) if not claim.tender else ()
        case.record(LineApproved(**said, approved_by=by, approved_at=case.now, legs=windows))
    _ended(case, case.again(claim), past)


def _window(case: Case, leg: Leg, past: PastLine) -> LegWindow:
    """As it was granted; the hard stop of our rules bounds what is granted on top of it here, never what stands."""
    begins, ends = past.window_from, past.window_to
    if begins is None or ends is None:
        raise TypeError("an approved line has a window")
    stop = window_end(begins, case.rules.zone, case.rules.clauses.lapse.hard_stop_days)
    return LegWindow(
        tier=leg.tier,
        partner=PartnerId(leg.partner),
        window_from=begins,
        window_to=ends,
        hard_stop_at=max(stop, ends),
    )


def _ended(case: Case, claim: Claim, past: PastLine) -> None:
    """How it ended there, or by its window's end where nothing else ended it before now."""
    ended_at, how = past.ended_at, past.past
    if how is Past.APPROVED or (how is Past.LAPSED and ended_at is None):
        if past.window_to is None or past.window_to > case.situation.asked_at:
            return
        ended_at, how = past.window_to, Past.LAPSED
    if ended_at is None:
        return
    with _at(case.situation, ended_at):
        outcome = _OUTCOMES.get(how)
        if outcome is not None:
            _reported(case, claim, outcome)
        for leg in [leg for leg in claim.legs if leg.state in LIVE]:
            _leg_ended(case, claim, leg, how)


def _reported(case: Case, claim: Claim, outcome: OutcomeKind) -> None:
    reported = OutcomeReported(
        registration=claim.registration,
        outcome=outcome,
        lines=(claim.line,),
        reported_by=None,
        closed_at=case.now,
    )
    case.situation.record(REGISTRATION, claim.registration, reported)


def _leg_ended(case: Case, claim: Claim, leg: Leg, how: Past) -> None:
    said: dict[str, Any] = {
        "customer": case.customer,
        "registration": claim.registration,
        "line": claim.line,
        "tier": leg.tier,
        "partner": PartnerId(leg.partner),
    }
    match how:
        case Past.WON:
            case.record(LegFulfilled(**said, fulfilled_at=case.now))
        case Past.LOST:
            reason = "the opportunity was lost"
            case.record(LegReleased(**said, clause="ROE-31", reason=reason, released_at=case.now))
        case Past.WITHDRAWN:
            case.record(LegWithdrawn(**said, reason="withdrawn by the partner", withdrawn_at=case.now))
        case _:
            case.record(ProtectionLapsed(**said, ground=LapseGround.WINDOW, lapsed_at=case.now))
