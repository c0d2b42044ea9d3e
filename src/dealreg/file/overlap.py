"""Whether two claims on one product line stand in each other's way, and how (rules.md ROE-7 to ROE-10, ROE-28).

The question is asked of claims, not of partners: a dealer that buys from two distributors is inside the network of the one through
which its claim goes, and outside that of the other (C11, C13).
"""

from collections.abc import Mapping
from enum import StrEnum

from dealreg.file.state import Claim
from dealreg.vocabulary.values import Tier

Above = Mapping[str, frozenset[str]]
"""Partner → every partner above it in the hierarchy on the day that counts."""


class Relation(StrEnum):
    """How a newcomer stands to a claim that is there."""

    APART = "apart"
    SAME = "same"
    JOINS = "joins"
    OUTSIDE = "outside"
    DEALERS = "dealers"


def relation(new: Claim, there: Claim, above: Above) -> Relation:
    """How ``new`` stands to ``there``, both on one product line with overlapping scopes."""
    if _outside(new, there, above):
        return Relation.OUTSIDE
    if _beside_its_supplier(new, there):
        return Relation.OUTSIDE
    ours, theirs = new.party(Tier.DEALER), there.party(Tier.DEALER)
    if theirs is not None and ours is not None:
        return Relation.SAME if ours == theirs else Relation.DEALERS
    if ours is not None:
        return Relation.JOINS
    if new.party(Tier.DISTRIBUTOR) is not None and there.party(Tier.DISTRIBUTOR) is None:
        return Relation.JOINS
    return Relation.SAME


def joining_tier(new: Claim, there: Claim) -> Tier:
    """The empty place of ``there`` that ``new`` would take."""
    if there.party(Tier.DISTRIBUTOR) is None and new.party(Tier.DISTRIBUTOR) is not None:
        return Tier.DISTRIBUTOR
    return Tier.DEALER


def _outside(new: Claim, there: Claim, above: Above) -> bool:
    """Whether a master or distributor leg keeps the newcomer out: it goes through somebody else (ROE-7)."""
    master, distributor = there.party(Tier.MASTER), there.party(Tier.DISTRIBUTOR)
    if master is not None and not _under_master(new, master, above):
        return True
    if distributor is not None:
        return not _through(new, distributor, master, above)
    return False


def _beside_its_supplier(new: Claim, there: Claim) -> bool:
    """A sub-distributor without a dealer: it is of the network, but the one place at its tier is its supplier's (ROE-7)."""
    ours, theirs = new.party(Tier.DISTRIBUTOR), there.party(Tier.DISTRIBUTOR)
    return ours is not None and theirs is not None and ours != theirs and new.party(Tier.DEALER) is None


def _under_master(new: Claim, master: str, above: Above) -> bool:
    named = new.party(Tier.MASTER)
    if named is not None:
        return named == master
    below = new.party(Tier.DISTRIBUTOR) or new.party(Tier.DEALER)
    return below is not None and master in above.get(below, frozenset())


def _through(new: Claim, distributor: str, master: str | None, above: Above) -> bool:
    """Whether the newcomer goes through this distributor, also by a sub-distributor, or is the master that the claim there names."""
    ours = new.party(Tier.DISTRIBUTOR)
    if ours is not None:
        return ours == distributor or distributor in above.get(ours, frozenset())
    return master is not None and new.party(Tier.MASTER) == master
