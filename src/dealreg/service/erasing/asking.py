"""Who may erase, hold and retire, and who may look at it: the doors ask here, so that they cannot differ (rules.md section 4)."""

from typing import Final

from dealreg.service.erasing.saying import By
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.refused import NotAllowed

MAY: Final = frozenset({Role.DEAL_DESK})
"""The desk decides; an auditor reads everything and changes nothing."""

LOOK: Final = frozenset({Role.DEAL_DESK, Role.AUDITOR})


def by(who: Claims, reason: str, key: str | None = None) -> By:
    """Who asks and why. Raises ``NotAllowed`` for a role that may not, ``Refused`` without a reason."""
    if who.role not in MAY:
        raise NotAllowed(f"a {who.role} may not erase, hold or retire; it is for: {', '.join(sorted(MAY))}")
    return By(who.actor, who.program, reason, key)


def looking(who: Claims) -> Claims:
    """Raise ``NotAllowed`` for a role that may not see what is held of people and under which holds."""
    if who.role not in LOOK:
        raise NotAllowed(f"a {who.role} may not read this; it is for: {', '.join(sorted(LOOK))}")
    return who
