"""The formats that are read, in the order in which they are asked whether a message is theirs."""

from dealreg.service.intake.formats.adapter import Adapter
from dealreg.service.intake.formats.dataverse.adapter import DATAVERSE
from dealreg.service.intake.formats.hubspot.adapter import HUBSPOT
from dealreg.service.intake.formats.neutral.adapter import NEUTRAL
from dealreg.service.intake.formats.partner_center.adapter import PARTNER_CENTER
from dealreg.service.intake.formats.partner_central.adapter import PARTNER_CENTRAL
from dealreg.service.intake.formats.salesforce.adapter import SALESFORCE

ADAPTERS: tuple[Adapter, ...] = (NEUTRAL, SALESFORCE, HUBSPOT, DATAVERSE, PARTNER_CENTRAL, PARTNER_CENTER)
