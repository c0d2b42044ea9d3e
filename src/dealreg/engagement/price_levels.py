"""ROE-33: which levels must approve a special price, by the deeper of discount and size."""

from decimal import Decimal

from dealreg.engagement.clauses.roe_33_special_price import PriceLevel
from dealreg.engagement.rulebook import RulebookDocument


def levels_for(rules: RulebookDocument, discount: Decimal, size: Decimal) -> tuple[str, ...]:
    """Every level from the lowest up to the first that reaches both; the last one where none does.

    ``discount`` is a part of one, ``size`` in program currency.
    """
    levels = rules.clauses.special_price.levels
    reached = next((place for place, level in enumerate(levels) if _reaches(level, discount, size)), len(levels) - 1)
    return tuple(level.level for level in levels[: reached + 1])


def _reaches(level: PriceLevel, discount: Decimal, size: Decimal) -> bool:
    deep_enough = level.discount_up_to is None or discount <= level.discount_up_to
    return deep_enough and (level.size_up_to is None or size <= level.size_up_to)
