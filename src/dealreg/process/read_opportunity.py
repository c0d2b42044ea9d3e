"""An opportunity read as a request for protection: who files, for whom, which lines."""

from dealreg.account.events import AccountSaid
from dealreg.account.state import ACCOUNT
from dealreg.opportunity.state import Opportunity
from dealreg.process.account_identity import street_of, usable
from dealreg.process.case import rules_at
from dealreg.registration.commands import EndCustomer, FileRegistration, Named
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.vocabulary.ids import PartnerId, account_id
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope, Tier


def filing_party(state: Opportunity) -> str | None:
    """Who files: whom the CRM says, else the dealer, else the distributor."""
    values = state.values
    return values.filed_by or values.partner or values.distributor or values.master


def end_customer(situation: Situation, state: Opportunity) -> EndCustomer:
    """Whom the CRM names: its own account id first, then identifiers, name and place; what it does not say, its account may."""
    values, account = state.values, _account(situation, state)
    named = [Named(scheme=known.scheme, value=known.value) for known in values.identifiers or ()]
    schemes = {known.scheme for known in named}
    further = (known for known in usable(account.identifiers) if known.scheme not in schemes)
    named += [Named(scheme=known.scheme, value=known.value) for known in further]
    if values.customer_ref is not None:
        named.insert(0, Named(scheme=f"crm:{state.source}", value=values.customer_ref))
    # An address is taken whole: the street of one and the town of the other are nowhere.
    own = bool(values.place or values.street or values.postcode)
    place, street, postcode = (
        (values.place, values.street, values.postcode) if own else (account.place, street_of(account), account.postcode)
    )
    return EndCustomer(
        identifiers=tuple(named),
        name=values.customer_name or account.name,
        country=values.country or account.country,
        place=place,
        street=street,
        postcode=postcode,
    )


def _account(situation: Situation, state: Opportunity) -> AccountSaid:
    """What the CRM says of the account that the opportunity names; nothing where it names none, or nothing is known of it."""
    if state.values.customer_ref is None:
        return AccountSaid()
    return situation.of(ACCOUNT, account_id(state.source, state.values.customer_ref)).values


def filing(situation: Situation, state: Opportunity, filed_by: str) -> FileRegistration:
    """The opportunity as a request for protection."""
    values = state.values
    return FileRegistration(
        filed_by=PartnerId(filed_by),
        customer=end_customer(situation, state),
        lines=requested_lines(situation, state),
        value=state.value,
        close_on=values.close_on,
        contact=values.contact,
        stage=values.stage,
    )


def requested_lines(situation: Situation, state: Opportunity) -> tuple[RequestedLine, ...]:
    """The program's lines that the opportunity names, each with the legs that it names; none without a territory of the program."""
    rules = rules_at(situation, situation.at)
    values = state.values
    if values.territory is None or values.territory not in {node.territory for node in rules.territories}:
        return ()
    parties = {Tier.MASTER: values.master, Tier.DISTRIBUTOR: values.distributor, Tier.DEALER: values.partner}
    legs = tuple(
        RequestedLeg(tier=tier, partner=PartnerId(partner)) for tier, partner in parties.items() if partner is not None
    )
    names = [line for line in dict.fromkeys(values.lines or ()) if rules.product_line(line) is not None]
    scope = Scope(territory=values.territory)
    return tuple(RequestedLine(line=line, scope=scope, legs=legs) for line in names)
