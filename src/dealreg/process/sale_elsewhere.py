"""ROE-25: the holder sold under its registration to another customer, or another partner sold what is protected from it."""

from uuid import UUID

from dealreg.conflict.events import Kind, Party, PartyStanding, Ruling
from dealreg.customer.account_commands import RecordSale
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import first_instant, local_day
from dealreg.file.state import LIVE, Claim
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.process.name_parent_company import companies_above
from dealreg.process.open_conflict import opened_against
from dealreg.process.propose_ruling import propose
from dealreg.process.suspending import suspend
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Tier

CLAUSE = "ROE-25"


def sold_under(case: Case, registration: UUID, command: RecordSale, sale: UUID) -> bool:
    """The holder sold under this registration to another customer: its legs are suspended until the desk rules.

    On the line that was sold or, where the registration has none, on each of its lines. False where no holder of it sold.
    """
    held = [claim for claim in case.file.of_registration(registration) if claim.holds and _sold_it(claim, command)]
    concerned = [claim for claim in held if claim.line == command.line] or held
    for claim in concerned:
        if not applies(case, claim, CLAUSE):
            continue
        ground = f"on {command.sold_on.isoformat()} it was used for a sale to another customer"
        for leg in claim.legs:
            suspend(case, claim, leg, CLAUSE, ground)
        conflict = opened_against(
            case, case.again(claim), _party(case, command, sale), Kind.COMPLIANCE, ground, party_challenges=True
        )
        reasons = (
            ground,
            "the customers were told apart by identifier; the registration protects another one (ROE-25)",
        )
        propose(case, conflict, Ruling.AWARD_CHALLENGER, sale, CLAUSE, reasons)
    return bool(concerned)


def of_one_group(situation: Situation, one: UUID, other: UUID) -> bool:
    """Whether the two are companies of one end customer: one stands above the other, or both below a third (C40)."""
    at = situation.at
    own = {one, *companies_above(situation, one, at)}
    return not own.isdisjoint({other, *companies_above(situation, other, at)})


def _sold_it(claim: Claim, command: RecordSale) -> bool:
    return any(leg.state in LIVE and leg.partner in {command.dealer, command.distributor} for leg in claim.legs)


def forbidden_by(case: Case, command: RecordSale) -> tuple[UUID, ...]:
    """The registrations that protected the line from the seller on the day of the sale, in order of acceptance.

    The day on which protection began is not yet such a day: data that know no hour accuse nobody.
    """
    return tuple(
        claim.registration
        for claim in case.file.living(command.line)
        if claim.exclusive
        and not claim.tender
        and claim.first_protected_at is not None
        and local_day(claim.first_protected_at, case.rules.zone) < command.sold_on
        and _is_outsider(claim, command)
        and scopes_overlap(case.rules, claim.scope, command.scope)
        and applies(case, claim, CLAUSE)
    )


def _is_outsider(claim: Claim, command: RecordSale) -> bool:
    """Another partner than the claim's own, at the tier at which it sold."""
    dealer, upper = claim.party(Tier.DEALER), claim.party(Tier.DISTRIBUTOR) or claim.party(Tier.MASTER)
    if command.dealer is not None and dealer is not None:
        return command.dealer != dealer
    return command.distributor is not None and upper is not None and command.distributor != upper


def seller_went_past(case: Case, claim: Claim, command: RecordSale, sale: UUID) -> None:
    """A case against the seller; the protection stands, its window running."""
    ground = f"on {command.sold_on.isoformat()} another partner sold the protected line to the protected customer"
    conflict = opened_against(case, claim, _party(case, command, sale), Kind.COMPLIANCE, ground, party_challenges=True)
    reasons = (ground, "the protection stands; the case is against the seller (ROE-25)")
    propose(case, conflict, Ruling.UPHOLD_INCUMBENT, claim.registration, CLAUSE, reasons)


def _party(case: Case, command: RecordSale, sale: UUID) -> Party:
    return Party(
        registration=sale,
        filed_by=command.dealer or command.distributor,
        distributor=command.distributor,
        dealer=command.dealer,
        priority_at=first_instant(command.sold_on, case.rules.zone),
        standing=PartyStanding.SELLER_ELSEWHERE,
    )
