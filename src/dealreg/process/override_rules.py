"""Depart from the rules for a named scope and period: proposed by one, approved by two others (ROE-21)."""

from uuid import UUID

from dealreg.customer.state import CUSTOMER
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import window_end
from dealreg.file.state import ActiveOverride
from dealreg.override.commands import ApproveOverride, ProposeOverride, RevokeOverride
from dealreg.override.events import (
    OverrideApproved,
    OverrideProposed,
    OverrideRevoked,
    OverrideTookForce,
    OverrideVerb,
)
from dealreg.override.state import OVERRIDE, Life, Override
from dealreg.partner.events import PartnerBarLifted, PartnerBarred
from dealreg.partner.state import PARTNER
from dealreg.process import permit
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, manager_readers, rules_at
from dealreg.process.end_override import begin_in_file, end_in_file, end_override
from dealreg.process.free_line import free_line
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId, override_id, partner_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Unknown
from dealreg.vocabulary.situation import Situation


def propose(situation: Situation, request: Request, command: ProposeOverride) -> UUID:
    """Record the proposal. Raises ``NotAllowed`` for callers other than the scope's managers, ``Refused`` where it does not fit ROE-21, ``Unknown``."""
    if request.actor.role not in permit.MANAGERS:
        raise NotAllowed("only channel managers and the deal desk propose an override")
    rules = rules_at(situation, situation.at)
    parameters = rules.clauses.override
    starts = max(command.override_from or situation.at, situation.at)
    if not parameters.in_force:
        raise Refused("overrides are switched off in this rulebook", clause="ROE-21")
    if command.override_to <= starts or command.override_to > window_end(starts, rules.zone, parameters.longest_days):
        raise Refused(f"an override ends after it begins and within {parameters.longest_days} days", clause="ROE-21")
    _fits_verb(command)
    if command.customer is not None and not situation.of(CUSTOMER, command.customer).exists:
        raise Unknown("there is no such customer; check its id")
    for partner in command.partners:
        if not situation.of(PARTNER, partner_stream(situation.program, partner)).exists:
            raise Unknown(f"there is no partner {partner!r}; check its name")
    territories = [command.scope.territory] if command.scope is not None else []
    permit.of_region(request.actor, situation.program, manager_readers(situation.program, rules, territories))
    override = override_id(situation.program, request.actor.caller, request.id)
    situation.record(
        OVERRIDE,
        override,
        OverrideProposed(
            override=override,
            verb=command.verb,
            ground=command.ground,
            reason=command.reason,
            customer=command.customer,
            line=command.line,
            scope=command.scope,
            partners=command.partners,
            override_from=starts,
            override_to=command.override_to,
            replaces=command.replaces,
            proposed_by=request.actor.subject,
            proposed_at=situation.at,
        ),
    )
    return override


def _fits_verb(command: ProposeOverride) -> None:
    if command.verb is OverrideVerb.BAR:
        if not command.partners:
            raise Refused("a bar names the partners that it bars", clause="ROE-21")
        return
    if command.customer is None or command.line is None or command.scope is None:
        raise Refused("an override names the customer, the line and the scope that it acts on", clause="ROE-21")
    named = command.verb in {OverrideVerb.ADMIT, OverrideVerb.REASSIGN}
    if len(command.partners) != (1 if named else 0):
        raise Refused("admit and reassign name one partner, suspend names none", clause="ROE-21")


