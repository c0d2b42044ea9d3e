"""ROE-3: declined when the registration's value, all lines together, is below the minimum at completeness."""

from dealreg.engagement.clause import Refusal
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.values import Money


def below_minimum(rules: RulebookDocument, value: Money | None) -> Refusal | None:
    """Refuse a value in program currency that is below the minimum; one that is unknown is ROE-2's matter.

    Raises ``ValueError`` for another currency: convert it first, at the rate of the day of completeness.
    """
    clause = rules.clauses.minimum
    if not clause.in_force or value is None:
        return None
    if value.currency != rules.currency:
        raise ValueError(f"the value is in {value.currency}; convert it into {rules.currency} before it is compared")
    if value.amount >= clause.amount:
        return None
    return Refusal(
        "ROE-3", f"the value is below the program's minimum of {clause.amount} {rules.currency}", "below_minimum"
    )
