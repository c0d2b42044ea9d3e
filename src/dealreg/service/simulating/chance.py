"""Draws that a seed alone decides: the same words give the same draws on every machine, for ever."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import TypeVar
from uuid import UUID

from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import digest
from dealreg.vocabulary.values import Sealed

T = TypeVar("T")

SALT_BYTES = 16


class Chance:
    """One stream of draws. Two that are named differently never disturb each other."""

    def __init__(self, *named: object) -> None:
        """The words that name it, the seed first."""
        self._words = "/".join(map(str, named))
        self._random = Random(self._words)  # noqa: S311 - an invented program is no secret; it must come out the same again

    def happens(self, share: float) -> bool:
        """True in that share of the draws."""
        return self._random.random() < share

    def fraction(self) -> float:
        """From 0, below 1."""
        return self._random.random()

    def one(self, items: Sequence[T]) -> T:
        """Any of them."""
        return items[int(self._random.random() * len(items))]

    def some(self, items: Sequence[T], share: float) -> tuple[T, ...]:
        """Each of them with that share, in their order."""
        return tuple(item for item in items if self.happens(share))

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as often as its weight says."""
        left = self._random.random() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return next(reversed(list(weights)))

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def days(self, low: float, high: float) -> timedelta:
        """A span between so many days, in whole seconds."""
        return timedelta(seconds=round((low + self._random.random() * (high - low)) * 86_400))

    def about(self, median: float, spread: float) -> float:
        """A positive number, half of them below ``median``; two thirds lie within a factor of e to the ``spread``."""
        return median * float(2.718281828459045 ** self._random.gauss(0, spread))


def sealed(subject: str, value: str) -> tuple[Sealed, PersonalRow]:
    """As ``personal.seal``, but with a ref and a salt that follow from the value: nobody real is named in an invented program."""
    named = sha256(f"{subject}\n{value}".encode()).digest()
    row = PersonalRow(str(UUID(bytes=named[:16])), subject, value, named[-SALT_BYTES:])
    return Sealed(ref=row.ref, digest=digest(row.salt, value)), row
