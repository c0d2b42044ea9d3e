"""ROE-2: what must be there before a registration counts, judged by the service, not by a person."""

from collections.abc import Collection
from dataclasses import dataclass

from dealreg.engagement.parameters import Requirement
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.values import Tier


@dataclass(frozen=True, slots=True)
class Supplied:
    """What a registration says so far; ``legs`` are the tiers named for each line, ``evidence`` the kinds of proof.

    ``programme`` is false where a partner that buys direct names no programme of its own as the site (rules.md section 1, Tracks).
    ``convertible`` is false where a value is given in a currency for which no rate is recorded on that day (ROE-3).
    """

    customer: bool
    contact: bool
    value: bool
    close_date: bool
    convertible: bool = True
    legs: tuple[frozenset[Tier], ...] = ()
    evidence: Collection[str] = ()
    programme: bool = True


def missing(rules: RulebookDocument, said: Supplied) -> tuple[str, ...]:
    """What is missing, in a fixed order: names of requirements, ``rate``, ``programme``, ``line``, ``evidence:<kind>``; empty when complete.

    A value is asked for wherever ROE-3 has a minimum to hold it against, and always with a rate that makes it comparable.
    """
    clause = rules.clauses.completeness
    if not clause.in_force:
        return ()
    there = {
        Requirement.CUSTOMER: said.customer,
        Requirement.CONTACT: said.contact,
        Requirement.VALUE: said.value,
        Requirement.CLOSE_DATE: said.close_date,
        Requirement.DISTRIBUTOR: not any(_dealer_alone(tiers) for tiers in said.legs),
    }
    lacking = [str(wanted) for wanted in Requirement if wanted in _required(rules) and not there[wanted]]
    lacking += ["rate"] if said.value and not said.convertible else []
    lacking += [] if said.programme else ["programme"]
    lacking += ["line"] if not said.legs or not all(said.legs) else []
    lacking += [f"evidence:{kind}" for kind in dict.fromkeys(clause.evidence) if kind not in said.evidence]
    return tuple(lacking)


def _required(rules: RulebookDocument) -> frozenset[Requirement]:
    """A minimum without a value could be passed by naming none."""
    minimum = rules.clauses.minimum
    asked = frozenset(rules.clauses.completeness.required)
    return asked | {Requirement.VALUE} if minimum.in_force and minimum.amount > 0 else asked


def _dealer_alone(tiers: frozenset[Tier]) -> bool:
    """A dealer leg hangs under a distributor's, or a master's that supplies dealers itself."""
    return Tier.DEALER in tiers and tiers.isdisjoint({Tier.DISTRIBUTOR, Tier.MASTER})
