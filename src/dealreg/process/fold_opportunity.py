"""An opportunity event of the CRM: folded, and where it names a partner that partner's registration is filed or advanced."""

from datetime import timedelta
from uuid import UUID

from pydantic import JsonValue

from dealreg.engagement.rulebook import RulebookDocument, Trust
from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.opportunity.decide import fold, repeated
from dealreg.opportunity.events import Outcome
from dealreg.opportunity.state import OPPORTUNITY, Opportunity
from dealreg.process.advance_registration import advance
from dealreg.process.case import rules_at
from dealreg.process.file_registration import file_registration
from dealreg.process.fold_direct import fold_direct
from dealreg.process.mirror_fields import learn
from dealreg.process.read_opportunity import filing, filing_party
from dealreg.process.record_outcome import outcome
from dealreg.process.stale_opportunity import freeze_registration, thaw_registration, went_stale
from dealreg.process.view import answer
from dealreg.registration.events import OutcomeKind
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.crm_record import EXISTENCE, Change
from dealreg.vocabulary.fact import Request, Role
from dealreg.vocabulary.field_types import Entity
from dealreg.vocabulary.ids import registration_id
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.situation import Situation


def fold_opportunity(situation: Situation, request: Request, command: FoldOpportunity) -> dict[str, JsonValue]:
    """Take one message into account. Answers what it did: ``repeated``, ``nothing_newer``, ``folded``, ``filed``, ``advanced`` or ``stale``."""
    if request.actor.role not in {Role.CRM, Role.DEAL_DESK}:
        raise NotAllowed("only the CRM's feed publishes opportunity events")
    message = command.message
    stream = message.opportunity
    before = situation.of(OPPORTUNITY, stream)
    if repeated(before, message):
        return {"opportunity": str(stream), "did": "repeated"}
    if message.change is Change.GAP:
        _lead(situation, rules_at(situation, situation.at), message, request)
        return went_stale(situation, message, before)
    brought_by = (message.source, message.record, message.digest)
    learn(situation, Entity.OPPORTUNITY, brought_by, message.custom, message.treated)
    changed = fold(before, message)
    if changed is None:
        return {"opportunity": str(stream), "did": "nothing_newer"}
    rules = rules_at(situation, situation.at)
    _lead(situation, rules, message, request)
    state = situation.record(OPPORTUNITY, stream, changed)
    fold_direct(situation, stream, before, state)
    told: dict[str, JsonValue] = {"opportunity": str(stream), "did": "folded"}
    filed_by = filing_party(state)
    if filed_by is None:
        _left(situation, stream, before, None)
        return told
    return {**told, **_file_or_advance(situation, request, stream, before, state, filed_by)}


def _lead(situation: Situation, rules: RulebookDocument, message: OpportunityMessage, request: Request) -> None:
    """Where the rulebook trusts the source, its commit time leads: not in the future, and not older than the widest skew."""
    trusted = rules.source(message.source)
    door = situation.at
    if trusted.priority_clock is not Trust.SOURCE:
        return
    source_at = request.source_at or message.changed_at
    if door - timedelta(hours=trusted.skew_hours) <= source_at <= door:
        situation.led_by(source_at)
        reached = situation.watermarks.get(message.source, source_at)
        situation.watermarks[message.source] = max(reached, source_at)


def _file_or_advance(
    situation: Situation,
    request: Request,
    stream: UUID,
    before: Opportunity,
    state: Opportunity,
    filed_by: str,
) -> dict[str, JsonValue]:
    """File what was never filed; else let the change act on the registration that rides on this opportunity."""
    registration = registration_id(situation.program, filed_by, str(stream))
    did = "advanced"
    moved = _left(situation, stream, before, filed_by)
    if not situation.of(REGISTRATION, registration).exists:
        if state.deleted or not _fileable(situation, state):
            return {}
        asked = request.model_copy(update={"id": str(stream)})
        file_registration(situation, asked, filing(situation, state, filed_by), opportunity=stream, source=state.source)
        did = "filed"
    else:
        advance(situation, registration, state)
        if moved:
            outcome(situation, registration, OutcomeKind.REOPENED, (), closed_at=situation.at, partner=None)
    _outcome(situation, registration, before, state, filed=did == "filed")
    if state.stale and did == "filed":
        freeze_registration(situation, registration, "it rides on a record that is stale")
    elif before.stale and not state.stale:
        thaw_registration(situation, registration)
    return {"did": did, **answer(situation, registration, request.actor)}


def _fileable(situation: Situation, state: Opportunity) -> bool:
    """A registration names at least one line that the program has and a territory; until then the opportunity is only kept."""
    rules = rules_at(situation, situation.at)
    known = any(rules.product_line(line) is not None for line in state.values.lines or ())
    return known and state.values.territory in {node.territory for node in rules.territories}


def _left(situation: Situation, stream: UUID, before: Opportunity, filed_by: str | None) -> bool:
    """Where the CRM gave the opportunity to another partner, the earlier registration rides on nothing any more.

    It ends first, so that the partner that now has the record does not meet its own predecessor. True when it moved.
    """
    moved_from = filing_party(before)
    if moved_from is None or moved_from == filed_by:
        return False
    earlier = registration_id(situation.program, moved_from, str(stream))
    if situation.of(REGISTRATION, earlier).exists:
        outcome(situation, earlier, OutcomeKind.LOST, (), closed_at=situation.at, partner=None)
    return True


def _outcome(situation: Situation, registration: UUID, before: Opportunity, state: Opportunity, *, filed: bool) -> None:
    """Won, lost, reopened or deleted moves the registration on; a deletion is a loss of the record that it rides on."""
    was = Outcome.LOST if before.deleted else (before.values.outcome or Outcome.OPEN)
    now = Outcome.LOST if state.deleted else (state.values.outcome or Outcome.OPEN)
    if now is was and not (filed and now is not Outcome.OPEN):
        return
    if not ({"outcome", EXISTENCE} & state.changed) and not filed:
        return
    kinds = {Outcome.WON: OutcomeKind.WON, Outcome.LOST: OutcomeKind.LOST, Outcome.OPEN: OutcomeKind.REOPENED}
    outcome(situation, registration, kinds[now], (), closed_at=state.changed_at or situation.at, partner=None)