def approve(situation: Situation, request: Request, command: ApproveOverride) -> UUID:
    """One of two approvals; in force from the second, never earlier. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "approve an override")
    state, proposed = _known(situation, command.override)
    if state.life is not Life.PROPOSED:
        raise Closed("the override has its two approvals already, or has ended")
    if request.actor.subject in {proposed.proposed_by, *state.approved_by}:
        raise NotAllowed("proposer and both approvers are three people; ask somebody else", clause="ROE-21")
    if situation.at >= proposed.override_to:
        raise Closed("the override's last day has passed; propose a new one")
    approval = OverrideApproved(override=command.override, approved_by=request.actor.subject, approved_at=situation.at)
    after = situation.record(OVERRIDE, command.override, approval)
    if after.life is Life.APPROVED and proposed.override_from <= situation.at:
        take_force(situation, command.override, proposed)
    elif after.life is Life.APPROVED and proposed.customer is not None:
        _named(_met(Case.at(situation, proposed.customer), proposed), proposed)
    return command.override


def _known(situation: Situation, override: UUID) -> tuple[Override, OverrideProposed]:
    state = situation.of(OVERRIDE, override)
    if state.proposed is None:
        raise Unknown("there is no such override; check its id")
    return state, state.proposed


def take_force(situation: Situation, override: UUID, proposed: OverrideProposed) -> None:
    """Let it act: on the partners it bars, or on the line it names. Raises ``Refused`` where it meets an unnamed other."""
    if proposed.customer is None:
        _took_force(situation, override)
        for partner in proposed.partners:
            _bar(situation, override, partner, proposed)
        return
    case = Case.at(situation, proposed.customer)
    bring_to_due(case)
    met = _met(case, proposed)
    _named(met, proposed)
    for active in met:
        end_in_file(case, active.override, "a later override replaced it", offer=False)
    _took_force(situation, override)
    begin_in_file(case, override, proposed)
    for active in met:
        free_line(case, active.line, active.scope)


def _met(case: Case, proposed: OverrideProposed) -> list[ActiveOverride]:
    """The overrides that act on the line now, in a scope that this one touches, and do so still when this one begins."""
    return [
        active
        for active in case.file.overrides
        if active.line == proposed.line
        and proposed.scope is not None
        and active.override_to > proposed.override_from
        and scopes_overlap(case.rules, active.scope, proposed.scope)
    ]


def _named(met: list[ActiveOverride], proposed: OverrideProposed) -> None:
    """Of two that meet on a line the later names the earlier and ends it. Raises ``Refused`` where it does not."""
    for active in met:
        if active.override != proposed.replaces:
            words = f"override {active.override} acts on this line; name it in 'replaces' to end it"
            raise Refused(words, clause="ROE-21")


def _took_force(situation: Situation, override: UUID) -> None:
    took = OverrideTookForce(override=override, in_force_from=situation.at)
    situation.record(OVERRIDE, override, took)


def _bar(situation: Situation, override: UUID, partner: PartnerId, proposed: OverrideProposed) -> None:
    stream = partner_stream(situation.program, partner)
    if not situation.of(PARTNER, stream).exists:
        raise Unknown(f"there is no partner {partner!r} to bar")
    situation.record(
        PARTNER,
        stream,
        PartnerBarred(
            partner=partner,
            override=override,
            lines=(proposed.line,) if proposed.line is not None else (),
            territories=(proposed.scope.territory,) if proposed.scope is not None else (),
            barred_from=situation.at,
            barred_to=proposed.override_to,
        ),
    )


def revoke(situation: Situation, request: Request, command: RevokeOverride) -> UUID:
    """Take it back before its date; the line is judged anew. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "revoke an override")
    state, proposed = _known(situation, command.override)
    if state.life is Life.ENDED:
        raise Closed("the override has ended")
    revoked = OverrideRevoked(
        override=command.override,
        revoked_by=request.actor.subject,
        reason=command.reason,
        revoked_at=situation.at,
    )
    situation.record(OVERRIDE, command.override, revoked)
    _end(situation, command.override, proposed, "revoked")
    return command.override


def bring_override_to_due(situation: Situation, override: UUID) -> int:
    """Let an override take force or end on its day. Returns how many things happened."""
    state, proposed = _known(situation, override)
    if state.life is Life.APPROVED and proposed.override_from <= situation.at < proposed.override_to:
        _begin_or_end(situation, override, proposed)
        return 1
    if state.life is not Life.ENDED and proposed.override_to <= situation.at:
        _end(situation, override, proposed, "its date came")
        return 1
    return 0


def _begin_or_end(situation: Situation, override: UUID, proposed: OverrideProposed) -> None:
    """Nobody is there to be refused on its day: one that meets another by then, which it does not name, ends without having begun."""
    try:
        take_force(situation, override, proposed)
    except Refused as refused:
        end_override(
            Case(situation, proposed.customer or override, rules_at(situation, situation.at)), override, str(refused)
        )


def _end(situation: Situation, override: UUID, proposed: OverrideProposed, reason: str) -> None:
    """End it in the file it acts on, lift its bars, and record the end once."""
    if proposed.customer is not None:
        case = Case.at(situation, proposed.customer)
        bring_to_due(case)
        end_in_file(case, override, reason)
    elif situation.of(OVERRIDE, override).life is Life.IN_FORCE:
        _lift_bars(situation, override, proposed)
    if situation.of(OVERRIDE, override).life is not Life.ENDED:
        rules = rules_at(situation, situation.at)
        anchor = proposed.customer or override
        end_override(Case(situation, anchor, rules), override, reason)


def _lift_bars(situation: Situation, override: UUID, proposed: OverrideProposed) -> None:
    for partner in proposed.partners:
        lifted = PartnerBarLifted(partner=partner, override=override, lifted_from=situation.at)
        situation.record(PARTNER, partner_stream(situation.program, partner), lifted)
