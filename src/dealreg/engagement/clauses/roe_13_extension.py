"""ROE-13: the leg's partner asks for more time before the window's end; undecided at the end, the leg is held.

``times``: granted extensions a leg; ``extension_days``: days one adds, at most the leg's own length; ``held_days``: days past the
window's end after which an undecided request counts as refused. Source: rules.md ROE-13; domain.md C20 to C22.
"""

from dealreg.engagement.clauses.shape import Clause, Days, Length, Times


class Extension(Clause):
    """The parameters of ROE-13."""

    times: Times = 1
    extension_days: Length = 60
    held_days: Days = 10
