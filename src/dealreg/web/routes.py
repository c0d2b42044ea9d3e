"""Every command that may be asked over HTTP, with its place and an example."""

from typing import Any, Final

from dealreg.override.commands import ApproveOverride, ProposeOverride, RevokeOverride
from dealreg.partner.commands import AuthorisePartner, ChangeStanding, ChangeTier, EnrolPartner, NameParents
from dealreg.registration import commands as asked
from dealreg.rulebook.commands import PublishRulebook
from dealreg.web.account_writes import ACCOUNTS
from dealreg.web.appeal_writes import APPEALS
from dealreg.web.custom_fields import FIELDS
from dealreg.web.identity import CUSTOMERS
from dealreg.web.party_writes import PARTIES
from dealreg.web.prices import PRICES
from dealreg.web.stale import FEEDS
from dealreg.web.time_writes import TIMES
from dealreg.web.writes import Write

_ACME: Final = "5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a001"
_LINE: Final[dict[str, Any]] = {
    "line": "storage",
    "scope": {"territory": "DE"},
    "legs": [{"tier": "distributor", "partner": "northwind"}, {"tier": "dealer", "partner": "contoso"}],
}
_PROOF: Final[dict[str, Any]] = {"kind": "quote", "dated_on": "2026-02-03", "digest": "0" * 64}

_REGISTRATION = "/registrations/{registration}"

REGISTRATIONS: Final = (
    Write(
        "/registrations",
        asked.FileRegistration,
        "registrations",
        creates="registration",
        example={
            "customer": {
                "identifiers": [{"scheme": "duns", "value": "150483782"}],
                "name": "Acme GmbH",
                "country": "DE",
            },
            "lines": [_LINE],
            "value": {"amount": "48000.00", "currency": "EUR"},
            "close_on": "2026-09-30",
            "contact": "Erika Mustermann, erika@acme.example",
        },
    ),
    Write(
        f"{_REGISTRATION}/supplement",
        asked.SupplementRegistration,
        "registrations",
        example={"value": {"amount": "48000.00", "currency": "EUR"}},
    ),
    Write(
        f"{_REGISTRATION}/return",
        asked.ReturnRegistration,
        "registrations",
        decides="registration",
        example={"reason": "The quote names another site; send the one for Hamburg."},
    ),
    Write(f"{_REGISTRATION}/approve", asked.ApproveRegistration, "registrations", decides="registration"),
    Write(
        f"{_REGISTRATION}/decline",
        asked.DeclineRegistration,
        "registrations",
        decides="registration",
        example={"clause": "ROE-1", "reason": "The same deal is held for a rival brand."},
    ),
    Write(f"{_REGISTRATION}/withdraw", asked.WithdrawRegistration, "registrations"),
    Write(f"{_REGISTRATION}/progress", asked.RecordProgress, "registrations", example={"stage": "negotiation"}),
    Write(f"{_REGISTRATION}/evidence", asked.AddEvidence, "registrations", example={"evidence": _PROOF}),
    Write(
        f"{_REGISTRATION}/outcome",
        asked.ReportOutcome,
        "registrations",
        example={"outcome": "won", "lines": ["storage"], "closed_at": "2026-05-04T10:00:00Z"},
    ),
    Write(f"{_REGISTRATION}/offer", asked.AnswerOffer, "registrations", example={"line": "storage", "accept": True}),
    Write(
        f"{_REGISTRATION}/invitations",
        asked.InvitePartner,
        "registrations",
        example={"line": "storage", "tier": "dealer", "partner": "contoso"},
    ),
    Write(f"{_REGISTRATION}/joinings/{{joining}}", asked.AnswerJoining, "registrations", example={"agree": True}),
)

RULINGS: Final = (
    Write(
        "/overrides",
        ProposeOverride,
        "overrides",
        creates="override",
        example={
            "verb": "suspend",
            "ground": "supply_constraint",
            "reason": "Allocation of drives is stopped until the plant delivers again.",
            "customer": _ACME,
            "line": "storage",
            "scope": {"territory": "DE"},
            "override_to": "2026-09-01T00:00:00Z",
        },
    ),
    Write("/overrides/{override}/approve", ApproveOverride, "overrides", decides="override"),
    Write(
        "/overrides/{override}/revoke",
        RevokeOverride,
        "overrides",
        decides="override",
        example={"reason": "The plant delivers again."},
    ),
)

PROGRAM: Final = (
    Write(
        "/partners/{partner}",
        EnrolPartner,
        "program",
        method="PUT",
        example={
            "track": "dealer",
            "tier": "premier",
            "lines": ["storage"],
            "territories": ["DE"],
            "parents": ["northwind"],
        },
    ),
    Write("/partners/{partner}/parents", NameParents, "program", example={"parents": ["northwind"]}),
    Write("/partners/{partner}/tier", ChangeTier, "program", example={"tier": "elite"}),
    Write(
        "/partners/{partner}/authorisation",
        AuthorisePartner,
        "program",
        example={"lines": ["storage"], "territories": ["DE"], "specialisations": []},
    ),
    Write("/partners/{partner}/standing", ChangeStanding, "program", example={"standing": "hold"}),
    Write(
        "/rulebooks",
        PublishRulebook,
        "program",
        example={
            "document": {
                "program": "reference",
                "version": "2026-2",
                "force_from": "2026-07-01T00:00:00Z",
                "territories": [{"territory": "EMEA"}, {"territory": "DE", "within": "EMEA"}],
                "product_lines": [{"line": "storage"}],
            }
        },
    ),
)

WRITES: Final = (
    *REGISTRATIONS,
    *TIMES,
    *PARTIES,
    *PRICES,
    *APPEALS,
    *ACCOUNTS,
    *CUSTOMERS,
    *RULINGS,
    *PROGRAM,
    *FIELDS,
    *FEEDS,
)
