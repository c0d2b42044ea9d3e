"""Every command, where it is decided, and which stream remembers its answer."""

from typing import Any
from uuid import UUID

from dealreg.account.commands import FoldAccount, FollowAccount
from dealreg.account.state import ACCOUNT
from dealreg.conflict import commands as conflicts
from dealreg.conflict.state import CONFLICT
from dealreg.customer.account_commands import EndAccountReport, RecordDirectActivity, TellOfAccount
from dealreg.customer.commands import OfCustomer
from dealreg.customer.reports import REPORT
from dealreg.customer.state import CUSTOMER, IDENTIFIER, NAME_KEY
from dealreg.feed.commands import OfFeed, ReconcileFeed, ReportFeedGap
from dealreg.feed.state import FEED
from dealreg.file.commands import BringFileToDue, BringOverrideToDue, BringRegistrationToDue
from dealreg.file.evolve import FILE
from dealreg.mirror.commands import DeclareFieldType
from dealreg.mirror.state import CRM_SCHEMA
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.override import commands as overrides
from dealreg.override.state import OVERRIDE
from dealreg.partner import commands as partners
from dealreg.partner.state import PARTNER
from dealreg.pricing import commands as prices
from dealreg.pricing.state import SPECIAL_PRICE
from dealreg.process import (
    amend_scope,
    appeal_decision,
    change_distributor,
    decide_price,
    enrol_partner,
    extend_leg,
    feed_gaps,
    file_registration,
    fold_account,
    fold_opportunity,
    hide_registration,
    mirror_fields,
    override_rules,
    permit,
    publish_rulebook,
    record_outcome,
    record_progress,
    release_registration,
    review_registration,
    rule_on_appeal,
    rule_on_conflict,
    special_price,
    stale_facts,
    supplement_registration,
)
from dealreg.process.answers import (
    Answer,
    Decide,
    file_due,
    invited,
    on_conflict,
    on_override,
    on_price,
    on_registration,
    override_due,
    registration_due,
    written,
)
from dealreg.process.imports import IMPORTED, home_of_import
from dealreg.process.of_customer import OF_CUSTOMER
from dealreg.process.tell_of_account import TOLD, home_of_report
from dealreg.registration import appeal_commands as appeals
from dealreg.registration import commands as registrations
from dealreg.registration import party_commands as parties
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.commands import PublishRulebook
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Aggregate, Command, Request
from dealreg.vocabulary.ids import (
    StreamId,
    account_id,
    crm_schema_id,
    feed_stream,
    file_stream,
    override_id,
    partner_stream,
    registration_id,
    rulebook_stream,
    special_price_id,
)
from dealreg.vocabulary.situation import Situation

AGGREGATES: dict[str, Aggregate[Any]] = {
    aggregate.name: aggregate
    for aggregate in (
        PARTNER,
        RULEBOOK,
        REGISTRATION,
        FILE,
        CUSTOMER,
        IDENTIFIER,
        NAME_KEY,
        CONFLICT,
        OVERRIDE,
        OPPORTUNITY,
        ACCOUNT,
        CRM_SCHEMA,
        FEED,
        SPECIAL_PRICE,
        REPORT,
    )
}
"""Every kind of stream by name."""


