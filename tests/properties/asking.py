"""What may be asked of a claim, a conflict, an account or a customer, by the command's name: a command more is one entry here.

Each entry says the fields from what it is asked of and a small number that was drawn; who asks stands beside it.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dealreg.file.state import Claim
from dealreg.process.deciding import COMMANDS
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.fact import Actor, Command, Role
from dealreg.vocabulary.ids import StreamId
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


@dataclass(frozen=True)
class Of:
    """Of what something is asked, and a small number that was drawn; what is not named is not looked at."""

    story: Story
    n: int
    claim: Any = None
    conflict: UUID | None = None
    party: UUID | None = None
    name: str = ""
    one: UUID | None = None
    other: UUID | None = None


def _leg(claim: Claim, number: int) -> Any:
    return claim.legs[number % len(claim.legs)]


OF_CLAIM: dict[str, Callable[[Of], Asking]] = {
    "AskExtension": lambda of: (
        {"registration": of.claim.registration, "partner": _leg(of.claim, of.n).partner, "lines": [of.claim.line]},
        actor_of(_leg(of.claim, of.n).partner),
    ),
    "DecideExtension": lambda of: (
        {
            "registration": of.claim.registration,
            "partner": _leg(of.claim, of.n).partner,
            "grant": of.n != 0,
            "reason": "drawn",
        },
        MARTA,
    ),
    "ReconcileRegistration": lambda of: ({"registration": of.claim.registration, "reason": "drawn"}, DESK),
    "DecideStaleLeg": lambda of: (
        {
            "registration": of.claim.registration,
            "line": of.claim.line,
            "tier": _leg(of.claim, of.n).tier,
            "decision": ("run", "release")[of.n % 2],
            "reason": "drawn",
        },
        DESK,
    ),
    "HideRegistration": lambda of: (
        {"registration": of.claim.registration, "partner": of.claim.filed_by, "hidden": of.n % 2 == 0},
        actor_of(of.claim.filed_by),
    ),
    "ReleaseRegistration": lambda of: (
        {"registration": of.claim.registration, "clause": "ROE-1", "reason": "drawn"},
        DESK,
    ),
    "ChangeDistributor": lambda of: (
        {
            "registration": of.claim.registration,
            "partner": of.claim.filed_by,
            "distributor": ("north", "south")[of.n % 2],
        },
        actor_of(of.claim.filed_by),
    ),
    "AmendScope": lambda of: (
        {
            "registration": of.claim.registration,
            "line": of.claim.line,
            "scope": {"territory": ("DE", "FR")[of.n % 2]},
            "partner": of.claim.filed_by,
        },
        actor_of(of.claim.filed_by),
    ),
    "AppealDecision": lambda of: (
        {"registration": of.claim.registration, "line": of.claim.line, "partner": of.claim.filed_by, "reason": "drawn"},
        actor_of(of.claim.filed_by),
    ),
    "RuleOnAppeal": lambda of: (
        {"registration": of.claim.registration, "line": of.claim.line, "reverse": of.n % 2 == 0, "reason": "drawn"},
        DIRK,
    ),
    "RequestSpecialPrice": lambda of: (
        {
            "registration": of.claim.registration,
            "partner": of.claim.filed_by,
            "line": of.claim.line,
            "discount": ("0.05", "0.15", "0.40")[of.n % 3],
            "size": {"amount": ("20000", "200000")[of.n % 2], "currency": "EUR"},
        },
        actor_of(of.claim.filed_by),
    ),
}
"""Of a claim, live or ended."""

OF_CONFLICT: dict[str, Callable[[Of], Asking]] = {
    "SuggestRuling": lambda of: (
        {"conflict": of.conflict, "ruling": "award_challenger", "awarded": of.party, "reason": "drawn"},
        MARTA,
    ),
    "StayRuling": lambda of: ({"conflict": of.conflict, "reason": "drawn"}, DELLA),
    "RuleOnConflict": lambda of: (
        {
            "conflict": of.conflict,
            "ruling": ("refer", "share", "join", "split_lines", "award_challenger", "uphold_incumbent")[of.n],
            "awarded": of.party if of.n in {SHARE, JOIN, AWARD} else None,
            "refer_to": "dirk" if of.n == 0 else None,
            "parts": [{"registration": of.party, "scope": {"territory": "DE"}}] if of.n == SPLIT else [],
            "reason": "drawn",
        },
        (DESK, DIRK, DELLA)[of.n % 3],
    ),
}
"""Of a conflict and one of its parties, open or closed."""

OF_ACCOUNT: dict[str, Callable[[Of], Asking]] = {
    "RecordSale": lambda of: (
        {
            "customer": CUSTOMERS[of.name],
            "line": "drives",
            "scope": {"territory": "DE"},
            "dealer": ("anna", "carl", "dora")[of.n % 3],
            "distributor": ("north", "south", "south")[of.n % 3],
            "sold_on": (of.story.now - of.n * 30 * DAY).date(),
            "registration": list(of.story.registrations)[of.n % len(of.story.registrations)]
            if of.story.registrations
            else None,
        },
        DESK,
    ),
    "EndSellerOfRecord": lambda of: (
        {
            "customer": CUSTOMERS[of.name],
            "partner": ("anna", "carl", "dora")[of.n % 3],
            "tier": "dealer",
            "line": "drives",
            "scope": {"territory": "DE"},
            "customer_wrote": True,
            "dated_on": of.story.now.date(),
            "digest": "2" * 64,
            "reason": "drawn",
        },
        DESK,
    ),
    "RecordDirectOpportunity": lambda of: (
        {"customer": CUSTOMERS[of.name], "lines": ["drives"], "scope": {"territory": ("DE", "world")[of.n % 2]}},
        OUTSIDE,
    ),
    "FlagAccount": lambda of: (
        {"customer": CUSTOMERS[of.name], "effective_on": (of.story.now + 31 * DAY).date(), "reason": "drawn"},
        DESK,
    ),
    "EnterTender": lambda of: (
        {
            "customer": CUSTOMERS[of.name],
            "reference": f"tender-{of.n}",
            "lines": ["drives"],
            "scope": {"territory": "DE"},
            "published_on": (of.story.now - of.n * DAY).date(),
            "source": "drawn",
        },
        DESK,
    ),
}
"""Of a customer's account."""


