"""What a CRM said of an opportunity before this service listened."""

from dealreg.opportunity.commands import OpportunityMessage
from dealreg.vocabulary.fact import Command


class ImportOpportunity(Command):
    """Take a state of an opportunity over: it files nothing and ends nothing, and takes effect when the CRM said it (architecture D5)."""

    message: OpportunityMessage
