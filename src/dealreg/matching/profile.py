"""What is known of a company where it is compared with another: plain values, as their source wrote them."""

from dataclasses import dataclass

Pair = tuple[str, str]
"""An identifier in canonical form: its scheme and its value."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A company as a source tells of it; ``country`` is ISO 3166 alpha-2, ``street`` carries the house number.

    ``None`` and the empty text both mean that nothing is known: what is missing speaks neither for nor against.
    """

    name: str | None = None
    country: str | None = None
    place: str | None = None
    street: str | None = None
    postcode: str | None = None
    identifiers: tuple[Pair, ...] = ()
