"""What a partner and the levels of approval may ask of a special price."""

from uuid import UUID

from dealreg.pricing.events import Discount, PriceDecision
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Key, Money, Text


class RequestSpecialPrice(Command):
    """Ask for a discount on a line of a registration: how deep, for how much, against whom (ROE-33)."""

    registration: UUID
    partner: PartnerId
    line: Key
    discount: Discount
    size: Money
    competitor: Text | None = None


class DecideSpecialPrice(Command):
    """Approve, change or reject as the level whose turn it is; a change names its discount, change and rejection a reason."""

    special_price: UUID
    decision: PriceDecision
    discount: Discount | None = None
    reason: Text = ""
