"""What the desk tells of a customer's account over HTTP: sales, direct opportunities, flags, tenders (ROE-18 to ROE-20, 23, 25)."""

from typing import Any, Final

from dealreg.customer.account_commands import (
    EndAccountReport,
    EndSellerOfRecord,
    EnterTender,
    FlagAccount,
    RecordDirectActivity,
    RecordDirectOpportunity,
    RecordSale,
)
from dealreg.web.writes import Write

_CUSTOMER: Final[dict[str, Any]] = {"identifiers": [{"scheme": "duns", "value": "150483782"}]}
_SCOPE: Final[dict[str, Any]] = {"territory": "DE"}

ACCOUNTS: Final = (
    Write(
        "/accounts/sales",
        RecordSale,
        "accounts",
        example={
            "customer": _CUSTOMER,
            "line": "storage",
            "scope": _SCOPE,
            "dealer": "contoso",
            "distributor": "northwind",
            "sold_on": "2026-03-18",
            "reference": "POS 2026-03/4711",
        },
    ),
    Write(
        "/accounts/sellers-of-record/end",
        EndSellerOfRecord,
        "accounts",
        example={
            "customer": _CUSTOMER,
            "tier": "dealer",
            "line": "storage",
            "scope": _SCOPE,
            "dated_on": "2026-03-02",
            "digest": "0" * 64,
            "reason": "We leave this customer to others.",
        },
    ),
    Write(
        "/accounts/direct-opportunities",
        RecordDirectOpportunity,
        "accounts",
        example={"customer": _CUSTOMER, "lines": ["storage"], "scope": _SCOPE},
    ),
    Write(
        "/accounts/flags",
        FlagAccount,
        "accounts",
        example={
            "customer": _CUSTOMER,
            "lines": ["storage"],
            "effective_on": "2199-01-01",
            "reason": "The group negotiates centrally from next year on.",
        },
    ),
    Write(
        "/accounts/tenders",
        EnterTender,
        "accounts",
        example={
            "customer": _CUSTOMER,
            "reference": "2026/S 049-0001",
            "lines": ["storage"],
            "scope": _SCOPE,
            "published_on": "2026-03-10",
            "source": "The official journal.",
        },
    ),
    Write(
        "/accounts/reports/{report}/activity",
        RecordDirectActivity,
        "accounts",
        example={"active_at": "2026-03-18T09:00:00Z"},
    ),
    Write(
        "/accounts/reports/{report}/end",
        EndAccountReport,
        "accounts",
        example={"reason": "The contract was awarded."},
    ),
)
