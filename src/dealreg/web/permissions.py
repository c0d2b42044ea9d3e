"""Which role may ask what: the row *write* of the table in rules.md section 4.

The door says no to a whole command; whose registration, region or ruling it is, is decided by the core, which gets the same actor.
"""

from typing import Final

from dealreg.vocabulary.fact import PARTNER_ROLES, Role

_MANAGERS: Final = frozenset({Role.CHANNEL_MANAGER, Role.DEAL_DESK})
_DESK: Final = frozenset({Role.DEAL_DESK})
_NOBODY: Final[frozenset[Role]] = frozenset()

MAY: Final[dict[str, frozenset[Role]]] = {
    "FileRegistration": PARTNER_ROLES,
    "SupplementRegistration": PARTNER_ROLES,
    "WithdrawRegistration": PARTNER_ROLES,
    "RecordProgress": PARTNER_ROLES,
    "AddEvidence": PARTNER_ROLES,
    "ReportOutcome": PARTNER_ROLES,
    "AnswerOffer": PARTNER_ROLES,
    "InvitePartner": PARTNER_ROLES,
    "AnswerJoining": PARTNER_ROLES,
    "RequestSpecialPrice": PARTNER_ROLES,
    "DecideSpecialPrice": _MANAGERS,
    "ChangeDistributor": PARTNER_ROLES | _DESK,
    "HideRegistration": PARTNER_ROLES,
    "ReleaseRegistration": _DESK,
    "AskExtension": PARTNER_ROLES,
    "DecideExtension": _MANAGERS,
    "ReconcileRegistration": _DESK,
    "DecideStaleLeg": _DESK,
    "ReportFeedGap": _DESK,
    "ReconcileFeed": _DESK,
    "ReturnRegistration": _MANAGERS,
    "ApproveRegistration": _MANAGERS,
    "DeclineRegistration": _MANAGERS,
    "ProposeOverride": _MANAGERS,
    "ApproveOverride": _DESK,
    "RevokeOverride": _DESK,
    "RuleOnConflict": _DESK,
    "MergeCustomers": _DESK | {Role.CRM},
    "SplitCustomer": _DESK | {Role.CRM},
    "TellCustomersApart": _DESK | {Role.CRM},
    "UndoMerge": _DESK | {Role.CRM},
    "NameParentCompany": _DESK,
    "SuggestRuling": _MANAGERS,
    "StayRuling": _DESK,
    "AppealDecision": PARTNER_ROLES,
    "RuleOnAppeal": _DESK,
    "AmendScope": PARTNER_ROLES,
    "EnrolPartner": _DESK,
    "NameParents": _DESK,
    "ChangeTier": _DESK,
    "AuthorisePartner": _DESK,
    "ChangeStanding": _DESK,
    "PublishRulebook": _DESK,
    "DeclareFieldType": _DESK,
    "RecordSale": _DESK,
    "EndSellerOfRecord": PARTNER_ROLES | _DESK,
    "RecordDirectOpportunity": _DESK,
    "RecordDirectActivity": _DESK,
    "FlagAccount": _DESK,
    "EnterTender": _DESK,
    "EndAccountReport": _DESK,
    # Asked by the clock and the feed, which do not come through this door.
    "BringFileToDue": _NOBODY,
    "BringRegistrationToDue": _NOBODY,
    "BringOverrideToDue": _NOBODY,
    "QuestionIdentity": _NOBODY,
    # Asked by `dealreg import`.
    "ImportPartner": _NOBODY,
    "ImportCustomer": _NOBODY,
    "ImportOpportunity": _NOBODY,
    "ImportRegistration": _NOBODY,
}
"""By the name of the command's class; a command that is not here may be asked by nobody."""

READERS: Final = frozenset(Role) - {Role.CRM, Role.CLOCK}
"""Who reads anything at all; what, is row-level security's business."""

INSIDERS: Final = frozenset({Role.CHANNEL_MANAGER, Role.DEAL_DESK, Role.AUDITOR})
"""The manufacturer's own people, as far as they read: a channel manager its region, the others everything."""

WHOLE_PROGRAM: Final = frozenset({Role.DEAL_DESK, Role.AUDITOR})
"""Who reads what touches no region: dead letters."""


def may(role: Role, command: str) -> bool:
    """Whether a role may ask a command at all."""
    return role in MAY.get(command, _NOBODY)
