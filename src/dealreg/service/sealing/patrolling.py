"""The sealer reads what it sealed again, little by little and for ever: an edit of an old fact is found although nobody asks."""

from dataclasses import dataclass

from dealreg.service.sealing.checking import first_different, told
from dealreg.service.sealing.halting import Halted
from dealreg.service.sealing.sealer import Sealer

STEP = 256
"""Facts a second, some milliseconds: whoever waits for the seal waits for them too. A log of a million is walked in an hour."""


@dataclass(slots=True)
class Patrol:
    """Walks from the first fact to the last sealed one and begins again."""

    sealer: Sealer
    position: int = 1

    def step(self) -> None:
        """Read a few facts. Raises ``Halted``, having written it down, where one is not what was sealed."""
        size = self.sealer.own.size
        if self.position > size:
            self.position = 1
        last = min(self.position + STEP - 1, size)
        found = first_different(self.sealer.tables, self.sealer.tree, self.position, last)
        if found is not None:
            why = f"{told(found)} is not what was sealed"
            self.sealer.halt(why)
            raise Halted(why)
        self.position = last + 1
