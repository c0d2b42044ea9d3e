"""What is wrong with a rulebook, where, and what to do."""

from typing import NamedTuple

Place = tuple[str | int, ...]
"""The way to a value as the document writes it: ``("clauses", "ROE-7", "when")``."""


class Fault(NamedTuple):
    """A fault; ``within`` is its line and column inside the text at that place, counted from one, where that is an expression."""

    place: Place
    said: str
    within: tuple[int, int] | None = None

    @property
    def path(self) -> str:
        """The place in one word."""
        return ".".join(map(str, self.place)) or "the rulebook"

    @property
    def told(self) -> str:
        """The fault where no text is at hand to name a line of."""
        inside = f" ({self.within[0]}:{self.within[1]} of the expression)" if self.within is not None else ""
        return f"{self.path}{inside}: {self.said}"
