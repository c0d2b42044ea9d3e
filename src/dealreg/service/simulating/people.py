"""Who asks: the manufacturer's people and its systems, and the requests that they make."""

from datetime import datetime

from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import ProgramId

DESK = tuple(Actor(role=Role.DEAL_DESK, subject=f"desk-{name}") for name in ("ada", "ben", "cleo", "dov"))
CRM = Actor(role=Role.CRM, subject="crm")
CLOCK = Actor(role=Role.CLOCK, subject="clock")


def manager(region: str) -> Actor:
    """The channel manager of a region."""
    return Actor(role=Role.CHANNEL_MANAGER, subject=f"manager-{region.lower()}", region=region)


class Pen:
    """Writes requests: each with an id of its own and the instant at which the door has it."""

    def __init__(self, program: ProgramId) -> None:
        """``program`` that everything is asked of."""
        self._program = program
        self._written = 0

    def request(self, at: datetime, actor: Actor, command: Command, reason: str | None = None) -> Request:
        """A request of this instant."""
        self._written += 1
        asked = f"sim-{self._written:08d}"
        return Request(id=asked, program=self._program, actor=actor, command=command, reason=reason, door_at=at)
