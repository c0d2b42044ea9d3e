"""How long a leg is protected, by the partner's tier in the program (ROE-7, ROE-8)."""

from dealreg.engagement.clauses.shape import Length
from dealreg.vocabulary.values import Model


class WindowLengths(Model):
    """Days of protection by the partner's tier in the program."""

    authorized: Length
    premier: Length
    elite: Length
    master: Length
