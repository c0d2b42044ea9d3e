"""Whose clock leads: what the rulebook in force says of a source (architecture D17)."""

import time
from threading import Lock

from dealreg.engagement.rulebook import RulebookDocument, Trust
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.vocabulary.ids import rulebook_stream

FRESH_SECONDS = 5.0
"""How long a rulebook that was read is used again."""


class LedByRulebook:
    """Whether a program lets a source's own clock lead. Threads may share one."""

    def __init__(self, dispatch: Dispatch) -> None:
        """Rulebooks are read through ``dispatch``, which keeps their states."""
        self._dispatch = dispatch
        self._known: dict[str, tuple[float, RulebookDocument | None]] = {}
        self._lock = Lock()

    def __call__(self, program: str, source: str) -> bool:
        """Raises ``Unavailable``."""
        rules = self._rules(program)
        return rules is not None and rules.source(source).priority_clock is Trust.SOURCE

    def _rules(self, program: str) -> RulebookDocument | None:
        with self._lock:
            known = self._known.get(program)
            if known is None or time.monotonic() - known[0] > FRESH_SECONDS:
                stream = rulebook_stream(program)
                seen = self._dispatch.see({stream: RULEBOOK.name})
                held = seen.held.get(stream)
                known = (time.monotonic(), held.state.in_force(seen.at) if held is not None else None)
                self._known[program] = known
            return known[1]
