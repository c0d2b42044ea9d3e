"""What a partner says of a running registration: progress, evidence, answers to offers and joinings (ROE-10, ROE-12)."""

from uuid import UUID

from dealreg.conflict.events import Ruling
from dealreg.file.events import OfferEnded
from dealreg.file.state import Joining
from dealreg.process import permit
from dealreg.process.approve_line import approve_or_hold, decline
from dealreg.process.case import Case, registration_of
from dealreg.process.check_claim import refusal_to_join, refusal_today
from dealreg.process.close_conflict import leave_conflict, rule
from dealreg.process.evidence import taken
from dealreg.process.file_registration import judge
from dealreg.process.free_line import after_end, close_joining, look_again, others_wait
from dealreg.process.join_line import agreed, invite
from dealreg.process.progress_clock import count_progress, is_later_stage
from dealreg.process.record_outcome import opened
from dealreg.process.settle_claim import bar_others
from dealreg.process.show_evidence import show_evidence
from dealreg.registration.commands import AddEvidence, AnswerJoining, AnswerOffer, InvitePartner, RecordProgress
from dealreg.registration.events import (
    EvidenceAdded,
    JoiningAnswered,
    OfferAnswered,
    PartnerInvited,
    ProgressRecorded,
)
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Unknown
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier


def _speaking(situation: Situation, request: Request, registration: UUID) -> PartnerId:
    """The partner of the registration that the caller speaks for. Raises ``NotAllowed``, ``Unknown``."""
    state = registration_of(situation, registration)
    partner = request.on_behalf_of or request.actor.partner
    if partner is None and state.submitted is not None:
        partner = state.submitted.filed_by
    if partner is None or partner not in _parties(situation, registration):
        raise NotAllowed("only a partner of the registration may say this")
    permit.for_partner(situation, request.actor, partner)
    return partner


SPECIFICATION = "specification"
"""The kind of evidence that a specifier brings for the registration that names it (C42)."""


def _shown_by(situation: Situation, request: Request, command: AddEvidence) -> PartnerId:
    """A partner of the registration, or the specifier that it names. Raises ``NotAllowed``, ``Unknown``."""
    submitted = registration_of(situation, command.registration).submitted
    named = submitted.specifier if submitted is not None else None
    if named is None or request.actor.partner != named:
        return _speaking(situation, request, command.registration)
    if command.evidence.kind != SPECIFICATION:
        raise NotAllowed(f"a specifier shows its specification; send it as evidence of kind {SPECIFICATION!r}")
    return named


def _parties(situation: Situation, registration: UUID) -> set[str]:
    """Every partner of the registration, those that joined later included, and not those that a change of distributor left behind."""
    state = registration_of(situation, registration)
    parties = set(state.parties)
    if state.customer is not None:
        for claim in Case.at(situation, state.customer).file.of_registration(registration):
            parties |= {leg.partner for leg in claim.legs}
    return parties - state.out


def progress(situation: Situation, request: Request, command: RecordProgress) -> UUID:
    """Record that the opportunity moved; what was due before counts with the stage known then."""
    partner = _speaking(situation, request, command.registration)
    moved(situation, command, partner)
    return command.registration


def moved(situation: Situation, command: RecordProgress, partner: PartnerId | None) -> None:
    """Bring the file to the instant, then record the progress: a later stage or a note counts (ROE-14)."""
    case = opened(situation, command.registration)
    later = is_later_stage(situation, command.registration, command.stage)
    situation.record(
        REGISTRATION,
        command.registration,
        ProgressRecorded(
            registration=command.registration,
            stage=command.stage,
            note=command.note,
            recorded_by=partner,
            recorded_at=situation.at,
        ),
    )
    if later or command.note is not None:
        count_progress(case, command.registration, "a later stage was reached" if later else "a note was written")


def evidence(situation: Situation, request: Request, command: AddEvidence) -> UUID:
    """Record a dated proof; where it was what was missing, the registration is judged complete (ROE-2).

    It is progress (ROE-14), and may bring a claim back sooner that came too soon (ROE-12).
    """
    partner = _shown_by(situation, request, command)
    case = opened(situation, command.registration)
    given = command.evidence
    taken(situation, [given])
    situation.record(
        REGISTRATION,
        command.registration,
        EvidenceAdded(
            registration=command.registration,
            kind=given.kind,
            dated_on=given.dated_on,
            digest=given.digest,
            added_by=partner,
            added_at=situation.at,
        ),
    )
    state = registration_of(situation, command.registration)
    if f"evidence:{given.kind}" in state.missing and not state.closed:
        judge(situation, command.registration)
    count_progress(case, command.registration, "evidence was added")
    if case is not None:
        look_again(case, command.registration)
        show_evidence(case, command.registration, given.kind, given.dated_on)
    return command.registration