def _filed_on(of: Of) -> list[UUID]:
    """The registrations of a customer, the newest first."""
    held = of.story.ledger.states
    known = [one for one in of.story.registrations if held.state(REGISTRATION, StreamId(one)).customer == of.one]
    return known[::-1]


OF_CUSTOMER: dict[str, Callable[[Of], Asking]] = {
    "MergeCustomers": lambda of: ({"customer": of.one, "absorbed": of.other, "reason": "drawn"}, DESK),
    "UndoMerge": lambda of: ({"customer": of.other, "reason": "drawn"}, DESK),
    "TellCustomersApart": lambda of: ({"customer": of.one, "other": of.other, "reason": "drawn"}, DESK),
    "SplitCustomer": lambda of: (
        {
            "customer": of.one,
            "registrations": _filed_on(of)[: 1 + of.n % 2] or [UUID(int=1)],
            "identifiers": [{"scheme": "domain", "value": "acme.example"}] if of.n % 3 == 0 else [],
            "to": of.other if of.n % 2 else None,
            "name": f"Split {of.n}",
            "reason": "drawn",
        },
        DESK,
    ),
    "NameParentCompany": lambda of: ({"customer": of.one, "parent": of.other if of.n % 2 else None}, DESK),
}
"""Of two customers."""


def command(name: str, said: dict[str, Any]) -> Command:
    """The command of that name."""
    return COMMANDS[name].model_validate({field: value for field, value in said.items() if value is not None})
