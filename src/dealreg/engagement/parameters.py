"""The parameters of one version, each clause under its number; the clauses themselves stand one a file in ``engagement/clauses``."""

from functools import cache

from pydantic import ConfigDict, Field

from dealreg.engagement.clauses.conflicts import Conflicts
from dealreg.engagement.clauses.queueing import Queueing
from dealreg.engagement.clauses.roe_01_eligibility import Eligibility
from dealreg.engagement.clauses.roe_02_completeness import Completeness, Requirement
from dealreg.engagement.clauses.roe_03_minimum import Minimum
from dealreg.engagement.clauses.roe_04_priority import Doctrine, Priority
from dealreg.engagement.clauses.roe_05_pending import Pending, PendingClaims
from dealreg.engagement.clauses.roe_06_same_instant import SameInstant
from dealreg.engagement.clauses.roe_07_distributor_exclusivity import DistributorExclusivity
from dealreg.engagement.clauses.roe_08_dealer_exclusivity import DealerExclusivity
from dealreg.engagement.clauses.roe_09_cross_tier import CrossTier
from dealreg.engagement.clauses.roe_10_joining import Joining
from dealreg.engagement.clauses.roe_11_line_by_line import LineByLine
from dealreg.engagement.clauses.roe_12_lapse import Lapse
from dealreg.engagement.clauses.roe_13_extension import Extension
from dealreg.engagement.clauses.roe_14_progress import Progress
from dealreg.engagement.clauses.roe_15_review_clock import ReviewClock
from dealreg.engagement.clauses.roe_16_deauthorisation import Deauthorisation
from dealreg.engagement.clauses.roe_17_change_of_distributor import ChangeOfDistributor
from dealreg.engagement.clauses.roe_18_seller_of_record import SellerOfRecord
from dealreg.engagement.clauses.roe_19_direct import Direct
from dealreg.engagement.clauses.roe_20_strategic_accounts import StrategicAccounts
from dealreg.engagement.clauses.roe_21_override import OverrideRules, StoppedClock
from dealreg.engagement.clauses.roe_22_stale_facts import StaleFacts
from dealreg.engagement.clauses.roe_23_tender import AfterPublication, Tender
from dealreg.engagement.clauses.roe_24_identity import Identity
from dealreg.engagement.clauses.roe_25_sale_elsewhere import SaleElsewhere
from dealreg.engagement.clauses.roe_26_evidence import EvidenceRules
from dealreg.engagement.clauses.roe_27_special_price_hold import SpecialPriceHold
from dealreg.engagement.clauses.roe_28_repetition import Repetition
from dealreg.engagement.clauses.roe_29_appeal import Appeal
from dealreg.engagement.clauses.roe_30_approval import Anchor, Approval
from dealreg.engagement.clauses.roe_31_outcome import Outcome
from dealreg.engagement.clauses.roe_32_hiding import Hiding
from dealreg.engagement.clauses.roe_33_special_price import SpecialPrice
from dealreg.engagement.clauses.shape import Clause
from dealreg.engagement.clauses.window_lengths import WindowLengths
from dealreg.vocabulary.values import Key, Model

__all__ = [
    "AfterPublication",
    "Anchor",
    "Appeal",
    "Approval",
    "ChangeOfDistributor",
    "Clause",
    "Clauses",
    "Completeness",
    "Conflicts",
    "CrossTier",
    "DealerExclusivity",
    "Deauthorisation",
    "Direct",
    "DistributorExclusivity",
    "Doctrine",
    "Eligibility",
    "EvidenceRules",
    "Extension",
    "Hiding",
    "Identity",
    "Joining",
    "Lapse",
    "LineByLine",
    "Minimum",
    "Outcome",
    "OverrideRules",
    "Pending",
    "PendingClaims",
    "Priority",
    "Progress",
    "Queueing",
    "Repetition",
    "Requirement",
    "ReviewClock",
    "SaleElsewhere",
    "SameInstant",
    "SellerOfRecord",
    "SpecialPrice",
    "SpecialPriceHold",
    "StaleFacts",
    "StoppedClock",
    "StrategicAccounts",
    "Tender",
    "WindowLengths",
]


class Clauses(Model):
    """The clauses of one version, each under its number. ``order``: clauses that are tried in another order than section 1a's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    eligibility: Eligibility = Field(default=Eligibility(), alias="ROE-1")
    completeness: Completeness = Field(default=Completeness(), alias="ROE-2")
    minimum: Minimum = Field(default=Minimum(), alias="ROE-3")
    priority: Priority = Field(default=Priority(), alias="ROE-4")
    pending: PendingClaims = Field(default=PendingClaims(), alias="ROE-5")
    same_instant: SameInstant = Field(default=SameInstant(), alias="ROE-6")
    distributor_exclusivity: DistributorExclusivity = Field(default=DistributorExclusivity(), alias="ROE-7")
    dealer_exclusivity: DealerExclusivity = Field(default=DealerExclusivity(), alias="ROE-8")
    cross_tier: CrossTier = Field(default=CrossTier(), alias="ROE-9")
    joining: Joining = Field(default=Joining(), alias="ROE-10")
    line_by_line: LineByLine = Field(default=LineByLine(), alias="ROE-11")
    lapse: Lapse = Field(default=Lapse(), alias="ROE-12")
    extension: Extension = Field(default=Extension(), alias="ROE-13")
    progress: Progress = Field(default=Progress(), alias="ROE-14")
    review_clock: ReviewClock = Field(default=ReviewClock(), alias="ROE-15")
    deauthorisation: Deauthorisation = Field(default=Deauthorisation(), alias="ROE-16")
    change_of_distributor: ChangeOfDistributor = Field(default=ChangeOfDistributor(), alias="ROE-17")
    seller_of_record: SellerOfRecord = Field(default=SellerOfRecord(), alias="ROE-18")
    direct: Direct = Field(default=Direct(), alias="ROE-19")
    strategic_accounts: StrategicAccounts = Field(default=StrategicAccounts(), alias="ROE-20")
    override: OverrideRules = Field(default=OverrideRules(), alias="ROE-21")
    stale_facts: StaleFacts = Field(default=StaleFacts(), alias="ROE-22")
    tender: Tender = Field(default=Tender(), alias="ROE-23")
    identity: Identity = Field(default=Identity(), alias="ROE-24")
    sale_elsewhere: SaleElsewhere = Field(default=SaleElsewhere(), alias="ROE-25")
    evidence: EvidenceRules = Field(default=EvidenceRules(), alias="ROE-26")
    special_price_hold: SpecialPriceHold = Field(default=SpecialPriceHold(), alias="ROE-27")
    repetition: Repetition = Field(default=Repetition(), alias="ROE-28")
    appeal: Appeal = Field(default=Appeal(), alias="ROE-29")
    approval: Approval = Field(default=Approval(), alias="ROE-30")
    outcome: Outcome = Field(default=Outcome(), alias="ROE-31")
    hiding: Hiding = Field(default=Hiding(), alias="ROE-32")
    special_price: SpecialPrice = Field(default=SpecialPrice(), alias="ROE-33")
    queue: Queueing = Queueing()
    conflicts: Conflicts = Conflicts()
    order: tuple[Key, ...] = ()

    def of(self, number: str) -> Clause:
        """The clause of that number, such as ``ROE-7``. Raises ``KeyError`` for a number that there is not."""
        found: Clause = getattr(self, fields_by_number()[number])
        return found


@cache
def fields_by_number() -> dict[str, str]:
    """The field of each clause by its number."""
    return {info.alias: name for name, info in Clauses.model_fields.items() if info.alias is not None}