def answer_offer(situation: Situation, request: Request, command: AnswerOffer) -> UUID:
    """Accepting is the approval, refusing withdraws the entry and offers the line on (rules.md section 1, Queue)."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("no line of the registration is on offer")
    claim = case.claim(command.registration, command.line)
    if claim.offer_to is None or not any(leg.partner == command.partner for leg in claim.legs):
        raise Closed("this line is not on offer to the partner; the offer may have ended")
    answered = OfferAnswered(
        registration=command.registration,
        line=command.line,
        partner=command.partner,
        accepted=command.accept,
        answered_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, answered)
    refusal = refusal_today(case, claim) if command.accept else None
    if refusal is not None:
        decline(case, claim, refusal.clause, refusal.reason)
        after_end(case, claim)
    elif command.accept:
        approve_or_hold(case, claim)
        bar_others(case, case.again(claim))
    else:
        _refuse_offer(case, command)
    return command.registration


def _refuse_offer(case: Case, command: AnswerOffer) -> None:
    case.record(
        OfferEnded(
            customer=case.customer,
            registration=command.registration,
            line=command.line,
            reason="refused",
            ended_at=case.now,
        )
    )
    after_end(case, case.claim(command.registration, command.line))


def invite_partner(situation: Situation, request: Request, command: InvitePartner) -> dict[str, object]:
    """The holder invites a partner to an empty leg. Returns the joining's id. Raises ``NotAllowed``, ``Closed``, ``Refused``."""
    case = opened(situation, command.registration)
    if case is None:
        raise Closed("the registration holds no line yet")
    there = case.claim(command.registration, command.line)
    holder = request.on_behalf_of or request.actor.partner or there.filed_by
    permit.for_partner(situation, request.actor, holder)
    if not there.holds or holder not in {leg.partner for leg in there.legs}:
        raise NotAllowed("only a partner that holds the line invites to it")
    if not there.exclusive:
        raise Closed("the claim has no window to share: it is of a tender, or the second under graded", clause="ROE-10")
    if command.tier is Tier.MASTER or there.party(command.tier) is not None:
        raise Closed("that place is not empty")
    if any(joining.host == there.key for joining in case.file.joinings):
        raise Closed("somebody is asked already; wait for the answer")
    refusal = refusal_to_join(case, command.partner, command.tier, there)
    if refusal is not None:
        raise Refused(refusal.reason, clause=refusal.clause)
    invited = PartnerInvited(
        registration=command.registration,
        line=command.line,
        tier=command.tier,
        partner=command.partner,
        invited_by=PartnerId(holder),
        invited_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, invited)
    return {"joining": str(invite(case, there, command.tier, command.partner, holder))}


def answer_joining(situation: Situation, request: Request, command: AnswerJoining) -> UUID:
    """A yes or a no of the one who is asked. Raises ``NotAllowed``, ``Unknown``."""
    permit.for_partner(situation, request.actor, command.partner)
    case = opened(situation, command.registration)
    joining = _joining(case, command) if case is not None else None
    if case is None or joining is None:
        raise Unknown("no such joining waits for an answer; it may have ended")
    asked = joining.holder if joining.asks == "holder" else joining.partner
    if command.partner != asked:
        raise NotAllowed("the answer of another partner is awaited")
    answered = JoiningAnswered(
        registration=command.registration,
        joining=joining.joining,
        partner=command.partner,
        agreed=command.agree,
        answered_at=situation.at,
    )
    situation.record(REGISTRATION, command.registration, answered)
    if not command.agree:
        close_joining(case, joining.joining, "one of the two said no")
        return command.registration
    refusal = refusal_to_join(case, joining.partner, joining.tier, case.file.claims[joining.host])
    if refusal is not None:
        close_joining(case, joining.joining, refusal.reason)
    elif agreed(case, joining):
        _rule_joined(case, joining)
    return command.registration


def _joining(case: Case, command: AnswerJoining) -> Joining | None:
    return next((known for known in case.file.joinings if known.joining == command.joining), None)


def _rule_joined(case: Case, joining: Joining) -> None:
    """A conflict that waited for the joining is ruled so."""
    for conflict, (line, parties) in list(case.file.conflicts.items()):
        own = case.file.claims.get((joining.challenger, line)) if joining.challenger is not None else None
        if line != joining.host[1] or own is None or own.registration not in parties:
            continue
        if others_wait(case, conflict, own):
            leave_conflict(case, conflict, own.registration, "it joined the registration that holds the line")
        else:
            rule(case, conflict, Ruling.JOIN, joining.host[0], by="rulebook", reason="both partners agreed to join")
