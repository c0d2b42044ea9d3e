"""What may be asked over HTTP of a decision: to rule, to suggest, to stay, to appeal, to judge, to narrow a scope (rules.md section 3)."""

from typing import Final

from dealreg.conflict.commands import RuleOnConflict, StayRuling, SuggestRuling
from dealreg.registration import appeal_commands as asked
from dealreg.web.writes import Write

_REGISTRATION: Final = "/registrations/{registration}"

APPEALS: Final = (
    Write(
        "/conflicts/{conflict}/ruling",
        RuleOnConflict,
        "conflicts",
        decides="conflict",
        example={"ruling": "uphold_incumbent", "reason": "The incumbent's claim was complete first."},
    ),
    Write(
        "/conflicts/{conflict}/suggestions",
        SuggestRuling,
        "conflicts",
        example={"ruling": "uphold_incumbent", "reason": "The customer has worked with the incumbent since spring."},
    ),
    Write(
        "/conflicts/{conflict}/stay",
        StayRuling,
        "conflicts",
        decides="conflict",
        example={"reason": "The proof that came with the appeal is to be looked at first."},
    ),
    Write(
        f"{_REGISTRATION}/appeal",
        asked.AppealDecision,
        "registrations",
        example={"line": "storage", "reason": "The visit report of January was not looked at."},
    ),
    Write(
        f"{_REGISTRATION}/appeal/ruling",
        asked.RuleOnAppeal,
        "registrations",
        decides="registration",
        example={"line": "storage", "reverse": True, "reason": "The certificate was valid on that day."},
    ),
    Write(
        f"{_REGISTRATION}/scope",
        asked.AmendScope,
        "registrations",
        example={"line": "storage", "scope": {"territory": "DE-NORTH"}},
    ),
)
