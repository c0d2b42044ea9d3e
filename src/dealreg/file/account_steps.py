"""How sales, direct opportunities, flags and tenders change the customer file."""

from dataclasses import replace
from typing import Any

from dealreg.file import account_events as facts
from dealreg.file.account import DirectOpportunity, Flag, RecordEnded, Sale, Tender
from dealreg.file.state import HOLDING, LIVE, CustomerFile, Leg, LegState
from dealreg.file.stepping import Step, claim_of, with_claim
from dealreg.vocabulary.fact import Event

Direct = facts.DirectActivityRecorded | facts.DirectOpportunityEnded | facts.DirectOpportunityReturned
"""What changes an opportunity that the file knows."""


def _sold(state: CustomerFile, event: facts.SaleRecorded) -> CustomerFile:
    sale = Sale(
        event.sale,
        event.line,
        event.scope,
        event.dealer,
        event.distributor,
        event.sold_on,
        event.recorded_at,
        event.past,
    )
    account = replace(state.account, sales=(*state.account.sales, sale))
    return replace(state, customer=event.customer, account=account)


def _record_ended(state: CustomerFile, event: facts.SellerOfRecordEnded) -> CustomerFile:
    ended = RecordEnded(event.partner, event.tier, event.line, event.scope, event.ended_at, event.ground.value)
    account = replace(state.account, records_ended=(*state.account.records_ended, ended))
    return replace(state, customer=event.customer, account=account)


def _record_returned(state: CustomerFile, event: facts.SellerOfRecordReturned) -> CustomerFile:
    """What a ruling had ended is there again; what was given up beside it stays so."""
    returned = (event.partner, event.tier, event.line, event.scope, facts.RecordGround.RULED)
    ended = tuple(
        known
        for known in state.account.records_ended
        if (known.partner, known.tier, known.line, known.scope, known.ground) != returned
    )
    return replace(state, account=replace(state.account, records_ended=ended))


def _direct(state: CustomerFile, event: facts.DirectOpportunityRecorded) -> CustomerFile:
    known = DirectOpportunity(
        event.opportunity, event.line, event.scope, event.recorded_at, event.active_at, event.said_by
    )
    return replace(state, customer=event.customer, account=state.account.with_direct(known))


def _direct_active(state: CustomerFile, event: facts.DirectActivityRecorded) -> CustomerFile:
    return _direct_changed(state, event, active_at=event.active_at)


def _direct_ended(state: CustomerFile, event: facts.DirectOpportunityEnded) -> CustomerFile:
    return _direct_changed(state, event, open=False)


def _direct_returned(state: CustomerFile, event: facts.DirectOpportunityReturned) -> CustomerFile:
    return _direct_changed(state, event, open=True)


def _direct_changed(state: CustomerFile, event: Direct, **changes: Any) -> CustomerFile:
    known = next((one for one in state.account.direct if (one.opportunity, one.line) == _name(event)), None)
    if known is None:
        return state
    return replace(state, account=state.account.with_direct(replace(known, **changes)))


def _name(event: Direct) -> tuple[object, str]:
    return (event.opportunity, event.line)


def _flagged(state: CustomerFile, event: facts.AccountFlagged) -> CustomerFile:
    flag = Flag(event.flag, event.lines, event.published_at, event.effective_at)
    return replace(state, customer=event.customer, account=replace(state.account, flags=(*state.account.flags, flag)))


def _flag_lifted(state: CustomerFile, event: facts.AccountFlagLifted) -> CustomerFile:
    flags = tuple(
        replace(flag, lifted_at=event.lifted_at) if flag.flag == event.flag else flag for flag in state.account.flags
    )
    return replace(state, account=replace(state.account, flags=flags))


def _tender(state: CustomerFile, event: facts.TenderEntered) -> CustomerFile:
    tender = Tender(event.tender, event.reference, event.line, event.scope, event.published_at)
    account = replace(state.account, tenders=(*state.account.tenders, tender))
    return replace(state, customer=event.customer, account=account)


def _tender_closed(state: CustomerFile, event: facts.TenderClosed) -> CustomerFile:
    tenders = tuple(
        replace(known, closed_at=event.closed_at) if (known.tender, known.line) == (event.tender, event.line) else known
        for known in state.account.tenders
    )
    return replace(state, account=replace(state.account, tenders=tenders))


def _class_taken(state: CustomerFile, event: facts.TenderClassTaken) -> CustomerFile:
    """What waited is judged as a tender's claim; what was protected stays approved, without its window and its clocks."""
    claim = claim_of(state, event)
    legs = tuple(_without_window(leg) if leg.state in HOLDING else _waiting_no_more(leg) for leg in claim.legs)
    asked_no_more: dict[str, Any] = dict.fromkeys(("remind_at", "suspend_at", "release_at", "stood_at"))
    time = replace(claim.time, counts=False, **asked_no_more)
    free: dict[str, Any] = dict.fromkeys(("queue_clause", "not_before", "leaves_at", "offer_to", "conflict"))
    return with_claim(state, replace(claim, tender=True, legs=legs, time=time, **free))


def _without_window(leg: Leg) -> Leg:
    return Leg(leg.tier, leg.partner, LegState.APPROVED, standing=leg.standing, standing_since=leg.standing_since)


def _waiting_no_more(leg: Leg) -> Leg:
    return replace(leg, state=LegState.PENDING) if leg.state in LIVE else leg


def _credited(state: CustomerFile, event: facts.CreditGranted) -> CustomerFile:
    claim = claim_of(state, event)
    return with_claim(state, replace(claim, credited=claim.credited | {event.partner}))


ACCOUNT_STEPS: dict[type[Event], Step] = {
    facts.SaleRecorded: _sold,
    facts.SellerOfRecordEnded: _record_ended,
    facts.SellerOfRecordReturned: _record_returned,
    facts.DirectOpportunityRecorded: _direct,
    facts.DirectActivityRecorded: _direct_active,
    facts.DirectOpportunityEnded: _direct_ended,
    facts.DirectOpportunityReturned: _direct_returned,
    facts.AccountFlagged: _flagged,
    facts.AccountFlagLifted: _flag_lifted,
    facts.TenderEntered: _tender,
    facts.TenderClosed: _tender_closed,
    facts.TenderClassTaken: _class_taken,
    facts.CreditGranted: _credited,
}
