"""ROE-26: evidence has a kind, a date, a digest and a submitter; an earlier dated proof is a ground, not a verdict.

``kinds``: the kinds that the program takes; none named means any. Source: rules.md ROE-26; domain.md C37.
"""

from dealreg.engagement.clauses.shape import Clause
from dealreg.vocabulary.values import Key


class EvidenceRules(Clause):
    """The parameters of ROE-26."""

    kinds: tuple[Key, ...] = ()
