"""How the installation is doing, by really asking: the database, each read model, each role that says it is alive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dealreg.service.ledger.errors import LedgerError
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.standing import SealStanding, seal_standing
from dealreg.service.watching.standing import watch_standing
from dealreg.service.witnessing.outside import takers
from dealreg.service.witnessing.outside import worries as outside_worries

SILENT_SECONDS = 30.0
"""A role that was not heard of for so long is taken for dead."""

_MODELS = """
SELECT g.model, g.position, g.stopped, h.newest
FROM projection.generations AS g, (SELECT coalesce(max(e.position), 0) AS newest FROM ledger.events AS e) AS h
WHERE g.state = 'live' ORDER BY g.model
"""
_ROLES = """
SELECT DISTINCT ON (role) role, extract(epoch FROM clock_timestamp() - at)::float AS silent_seconds, detail
FROM intake.heartbeats ORDER BY role, at DESC
"""
_DEAD_LETTERS = "SELECT count(*) AS open FROM intake.dead_letters WHERE resolved_at IS NULL"


@dataclass(frozen=True, slots=True)
class Condition:
    """What was found. ``problems`` keep the service from being ready, ``worries`` do not: it answers, but something stands still."""

    problems: Mapping[str, str] = field(default_factory=dict)
    worries: Mapping[str, str] = field(default_factory=dict)
    head: int | None = None
    models: Mapping[str, int] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    silent_seconds: Mapping[str, float] = field(default_factory=dict)
    dead_letters: int | None = None
    seal: SealStanding | None = None

    @property
    def ready(self) -> bool:
        """Whether questions and commands can be answered."""
        return not self.problems


def condition(ledger: Ledger, roles: tuple[str, ...] = ("consume",)) -> Condition:
    """Ask now. ``roles`` are those whose silence is a worry. Never raises for a world that is not reachable."""
    try:
        models = ledger.run(_MODELS)
        heard = ledger.run(_ROLES)
        letters = ledger.run(_DEAD_LETTERS)[0]["open"]
        seal, outside, watch = seal_standing(ledger), takers(ledger), watch_standing(ledger)
    except LedgerError as error:
        return Condition(problems={"database": str(error)})
    silent = {row["role"]: row["silent_seconds"] for row in heard}
    problems = {f"projection {row['model']}": _why(row["stopped"]) for row in models if row["stopped"] is not None}
    if not models:
        problems["projections"] = "there are none; run `dealreg migrate`"
    return Condition(
        problems=problems,
        worries={role: said for role in roles if (said := _silence(silent.get(role))) is not None}
        | ({"seal": said} if (said := seal.worry()) else {})
        | outside_worries(outside)
        | watch.worries(),
        head=models[0]["newest"] if models else None,
        models={row["model"]: row["position"] for row in models},
        behind={row["model"]: max(row["newest"] - row["position"], 0) for row in models},
        silent_seconds=silent,
        dead_letters=letters,
        seal=seal,
    )


def _why(stopped: Any) -> str:
    """Which fact a read model could not apply. Its values stay in the log."""
    return (
        f"stands still: {stopped.get('event')} in {stopped.get('file')}"
        if isinstance(stopped, dict)
        else "stands still"
    )


def _silence(seconds: float | None) -> str | None:
    if seconds is None:
        return "was never heard of; start it, or `dealreg up` runs every role"
    if seconds > SILENT_SECONDS:
        return f"was last heard of {seconds:.0f} s ago"
    return None


def recorded_newest(ledger: Ledger) -> tuple[int, datetime] | None:
    """The newest position and its instant; ``None`` in an empty ledger. Raises ``Unavailable``."""
    rows = ledger.run("SELECT position, recorded_at FROM ledger.events ORDER BY position DESC LIMIT 1")
    return (rows[0]["position"], rows[0]["recorded_at"]) if rows else None
