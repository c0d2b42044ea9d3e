"""What a ruling does beside the claims where a party is none: a sale, the direct team's opportunity, a tender (ROE-18, 19, 23)."""

from typing import Any

from dealreg.conflict.events import ConflictRuled, Party, PartyStanding, Ruling
from dealreg.conflict.state import Conflict
from dealreg.file.account_events import (
    DirectOpportunityReturned,
    RecordGround,
    SellerOfRecordEnded,
    SellerOfRecordReturned,
)
from dealreg.file.state import LIVE, WAITING, Claim
from dealreg.process.account_freed import those_behind_wait_no_longer
from dealreg.process.account_report import readers_of
from dealreg.process.approve_line import decline
from dealreg.process.case import Case
from dealreg.process.free_line import after_end, free_line
from dealreg.process.hold_claim import queue_or_decline
from dealreg.process.propose_ruling import claim_of
from dealreg.process.record_direct import end_direct
from dealreg.process.seller_of_record import sales_of, seller_first
from dealreg.process.tender_class import take_class
from dealreg.vocabulary.fact import DIRECT_TEAM, Actor
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.values import Tier


def may_rule(case: Case, actor: Actor, state: Conflict) -> None:
    """ROE-19: somebody outside the direct team rules, and not who entered its opportunity. Raises ``NotAllowed``."""
    direct = {party.registration for party in state.parties if party.standing is PartyStanding.DIRECT}
    entered = {known.said_by for known in case.file.account.direct if known.opportunity in direct}
    if direct and (actor.team == DIRECT_TEAM or actor.subject in entered):
        raise NotAllowed("somebody outside the direct sales team rules on its opportunity", clause="ROE-19")


def shared_with_tender(case: Case, state: Conflict, ruled: ConflictRuled) -> bool:
    """``share`` with a tender is its class: no exclusivity, no window. True when that was the ruling."""
    tenders = {party.registration for party in state.parties if party.standing is PartyStanding.TENDER}
    tender = next((one for one in case.file.account.tenders if one.tender in tenders), None)
    if tender is None or ruled.ruling is not Ruling.SHARE:
        return False
    for claim in _claims(case, state):
        if any(leg.state in LIVE for leg in claim.legs) and not claim.tender:
            take_class(case, claim, tender)
            free_line(case, claim.line, claim.scope)
    return True


def account_rules_first(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """Before the claims: what stood before them ends where it lost, and says how they lose where it prevails."""
    incumbent = state.parties[0]
    if ruled.ruling is Ruling.UPHOLD_INCUMBENT and ruled.on_appeal is not None:
        _returns(case, state, incumbent)
    if ruled.ruling is Ruling.AWARD_CHALLENGER and ruled.awarded != incumbent.registration:
        _ends(case, state, incumbent)
    elif ruled.ruling is Ruling.UPHOLD_INCUMBENT and incumbent.standing is PartyStanding.DIRECT:
        for claim in _waiting(case, state):
            decline(
                case, claim, "ROE-19", state.detected.ground if state.detected is not None else "", disputable=False
            )
            after_end(case, claim)
    elif ruled.ruling is Ruling.UPHOLD_INCUMBENT and incumbent.standing is PartyStanding.SELLER_OF_RECORD:
        for claim in _waiting(case, state):
            first = seller_first(case, claim, claim.completed_at)
            until = first.to if first is not None and first.to > case.now else None
            ground = "another partner sold this line here last and comes first"
            queue_or_decline(case, claim, "ROE-18", ground, not_before=until, conflict_named=True)


def account_rules_last(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """After the claims: those that waited behind a seller of record that lost wait their turn."""
    incumbent = state.parties[0]
    if ruled.ruling is Ruling.AWARD_CHALLENGER and incumbent.standing is PartyStanding.SELLER_OF_RECORD:
        for claim in _claims(case, state):
            those_behind_wait_no_longer(case, claim.line, claim.scope, "ROE-18")


def _claims(case: Case, state: Conflict) -> list[Claim]:
    found = (claim_of(case, state, party) for party in state.parties if party.standing is PartyStanding.CLAIM)
    return [claim for claim in found if claim is not None]


def _waiting(case: Case, state: Conflict) -> list[Claim]:
    return [claim for claim in _claims(case, state) if any(leg.state in WAITING for leg in claim.legs)]


def _ends(case: Case, state: Conflict, party: Party) -> None:
    """The ruling went against what stood before the claims: it does so no more on that line."""
    line = state.detected.line if state.detected is not None else ""
    if party.standing is PartyStanding.DIRECT:
        end_direct(case, party.registration, "the desk ruled for a partner", line=line, frees=False)
    if party.standing is not PartyStanding.SELLER_OF_RECORD:
        return
    for sale in [sale for sale in sales_of(case, line) if sale.sale == party.registration]:
        for tier in (Tier.DEALER, Tier.DISTRIBUTOR):
            partner = sale.seller(tier)
            if partner is not None:
                case.record(
                    SellerOfRecordEnded(
                        customer=case.customer,
                        line=line,
                        scope=sale.scope,
                        partner=PartnerId(partner),
                        tier=tier,
                        ground=RecordGround.RULED,
                        clause="ROE-18",
                        reason="the desk ruled for another claim",
                        ended_at=case.now,
                        managers=readers_of(case, sale.scope),
                    )
                )


def _returns(case: Case, state: Conflict, party: Party) -> None:
    """The ruling that ended it was reversed: what was ended by it stands before the claims again."""
    line = state.detected.line if state.detected is not None else ""
    said: dict[str, Any] = {
        "clause": "ROE-29",
        "reason": "the ruling against it was reversed on appeal",
        "returned_at": case.now,
    }
    for known in case.file.account.direct:
        if (known.opportunity, known.line, known.open) == (party.registration, line, False):
            case.record(
                DirectOpportunityReturned(customer=case.customer, line=line, opportunity=known.opportunity, **said)
            )
    for sale in [sale for sale in sales_of(case, line) if sale.sale == party.registration]:
        for ended in case.file.account.records_ended:
            by_ruling = (ended.line, ended.scope, ended.ground) == (line, sale.scope, RecordGround.RULED)
            if by_ruling and ended.partner == sale.seller(ended.tier):
                case.record(
                    SellerOfRecordReturned(
                        customer=case.customer,
                        line=line,
                        scope=ended.scope,
                        partner=PartnerId(ended.partner),
                        tier=ended.tier,
                        managers=readers_of(case, ended.scope),
                        **said,
                    )
                )
