"""The new distributor's leg on a line, and who reads the registration from then on (ROE-17, ROE-20, architecture D9)."""

from uuid import UUID

from dealreg.engagement.windows import window_end
from dealreg.file.events import LegSuspended, LegWindow
from dealreg.file.standing_events import DistributorNamed
from dealreg.file.state import HOLDING, LIVE, Claim, Leg
from dealreg.process.applies import applies
from dealreg.process.approve_line import window_days
from dealreg.process.before_overlap import REFUSED_TODAY
from dealreg.process.case import Case, file_now, registration_of, rules_at
from dealreg.process.end_price import end_prices_of
from dealreg.process.file_registration import readers
from dealreg.process.stale_clock import freeze_too
from dealreg.registration.events import Readers, RequestedLeg, RequestedLine
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier

REASONS = {
    "ROE-16": "its distributor is suspended or has left, and the dealer named another",
    "ROE-17": "the dealer changed its distributor",
}


def name_distributor(case: Case, claim: Claim, old: list[Leg], distributor: str, clause: str, *, hidden: bool) -> None:
    """The line goes through ``distributor``; ``old`` are the legs that it takes the place of."""
    now = case.again(claim)
    dealer = now.leg(Tier.DEALER)
    window = _window(case, now, dealer, old, distributor)
    legs = (RequestedLeg(tier=Tier.DISTRIBUTOR, partner=PartnerId(distributor)),)
    line = RequestedLine(line=claim.line, scope=claim.scope, legs=legs)
    read = readers(case.situation, case.rules, (line,), hidden=claim.registration if hidden else None)
    case.record(
        DistributorNamed(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            partner=PartnerId(distributor),
            window=window,
            clause=clause,
            reason=REASONS[clause],
            named_at=case.now,
            distributors=read.distributors,
        )
    )
    if window is not None and dealer is not None and dealer.suspended_by is not None:
        _suspended_with(case, claim, dealer, window)
    freeze_too(case, claim)
    end_prices_of(case, case.again(claim))


def _window(case: Case, claim: Claim, dealer: Leg | None, old: list[Leg], distributor: str) -> LegWindow | None:
    """Its own length from the change under the old hard stop; no later than the old end where ROE-20 closes the account."""
    if dealer is None or dealer.state not in HOLDING or dealer.hard_stop_at is None or dealer.window_from is None:
        return None
    stop = min((leg.hard_stop_at for leg in old if leg.hard_stop_at is not None), default=dealer.hard_stop_at)
    begins = max(case.now, dealer.window_from)
    ends = min(window_end(begins, case.rules.zone, window_days(case, Tier.DISTRIBUTOR, distributor, case.now)), stop)
    old_end = max((leg.window_to for leg in old if leg.window_to is not None), default=None)
    if old_end is not None and _closed_account(case, claim):
        ends = min(ends, old_end)
    return LegWindow(
        tier=Tier.DISTRIBUTOR,
        partner=PartnerId(distributor),
        window_from=begins,
        window_to=ends,
        hard_stop_at=stop,
    )


def _closed_account(case: Case, claim: Claim) -> bool:
    """Whether ROE-20 would refuse a new claim today."""
    refuses = REFUSED_TODAY.get("ROE-20")
    return refuses is not None and applies(case, claim, "ROE-20") and refuses(case, claim, case.now) is not None


def _suspended_with(case: Case, claim: Claim, dealer: Leg, window: LegWindow) -> None:
    """An override that suspends the line suspends the new leg too."""
    left = None if dealer.left_seconds is None else int((window.window_to - case.now).total_seconds())
    case.record(
        LegSuspended(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=Tier.DISTRIBUTOR,
            partner=window.partner,
            override=dealer.suspended_by,
            left_seconds=left,
            suspended_at=case.now,
        )
    )


def readers_now(situation: Situation, registration: UUID, *, shown: bool = False) -> Readers:
    """Who reads the registration by the legs that run now, as the hierarchy stands; a line not in a file yet by those it names (D9).

    ``shown``: as if it were not hidden.
    """
    state = registration_of(situation, registration)
    claims = {}
    if state.customer is not None:
        file = file_now(situation, state.customer)
        claims = {claim.line: claim for claim in file.of_registration(registration)}
    lines = tuple(_running(line, claims.get(line.line)) for line in state.lines)
    return readers(
        situation, rules_at(situation, situation.at), lines, hidden=registration if state.hidden and not shown else None
    )


def _running(line: RequestedLine, claim: Claim | None) -> RequestedLine:
    if claim is None:
        return line
    legs = tuple(RequestedLeg(tier=leg.tier, partner=PartnerId(leg.partner)) for leg in claim.legs if leg.state in LIVE)
    return line.model_copy(update={"legs": legs})
