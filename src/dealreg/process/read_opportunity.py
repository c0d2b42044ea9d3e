"""An opportunity read as a request for protection: who files, for whom, which lines."""

from dealreg.opportunity.state import Opportunity
from dealreg.process.case import rules_at
from dealreg.registration.commands import EndCustomer, FileRegistration, Named
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope, Tier


def filing_party(state: Opportunity) -> str | None:
    """Who files: whom the CRM says, else the dealer, else the distributor."""
    values = state.values
    return values.filed_by or values.partner or values.distributor or values.master


def end_customer(state: Opportunity) -> EndCustomer:
    """Whom the CRM names: its own account id first, then identifiers, name and place."""
    values = state.values
    named = [Named(scheme=known.scheme, value=known.value) for known in values.identifiers or ()]
    if values.customer_ref is not None:
        named.insert(0, Named(scheme=f"crm:{state.source}", value=values.customer_ref))
    return EndCustomer(
        identifiers=tuple(named),
        name=values.customer_name,
        country=values.country,
        place=values.place,
        street=values.street,
        postcode=values.postcode,
    )


def filing(situation: Situation, state: Opportunity, filed_by: str) -> FileRegistration:
    """The opportunity as a request for protection."""
    values = state.values
    return FileRegistration(
        filed_by=PartnerId(filed_by),
        customer=end_customer(state),
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
