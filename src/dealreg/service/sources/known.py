"""Which client speaks which format."""

from collections.abc import Callable, Mapping

from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.sources.client import Source
from dealreg.service.sources.dataverse import Dataverse
from dealreg.service.sources.http import Patience
from dealreg.service.sources.hubspot import HubSpot
from dealreg.service.sources.partner_center import PartnerCenter
from dealreg.service.sources.partner_central import PartnerCentral
from dealreg.service.sources.salesforce import Salesforce
from dealreg.service.sources.settings import Api

_CLIENTS: Mapping[Format, Callable[[MappingDocument, Api, Patience | None], Source]] = {
    Format.SALESFORCE: Salesforce,
    Format.HUBSPOT: HubSpot,
    Format.DATAVERSE: Dataverse,
    Format.PARTNER_CENTRAL: PartnerCentral,
    Format.PARTNER_CENTER: PartnerCenter,
}


def can_be_asked(mapping: MappingDocument) -> bool:
    """Whether the source has an interface that is spoken here, and the mapping says where."""
    return mapping.api is not None and mapping.format in _CLIENTS


def client_of(mapping: MappingDocument, patience: Patience | None = None) -> Source:
    """A client of the source of a mapping. Raises ``ValueError`` where ``can_be_asked`` says no."""
    if mapping.api is None or mapping.format not in _CLIENTS:
        raise ValueError(f"{mapping.source!r} has no interface that can be asked; give its mapping an `api:`")
    return _CLIENTS[mapping.format](mapping, mapping.api, patience)
