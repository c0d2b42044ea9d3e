"""The words of a conflict: its kinds, its rulings, and who stands on which side (rules.md section 3)."""

from enum import StrEnum
from uuid import UUID

from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Model, Scope, Text


class Kind(StrEnum):
    """What stands against each other, in the order in which the first that fits is taken (rules.md section 3)."""

    COMPLIANCE = "compliance"
    IDENTITY = "identity"
    VERTICAL_DIRECT = "vertical_direct"
    TIE = "tie"
    SELLER_OF_RECORD = "seller_of_record"
    CROSS_TIER = "cross_tier"
    HORIZONTAL_DISTRIBUTOR = "horizontal_distributor"
    HORIZONTAL_DEALER = "horizontal_dealer"


class Ruling(StrEnum):
    """How a conflict may be ruled (rules.md section 3).

    ``split_lines`` names which party has which part of the contested scope; ``join`` gives the challenger the empty place beside the
    incumbent; ``share`` lets both be protected, not exclusive to one another; ``refer`` returns the conflict, once, to a named person.
    """

    UPHOLD_INCUMBENT = "uphold_incumbent"
    AWARD_CHALLENGER = "award_challenger"
    SPLIT_LINES = "split_lines"
    JOIN = "join"
    SHARE = "share"
    REFER = "refer"


class PartyStanding(StrEnum):
    """What a party stands on: a claim of the file, or something that is no claim.

    ``seller_of_record`` stands on a recorded sale (ROE-18), ``direct`` on the manufacturer's own opportunity (ROE-19),
    ``seller_elsewhere`` on a sale that another claim forbade (ROE-25), ``tender`` on a tender that was learned of late (ROE-23).
    """

    CLAIM = "claim"
    SELLER_OF_RECORD = "seller_of_record"
    DIRECT = "direct"
    SELLER_ELSEWHERE = "seller_elsewhere"
    TENDER = "tender"


class Party(Model):
    """One side of the conflict.

    ``registration`` names the party inside the conflict: that of its claim or, where ``standing`` is no claim, the id of the sale or
    opportunity that it stands on. ``filed_by`` is missing for the manufacturer's direct team.
    """

    registration: UUID
    filed_by: PartnerId | None
    distributor: PartnerId | None
    dealer: PartnerId | None
    priority_at: Instant
    standing: PartyStanding = PartyStanding.CLAIM


class Input(Model):
    """One thing the proposal rests on: its name and its value in words."""

    name: Key
    value: Text


class Part(Model):
    """Which part of the contested scope a party has by a ruling ``split_lines``."""

    registration: UUID
    scope: Scope


class AppealOutcome(StrEnum):
    """What a judge says of the decision that was appealed (ROE-29)."""

    UPHELD = "upheld"
    REVERSED = "reversed"
