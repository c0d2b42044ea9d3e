"""Questions to the read models by one caller: under row-level security, and not behind what the caller has seen."""

from dataclasses import dataclass
from typing import Any, Final

from dealreg.service.ledger.ledger import translated
from dealreg.service.projecting.asking import Reading
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES, Role
from dealreg.vocabulary.refused import NotAllowed

WAIT_SECONDS = 1.0
"""How long a read waits for what its caller has seen (architecture D14)."""


DEALS: Final[dict[Role, str]] = {
    Role.DEALER: "my_deals",
    Role.DISTRIBUTOR: "network_deals",
    Role.MASTER: "network_deals",
    Role.CHANNEL_MANAGER: "protected_customers",
    Role.DEAL_DESK: "protected_customers",
    Role.AUDITOR: "protected_customers",
}
"""The read model in which a role finds registrations: one set a tier (architecture D9)."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of an answer; ``behind`` is how many facts that the caller has seen are not in it, ``lag`` what it is told of that.

    A partner is told that it lacks something, not how much: the number would count what others do.
    """

    rows: list[dict[str, Any]]
    behind: int = 0
    lag: str | None = None


class Questions:
    """The read models as one caller sees them."""

    def __init__(self, reading: Reading, claims: Claims, *, seen: int | None = None) -> None:
        """``seen``: the position that the caller knows of."""
        self._reading, self._claims, self._seen = reading, claims, seen

    def ask(self, model: str, query: str, **parameters: Any) -> Found:
        """The rows that the caller may see. Raises ``Refused`` for what is not for its role, and ``Unavailable``."""
        if self._claims.role in PARTNER_ROLES and parameters.pop("customer", None) is not None:
            raise NotAllowed("a customer's id is not for partners; ask by state, territory or partner")
        with translated():
            behind = 0 if self._seen is None else self._reading.wait_for(model, self._seen, WAIT_SECONDS)
            program = {"program": self._claims.program} if self._takes_program(model, query) else {}
            rows = self._reading.ask(model, query, self._claims.reader, self._claims.role, {**program, **parameters})
        return Found(rows, behind, _lag(behind, self._claims))

    def _takes_program(self, model: str, query: str) -> bool:
        """Whether a question of auditors, who read every program's rows, is asked of one program."""
        found = self._reading.models.get(model)
        return found is not None and query in found.ask and "program" in found.ask[query].names


def _lag(behind: int, claims: Claims) -> str | None:
    if not behind:
        return None
    return "some" if claims.role in PARTNER_ROLES else str(behind)