DECIDED: dict[type[Command], Decide] = {
    registrations.FileRegistration: on_registration(file_registration.file_registration),
    registrations.SupplementRegistration: on_registration(supplement_registration.supplement),
    registrations.ReturnRegistration: on_registration(review_registration.return_registration),
    registrations.ApproveRegistration: on_registration(review_registration.approve_registration),
    registrations.DeclineRegistration: on_registration(review_registration.decline_registration),
    registrations.WithdrawRegistration: on_registration(record_outcome.withdraw),
    registrations.RecordProgress: on_registration(record_progress.progress),
    registrations.AddEvidence: on_registration(record_progress.evidence),
    registrations.AskExtension: on_registration(extend_leg.ask_extension),
    registrations.DecideExtension: on_registration(extend_leg.decide_extension),
    registrations.ReconcileRegistration: on_registration(stale_facts.reconcile),
    registrations.DecideStaleLeg: on_registration(stale_facts.decide_stale_leg),
    registrations.ReportOutcome: on_registration(record_outcome.report),
    registrations.AnswerOffer: on_registration(record_progress.answer_offer),
    registrations.InvitePartner: invited,
    registrations.AnswerJoining: on_registration(record_progress.answer_joining),
    parties.ChangeDistributor: on_registration(change_distributor.change_distributor),
    parties.HideRegistration: on_registration(hide_registration.hide_registration),
    parties.ReleaseRegistration: on_registration(release_registration.release_registration),
    conflicts.RuleOnConflict: on_conflict(rule_on_conflict.rule_on),
    conflicts.SuggestRuling: on_conflict(rule_on_conflict.suggest),
    conflicts.StayRuling: on_conflict(rule_on_conflict.stay_ruling),
    appeals.AppealDecision: on_registration(appeal_decision.appeal),
    appeals.RuleOnAppeal: on_registration(rule_on_appeal.rule_on_appeal),
    appeals.AmendScope: on_registration(amend_scope.amend_scope),
    overrides.ProposeOverride: on_override(override_rules.propose),
    overrides.ApproveOverride: on_override(override_rules.approve),
    overrides.RevokeOverride: on_override(override_rules.revoke),
    prices.RequestSpecialPrice: on_price(special_price.request_price),
    prices.DecideSpecialPrice: on_price(decide_price.decide_price),
    FoldOpportunity: fold_opportunity.fold_opportunity,
    FoldAccount: fold_account.fold_account,
    FollowAccount: fold_account.follow_account,
    DeclareFieldType: mirror_fields.declare,
    ReportFeedGap: feed_gaps.report_gap,
    ReconcileFeed: feed_gaps.reconcile_feed,
    BringFileToDue: file_due,
    BringRegistrationToDue: registration_due,
    BringOverrideToDue: override_due,
}
"""Where each command is decided; those of partners and rulebooks come from their own files."""

DECIDED.update(
    dict.fromkeys(
        (
            partners.EnrolPartner,
            partners.ImportPartner,
            partners.NameParents,
            partners.ChangeTier,
            partners.AuthorisePartner,
            partners.ChangeStanding,
        ),
        written(enrol_partner.decide),
    )
)
DECIDED.update(TOLD)
DECIDED.update(OF_CUSTOMER)
DECIDED.update(IMPORTED)
DECIDED[PublishRulebook] = written(publish_rulebook.decide)

COMMANDS: dict[str, type[Command]] = {command.__name__: command for command in DECIDED}
"""Every command by class name."""


def decide(request: Request, situation: Situation) -> Answer:
    """Decide what is asked; the facts are in the situation. Raises ``Unread`` and ``Refused``."""
    registration = getattr(request.command, "registration", None)
    if isinstance(registration, UUID):
        permit.may_know(situation, request.actor, registration)
    return DECIDED[type(request.command)](situation, request, request.command)


def home_of(request: Request) -> tuple[str, StreamId]:
    """The stream that remembers what was answered, and its kind."""
    command, program = request.command, request.program
    if type(command) in IMPORTED:
        return home_of_import(request, command)
    match command:
        case registrations.FileRegistration():
            return "registration", StreamId(registration_id(program, command.filed_by, request.id))
        case registrations.OfRegistration():
            return "registration", StreamId(command.registration)
        case conflicts.OfConflict():
            return "conflict", StreamId(command.conflict)
        case overrides.ProposeOverride():
            return "override", StreamId(override_id(program, request.actor.caller, request.id))
        case overrides.ApproveOverride() | overrides.RevokeOverride() | BringOverrideToDue():
            return "override", StreamId(command.override)
        case prices.RequestSpecialPrice():
            return "special_price", StreamId(special_price_id(program, request.actor.caller, request.id))
        case prices.DecideSpecialPrice():
            return "special_price", StreamId(command.special_price)
        case TellOfAccount() | RecordDirectActivity() | EndAccountReport():
            return "account_report", home_of_report(request)
        case OfCustomer():
            return "customer", StreamId(command.customer)
        case partners.OfPartner():
            return "partner", partner_stream(program, command.partner)
        case PublishRulebook():
            return "rulebook", rulebook_stream(program)
        case FoldOpportunity():
            return "opportunity", StreamId(command.message.opportunity)
        case FoldAccount():
            return "account", StreamId(command.message.account)
        case FollowAccount():
            return "account", StreamId(account_id(command.source, command.record))
        case DeclareFieldType():
            return "crm_schema", crm_schema_id(program, command.source, command.entity)
        case OfFeed():
            return "feed", feed_stream(program, command.source)
        case BringFileToDue():
            return "file", file_stream(program, command.customer)
        case BringRegistrationToDue():
            return "registration", StreamId(command.registration)
        case _:
            raise TypeError(f"{type(command).__name__} is no command of this service")


def home(request: Request) -> StreamId:
    """The stream that remembers the answer."""
    return home_of(request)[1]


def home_kind(request: Request) -> str:
    """The kind of that stream."""
    return home_of(request)[0]
