"""The formats that are read, in the order in which they are asked whether a message is theirs."""

from dealreg.service.intake.formats.adapter import Adapter
from dealreg.service.intake.formats.hubspot.adapter import HUBSPOT
from dealreg.service.intake.formats.neutral.adapter import NEUTRAL
from dealreg.service.intake.formats.salesforce.adapter import SALESFORCE

ADAPTERS: tuple[Adapter, ...] = (NEUTRAL, SALESFORCE, HUBSPOT)
