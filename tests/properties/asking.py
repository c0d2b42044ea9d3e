"""What may be asked of a claim, a conflict, an account or a customer, by the command's name: a command more is one entry here.

Each entry says the fields from what it is asked of and a small number that was drawn; who asks stands beside it.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from dealreg.file.state import Claim
from dealreg.process.deciding import COMMANDS
from dealreg.vocabulary.fact import Actor, Command, Role
from tests.properties.story import CUSTOMERS, DELLA, DESK, DIRK, MARTA, Story, actor_of

SHARE, JOIN, SPLIT, AWARD = 1, 2, 3, 4
"""Places in the list of rulings below."""

Asking = tuple[dict[str, Any], Actor]
DAY = dt.timedelta(days=1)
PARTNERS = ("anna", "carl", "dora", "north", "south")
FINANCE = Actor.model_validate({"role": Role.DEAL_DESK, "subject": "felix", "level": "finance"})
PAULA = Actor.model_validate({"role": Role.DEAL_DESK, "subject": "paula", "level": "pricing_manager"})
REGINE = Actor.model_validate(
    {"role": Role.CHANNEL_MANAGER, "subject": "regine", "region": "world", "level": "regional_director"}
)
OUTSIDE = Actor.model_validate({"role": Role.DEAL_DESK, "subject": "doris", "team": "direct"})
PRICERS = (MARTA, REGINE, PAULA, FINANCE)


def _leg(claim: Claim, number: int) -> Any:
    return claim.legs[number % len(claim.legs)]


OF_CLAIM: dict[str, Callable[[Story, Claim, int], Asking]] = {
    "AskExtension": lambda story, claim, n: (
        {"registration": claim.registration, "partner": _leg(claim, n).partner, "lines": [claim.line]},
        actor_of(_leg(claim, n).partner),
    ),
    "DecideExtension": lambda story, claim, n: (
        {"registration": claim.registration, "partner": _leg(claim, n).partner, "grant": n != 0, "reason": "drawn"},
        MARTA,
    ),
    "ReconcileRegistration": lambda story, claim, n: ({"registration": claim.registration, "reason": "drawn"}, DESK),
    "DecideStaleLeg": lambda story, claim, n: (
        {
            "registration": claim.registration,
            "line": claim.line,
            "tier": _leg(claim, n).tier,
            "decision": ("run", "release")[n % 2],
            "reason": "drawn",
        },
        DESK,
    ),
    "HideRegistration": lambda story, claim, n: (
        {"registration": claim.registration, "partner": claim.filed_by, "hidden": n % 2 == 0},
        actor_of(claim.filed_by),
    ),
    "ReleaseRegistration": lambda story, claim, n: (
        {"registration": claim.registration, "clause": "ROE-1", "reason": "drawn"},
        DESK,
    ),
    "ChangeDistributor": lambda story, claim, n: (
        {"registration": claim.registration, "partner": claim.filed_by, "distributor": ("north", "south")[n % 2]},
        actor_of(claim.filed_by),
    ),
    "AmendScope": lambda story, claim, n: (
        {
            "registration": claim.registration,
            "line": claim.line,
            "scope": {"territory": ("DE", "FR")[n % 2]},
            "partner": claim.filed_by,
        },
        actor_of(claim.filed_by),
    ),
    "AppealDecision": lambda story, claim, n: (
        {"registration": claim.registration, "line": claim.line, "partner": claim.filed_by, "reason": "drawn"},
        actor_of(claim.filed_by),
    ),
    "RuleOnAppeal": lambda story, claim, n: (
        {"registration": claim.registration, "line": claim.line, "reverse": n % 2 == 0, "reason": "drawn"},
        DIRK,
    ),
    "RequestSpecialPrice": lambda story, claim, n: (
        {
            "registration": claim.registration,
            "partner": claim.filed_by,
            "line": claim.line,
            "discount": ("0.05", "0.15", "0.40")[n % 3],
            "size": {"amount": ("20000", "200000")[n % 2], "currency": "EUR"},
        },
        actor_of(claim.filed_by),
    ),
}
"""Of a claim, live or ended."""

OF_CONFLICT: dict[str, Callable[[Story, UUID, UUID, int], Asking]] = {
    "SuggestRuling": lambda story, conflict, party, n: (
        {"conflict": conflict, "ruling": "award_challenger", "awarded": party, "reason": "drawn"},
        MARTA,
    ),
    "StayRuling": lambda story, conflict, party, n: ({"conflict": conflict, "reason": "drawn"}, DELLA),
    "RuleOnConflict": lambda story, conflict, party, n: (
        {
            "conflict": conflict,
            "ruling": ("refer", "share", "join", "split_lines", "award_challenger", "uphold_incumbent")[n],
            "awarded": party if n in {SHARE, JOIN, AWARD} else None,
            "refer_to": "dirk" if n == 0 else None,
            "parts": [{"registration": party, "scope": {"territory": "DE"}}] if n == SPLIT else [],
            "reason": "drawn",
        },
        (DESK, DIRK, DELLA)[n % 3],
    ),
}
"""Of a conflict and one of its parties, open or closed."""

OF_ACCOUNT: dict[str, Callable[[Story, str, int], Asking]] = {
    "RecordSale": lambda story, customer, n: (
        {
            "customer": CUSTOMERS[customer],
            "line": "drives",
            "scope": {"territory": "DE"},
            "dealer": ("anna", "carl", "dora")[n % 3],
            "distributor": ("north", "south", "south")[n % 3],
            "sold_on": (story.now - n * 30 * DAY).date(),
            "registration": list(story.registrations)[n % len(story.registrations)] if story.registrations else None,
        },
        DESK,
    ),
    "EndSellerOfRecord": lambda story, customer, n: (
        {
            "customer": CUSTOMERS[customer],
            "partner": ("anna", "carl", "dora")[n % 3],
            "tier": "dealer",
            "line": "drives",
            "scope": {"territory": "DE"},
            "customer_wrote": True,
            "dated_on": story.now.date(),
            "digest": "2" * 64,
            "reason": "drawn",
        },
        DESK,
    ),
    "RecordDirectOpportunity": lambda story, customer, n: (
        {"customer": CUSTOMERS[customer], "lines": ["drives"], "scope": {"territory": ("DE", "world")[n % 2]}},
        OUTSIDE,
    ),
    "FlagAccount": lambda story, customer, n: (
        {"customer": CUSTOMERS[customer], "effective_on": (story.now + 31 * DAY).date(), "reason": "drawn"},
        DESK,
    ),
    "EnterTender": lambda story, customer, n: (
        {
            "customer": CUSTOMERS[customer],
            "reference": f"tender-{n}",
            "lines": ["drives"],
            "scope": {"territory": "DE"},
            "published_on": (story.now - n * DAY).date(),
            "source": "drawn",
        },
        DESK,
    ),
}
"""Of a customer's account."""

OF_CUSTOMER: dict[str, Callable[[Story, UUID, UUID, int], Asking]] = {
    "MergeCustomers": lambda story, one, other, n: ({"customer": one, "absorbed": other, "reason": "drawn"}, DESK),
    "UndoMerge": lambda story, one, other, n: ({"customer": other, "reason": "drawn"}, DESK),
    "TellCustomersApart": lambda story, one, other, n: ({"customer": one, "other": other, "reason": "drawn"}, DESK),
    "NameParentCompany": lambda story, one, other, n: ({"customer": one, "parent": other if n % 2 else None}, DESK),
}
"""Of two customers."""


def command(name: str, said: dict[str, Any]) -> Command:
    """The command of that name."""
    return COMMANDS[name].model_validate({field: value for field, value in said.items() if value is not None})
