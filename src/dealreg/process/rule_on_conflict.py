"""The deal desk rules, also on appeal; it departs from the proposal only with a reason (rules.md section 3, ROE-29)."""

from uuid import UUID

from dealreg.conflict import events as facts
from dealreg.conflict.commands import OfConflict, RuleOnConflict, StayRuling, SuggestRuling
from dealreg.conflict.events import AppealOutcome, PartyStanding, Ruling
from dealreg.conflict.state import CONFLICT, Conflict, Life
from dealreg.process import permit
from dealreg.process.apply_ruling import apply_ruling
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case, registration_of
from dealreg.process.close_conflict import rule, rule_on_appeal
from dealreg.process.conflict_clock import evidence_limit, ruling_limit, set_clock
from dealreg.process.propose_ruling import propose_again
from dealreg.process.rule_on_account import may_rule
from dealreg.process.stay_ruling import end_stay, stay
from dealreg.process.what_to_rule import Wanted, wanted
from dealreg.vocabulary.fact import Actor, Request
from dealreg.vocabulary.refused import Closed, NotAllowed, Unknown
from dealreg.vocabulary.situation import Situation


def opened(situation: Situation, command: OfConflict) -> tuple[Case, Conflict]:
    """The file of the conflict, brought to the instant, and the conflict. Raises ``Unknown``."""
    detected = situation.of(CONFLICT, command.conflict).detected
    if detected is None:
        raise Unknown("there is no such conflict; check its id")
    case = Case.at(situation, detected.customer)
    bring_to_due(case)
    return case, situation.of(CONFLICT, command.conflict)


def impartial(situation: Situation, actor: Actor, state: Conflict) -> None:
    """Nobody decides on what he filed, proposed or ruled (rules.md section 4). Raises ``NotAllowed``."""
    filed = [party for party in state.parties if party.standing is PartyStanding.CLAIM]
    permit.not_own(actor, [registration_of(situation, party.registration) for party in filed])
    if actor.subject in state.deciders:
        raise NotAllowed("you took part in this already: you suggested, referred or ruled it; another person decides")


def rule_on(situation: Situation, request: Request, command: RuleOnConflict) -> UUID:
    """Rule on an open conflict or on its appeal; at once in effect. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "rule on a conflict")
    case, state = opened(situation, command)
    if not state.open and state.life is not Life.APPEALED:
        raise Closed("the conflict is ruled or closed")
    impartial(situation, request.actor, state)
    may_rule(case, request.actor, state)
    if command.ruling is Ruling.REFER:
        _refer(case, state, command, request.actor.subject)
        return command.conflict
    meant = wanted(case, state, command)
    if state.life is Life.APPEALED:
        _judge(case, state, command, meant, request.actor.subject)
    else:
        _rule_first(case, state, command, meant, request.actor)
    return command.conflict


def _rule_first(case: Case, state: Conflict, command: RuleOnConflict, meant: Wanted, actor: Actor) -> None:
    """A conflict that was referred is ruled by the named person; one without a proposal gets it before the ruling."""
    if state.referred is not None and state.referred.referred_to != actor.subject:
        raise NotAllowed("the conflict was referred to another person, who rules on it")
    if state.life is Life.DETECTED:
        propose_again(case, command.conflict, "evidence closed with the ruling")
    state = case.situation.of(CONFLICT, command.conflict)
    proposal = state.proposal
    departs = proposal is None or (proposal.ruling, proposal.awarded) != (meant.ruling, meant.awarded)
    rule(
        case,
        command.conflict,
        meant.ruling,
        meant.awarded,
        by=actor.subject,
        reason=command.reason,
        departs=departs,
        parts=meant.parts,
    )
    _apply(case, command.conflict)


def _judge(case: Case, state: Conflict, command: RuleOnConflict, meant: Wanted, by: str) -> None:
    """The same ruling again upholds it, any other reverses it; a stay is over with it."""
    stands = state.ruled
    same = stands is not None and (stands.ruling, stands.awarded, stands.parts) == meant
    outcome = AppealOutcome.UPHELD if same else AppealOutcome.REVERSED
    end_stay(case, command.conflict, "the appeal is ruled")
    rule_on_appeal(
        case,
        command.conflict,
        meant.ruling,
        meant.awarded,
        outcome,
        by=by,
        reason=command.reason,
        parts=meant.parts,
    )
    if outcome is AppealOutcome.REVERSED:
        _apply(case, command.conflict)


def _apply(case: Case, conflict: UUID) -> None:
    after = case.situation.of(CONFLICT, conflict)
    if after.ruled is not None:
        apply_ruling(case, after, after.ruled)


def _refer(case: Case, state: Conflict, command: RuleOnConflict, by: str) -> None:
    """Return it, once, to ``detected`` under a named person; evidence and ruling have their time anew."""
    if state.life is Life.APPEALED:
        raise NotAllowed("an appeal is ruled by its judge; uphold or reverse the ruling")
    if state.referred is not None:
        raise NotAllowed("the conflict was referred once already; rule on it")
    if command.refer_to is None or command.refer_to == by:
        raise NotAllowed("name in 'refer_to' another person who is to rule")
    evidence_to = min(evidence_limit(case), ruling_limit(case))
    referred = facts.ConflictReferred(
        conflict=command.conflict,
        referred_to=command.refer_to,
        referred_by=by,
        reason=command.reason,
        evidence_to=evidence_to,
        ruling_to=ruling_limit(case),
        referred_at=case.now,
    )
    case.situation.record(CONFLICT, command.conflict, referred)
    set_clock(case, command.conflict, evidence_to=evidence_to, ruling_to=ruling_limit(case))


def suggest(situation: Situation, request: Request, command: SuggestRuling) -> UUID:
    """A channel manager of the region proposes a ruling. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    case, state = opened(situation, command)
    detected = state.detected
    permit.of_region(request.actor, situation.program, detected.managers if detected is not None else ())
    if not state.open:
        raise Closed("the conflict is ruled or closed")
    filed = [party for party in state.parties if party.standing is PartyStanding.CLAIM]
    permit.not_own(request.actor, [registration_of(situation, party.registration) for party in filed])
    if command.awarded is not None and state.party(command.awarded) is None:
        raise NotAllowed("name in 'awarded' a party of the conflict")
    suggested = facts.RulingSuggested(
        conflict=command.conflict,
        ruling=command.ruling,
        awarded=command.awarded,
        suggested_by=request.actor.subject,
        reason=command.reason,
        suggested_at=case.now,
    )
    situation.record(CONFLICT, command.conflict, suggested)
    return command.conflict


def stay_ruling(situation: Situation, request: Request, command: StayRuling) -> UUID:
    """A judge of the appeal lets the ruling rest. Raises ``NotAllowed``, ``Closed``, ``Unknown``."""
    permit.of_desk(request.actor, "stay a ruling")
    case, state = opened(situation, command)
    if state.life is not Life.APPEALED:
        raise Closed("no appeal against the ruling waits for a judge")
    impartial(situation, request.actor, state)
    may_rule(case, request.actor, state)
    stay(case, command.conflict, state, request.actor.subject, command.reason)
    return command.conflict
