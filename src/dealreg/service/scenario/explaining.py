"""A case as prose: who asks what and when, what follows under which clause, and in whose words."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from dealreg.file.events import LegWindow
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.account_words import ACCOUNT_WORDS
from dealreg.service.scenario.expected import Expectation
from dealreg.service.scenario.form import NOTHING, Step
from dealreg.service.scenario.mirror_words import MIRROR_WORDS
from dealreg.service.scenario.running import Played, Result
from dealreg.service.scenario.world import World
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Money

WORDS: Mapping[str, str] = {
    "RegistrationSubmitted": "{registration} is submitted by {filed_by}",
    "RegistrationImported": "it is record {record} of {system}, whose word all that came before this service is",
    "RegistrationFoundIncomplete": "{registration} is incomplete, missing {missing}; closed at {closes_at} unless supplied",
    "RegistrationSupplemented": "{registration} is supplemented",
    "RegistrationCompleted": "{registration} is complete; its priority time is {priority_at} (rulebook {rulebook_version})",
    "RegistrationReturned": "{registration} is returned for more: {reason} Its time is kept if answered before {answer_by}",
    "RegistrationClosed": "{registration} is closed: {reason}",
    "RegistrationApproved": "{registration} is approved by {approved_by}",
    "RegistrationDeclined": "{registration} is declined by {declined_by} under {clause}: {reason}",
    "RegistrationWithdrawn": "{partner} withdraws from {registration}",
    "EvidenceAdded": "{registration} shows {kind} of {dated_on}, brought by {added_by}",
    "ProgressRecorded": "{registration} is at stage {stage}",
    "OutcomeReported": "{registration} is reported {outcome} on {lines}",
    "ClaimEntered": "{registration} takes place {entry} in the customer's file on {line}",
    "ClaimHeldForReview": "{registration} waits for a person on {line} ({clause}): {reason}",
    "ClaimQueued": "{registration} waits on {line} ({clause}): {reason}",
    "ClaimPromoted": "{registration} is no longer behind another on {line}",
    "ClaimContested": "{registration} is contested on {line} ({clause}): {reason}",
    "ClaimDeclined": "{registration} is declined on {line} ({clause}): {reason}",
    "ClaimLinked": "{registration} is linked to {linked_to} on {line} ({clause}) and gains nothing",
    "LineApproved": "{registration} is approved on {line} ({clause}, by {approved_by}: {reason}) {legs}",
    "ProtectionBegan": "the {tier} leg of {partner} on {line} is protected from now on",
    "GraceBegan": "the {tier} leg of {partner} on {line} is in grace to {grace_to}, for it is at stage {stage} (ROE-12)",
    "ExtensionRequested": "{partner} asks for more time on {lines} of {registration} (ROE-13)",
    "ExtensionDecided": "{decided_by} decides on the extension for {partner}: granted {granted}; {reason}",
    "ExtensionAsked": "{days} days more are asked for the {tier} leg of {partner} on {line}; a decision is due by {decide_by} (ROE-13)",
    "ExtensionOverdue": "nobody decided on the extension of the {tier} leg of {partner} on {line}: the {escalate_to} is told (ROE-15)",
    "ExtensionGranted": "the {tier} leg of {partner} on {line} is extended to {window_to} by {granted_by}: {reason} (ROE-13)",
    "ExtensionRefused": "the {tier} leg of {partner} on {line} is not extended, by {refused_by}: {reason} (ROE-13)",
    "CapLifted": "the {tier} leg of {partner} on {line} runs on to {window_to}, for the leg above it was extended (ROE-10)",
    "HoldBegan": "the {tier} leg of {partner} on {line} is held to {hold_to} at most, for its extension is undecided (ROE-13)",
    "PriceHoldBegan": "the {tier} leg of {partner} on {line} is kept to {hold_to} by its special price (ROE-27)",
    "ProgressCounted": "the progress clock of {registration} on {line}: {reason}; limits {limits} (ROE-14)",
    "ProgressReminded": "{registration} is reminded of {line}: no progress; suspended at {suspend_at} (ROE-14)",
    "ReviewClockStopped": "the review clock of {registration} on {line} stands: {reason}; {left_seconds} seconds are left (ROE-15)",
    "ReviewOverdue": "nobody decided on {registration} on {line} in time: the {escalate_to} is told (ROE-15)",
    "FactsWentStale": "{registration} on {line} is stale: {reason}; only hard stops end its legs (ROE-22)",
    "StaleLimitPassed": "{registration} on {line} was not reconciled in time: the desk decides leg by leg (ROE-22)",
    "FactsReconciled": "{registration} on {line} is reconciled by {reconciled_by}: {reason} (ROE-22)",
    "LegThawed": "the clocks of the {tier} leg of {partner} on {line} run again, by {thawed_by}: {reason} (ROE-22)",
    "FactsConfirmed": "{confirmed_by} says that the facts of {registration} are known again: {reason} (ROE-22)",
    "StaleLegDecided": "{decided_by} decides on the stale {tier} leg on {line}: {decision}; {reason} (ROE-22)",
    "FeedGapReported": "{source} says that records changed from {since} on, and not which: what it feeds is held (ROE-22)",
    "FeedReconciled": "{source}'s feed is whole again: {reason}; what it held since {since} takes effect now (ROE-22)",
    "AccountChanged": "the account {record} of {source} says something newer",
    "AccountWentStale": "the account {record} of {source} changed, and the CRM does not say how (ROE-22)",
    "AccountResolved": "it is known who the account {record} of {source} is (ROE-24)",
    "AccountAwaited": "{awaited_by} names the account {record} of {source}, of which nothing is known yet",
    "AccountFollowed": "{records} have waited for the account, and follow it now that it is known",
    "AccountPlaced": "by the word of the account the company above is {parent}, from {held_from} on (ROE-24)",
    "AccountMerged": "the CRM merged the account into {merged_into}, and so the customers are merged (ROE-24)",
    "AccountParted": "the CRM brought the account back, and so the merge of the customers is undone (ROE-24)",
    "AccountLinkRefused": "what the account says under {field} of {named} is not done: {reason}",
    "AccountLinkSettled": "what the account says under {field} is refused no longer",
    "OpportunityWentStale": "the record {record} of {source} changed, and the CRM does not say how (ROE-22)",
    "ProtectionLapsed": "the {tier} leg of {partner} on {line} lapses: {ground} (ROE-12)",
    "LegWithdrawn": "the {tier} leg of {partner} on {line} ends: {reason} (ROE-31)",
    "LegReleased": "the {tier} leg of {partner} on {line} is released ({clause}): {reason}",
    "LegFulfilled": "the {tier} leg of {partner} on {line} is fulfilled (ROE-31)",
    "WinHeldForReview": "the win of {registration} on {line} waits for a person ({clause}): {reason}",
    "LegReopened": "the {tier} leg of {partner} on {line} is protected again to {window_to} ({clause})",
    "LegSuspended": "the {tier} leg of {partner} on {line} is suspended ({clause})",
    "LegReturned": "the {tier} leg of {partner} on {line} returns, protected to {window_to} (ROE-21)",
    "LineOffered": "{line} is offered to {registration}, which has until {offer_to}",
    "OfferEnded": "the offer of {line} to {registration} ends: {reason}",
    "QueueLeft": "{registration} leaves the queue of {line}: {reason}",
    "JoiningAsked": "the {asks} is asked whether {partner} joins {registration} on {line} (ROE-10), until {answer_to}",
    "JoiningEnded": "the joining of {registration} on {line} ends: {reason}",
    "LegJoined": "{leg} joins {registration} on {line} (ROE-10)",
    "CustomerRecognised": "described otherwise, and known: {name} in {place}",
    "CustomerSplit": "the customer was two from the beginning: {reason}",
    "RegistrationRekeyed": "{registration} is of another customer from here on",
    "IdentifierShared": "{scheme} {value} names this customer too",
    "CustomerOpened": "nobody knew this customer: {name} in {place}",
    "IdentifierAssigned": "{scheme} {value} names it from here on",
    "NameKeyUsed": "the name is kept, so that a person is asked when another like it comes",
    "ConflictOpened": "the conflict over {line} is between {parties}",
    "ConflictSettled": "the conflict over {line} waits for no ruling",
    "ConflictClockSet": "limits of the conflict over {line}: evidence {evidence_to}, ruling {ruling_to}, stay {stay_to}, appeal {appeal_to}",
    "ScopeNarrowed": "{registration} claims {line} in {scope} only from here on ({clause}): {reason}",
    "ScopeAmended": "{amended_by} narrows {line} of {registration} to {scope}",
    "ClaimSetBeside": "{registration} and {beside} do not exclude one another on {line} ({clause}): {reason}",
    "ClaimRestored": "{registration} waits for its decision on {line} again ({clause}): {reason}",
    "AppealLodged": "{appealed_by} appeals against the {against} of {line}, decided by {decided_by}: {reason} A judgement is due by {ruling_to} (ROE-29)",
    "AppealOverdue": "nobody judged the appeal on {line} in time: the {escalate_to} is told, and again at {again_at} (ROE-29)",
    "AppealRuled": "{ruled_by} judges the appeal against the {against} of {line}: reversed {reversed}; {reason} (ROE-29)",
    "OpportunityChanged": "the record {record} of {source} says something newer",
    "OverrideBegan": "{override} acts on {line} to {override_to}: {verb}",
    "OverrideLifted": "{override} no longer acts on {line}: {reason}",
    "OverrideProposed": "{override} is proposed by {proposed_by}: {verb}, for {ground}: {reason}",
    "OverrideApproved": "{override} is approved by {approved_by}",
    "OverrideTookForce": "{override} is in force",
    "OverrideRevoked": "{override} is revoked by {revoked_by}: {reason}",
    "OverrideEnded": "{override} ends: {reason}",
    "ConflictDetected": "a conflict opens over {line}: {kind} ({clause}); {ground}",
    "ChallengerJoined": "one more challenger joins the conflict: {ground}",
    "RulingProposed": "the rulebook proposes {ruling} for {awarded} ({clause}): {reasons}",
    "EvidenceShown": "{registration} shows {kind} of {dated_on} in the conflict; a ground: {counts} (ROE-26)",
    "EvidenceClosed": "the time for evidence is over",
    "RulingSuggested": "{suggested_by} would rule {ruling} for {awarded}: {reason}",
    "ConflictReferred": "{referred_by} refers the conflict to {referred_to}: {reason}",
    "RulingOverdue": "no ruling came by {due_at}: the {escalate_to} is told, and again at {again_at}",
    "ConflictAppealed": "{appealed_by} appeals for {registration}: {reason} Another person judges by {ruling_to} (ROE-29)",
    "RulingStayed": "{stayed_by} lets the ruling rest to {stay_to} at most: {reason} (ROE-29)",
    "StayEnded": "the stay is over: {reason}",
    "ConflictRuled": "{ruled_by} rules {ruling} for {awarded} ({clause}): {reason}",
    "PartyLeft": "{registration} leaves the conflict: {reason}",
    "ConflictClosed": "the conflict is closed: {reason}",
    "StandingNoted": "the partner of the {tier} leg on {line}, {partner}, is {standing} from here on ({clause})",
    "DistributorNamed": "{line} goes through {partner} from here on ({clause}): {reason}",
    "ShowingAsked": "the dealer of {registration} is asked to show it ({clause})",
    "DistributorChanged": "{partner} goes through {distributor} from here on ({clause}); {left} is out",
    "RegistrationHidden": "{partner} hides {registration} from the distributors above (ROE-32)",
    "RegistrationShown": "{registration} is shown to the distributors above: {reason} (ROE-32)",
    "RegistrationReleased": "{released_by} releases {registration} under {clause}: {reason}",
    "AppealAsked": "{partner} asks for another judge of {line} (ROE-29)",
    "AppealJudged": "{judged_by} judged the appeal on {line} (ROE-29)",
    "PartnerStandingChanged": "{partner} is {standing} from {standing_from}",
    "PartnerParentsNamed": "{partner} buys through {parents} from {parents_from}",
    **ACCOUNT_WORDS,
    **MIRROR_WORDS,
}
"""What a fact says; one that is not here is told by its name."""


def explained(result: Result) -> str:
    """The case and what became of it, in paragraphs."""
    case = result.case
    numbers = f"; case {', '.join(case.case)} of the domain" if case.case else ""
    head = [f"{case.scenario}.", f"({case.rule}{numbers})"]
    because = [f"\n{case.because.strip()}"] if case.because else []
    steps = [line for played in result.played for line in _told(result.world, played)]
    faults = [f"  NOT SO: {fault}" for fault in result.faults]
    return "\n".join([" ".join(head), *because, *steps, *(["", *faults] if faults else [])])


def _told(world: World, played: Played) -> Iterator[str]:
    step = played.step
    at = world.local(world.filling.instant(step.at))
    yield f"\n{at:%A %d %B %Y, %H:%M:%S}  {asked(step)}"
    if played.refused is not None:
        clause = f" ({played.refused.clause})" if played.refused.clause else ""
        yield f"  Refused{clause}: {played.refused.reason}."
    for fact in played.facts:
        yield f"  - {_at(world, fact, at)}{said(world, fact.event)}"
    for expected in step.then.expected if step.then is not None else ():
        yield f"  So {_expected(expected)}."


def asked(step: Step) -> str:
    """The request of a step in words."""
    if step.command == NOTHING:
        return "Nothing happens."
    who = f" by {step.by}" if step.by else ""
    name = f" as {step.name}" if step.name else ""
    return f"{_spaced(step.command)}{name}{who}: {_inline(step.fields)}"


def said(world: World, event: Event) -> str:
    """What a fact says, with the short names of the case."""
    words = WORDS.get(type(event).__name__)
    if words is None:
        return _spaced(type(event).__name__).lower()
    parts = {field: value_of(world, getattr(event, field)) for field in type(event).model_fields}
    return words.format(**parts)


def value_of(world: World, value: Any) -> str:
    """A value as the case would write it."""
    match value:
        case UUID():
            return world.names.word(value)
        case datetime():
            return f"{world.local(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case LegWindow():
            last = world.local(value.window_to - timedelta(microseconds=1)).date()
            return f"{value.tier} {value.partner} from {value_of(world, value.window_from)} until {last}"
        case Money():
            return f"{value.amount} {value.currency}"
        case tuple():
            return "; ".join(value_of(world, one) for one in value)
        case BaseModel():
            return str(value.model_dump(mode="json", exclude_none=True))
        case _:
            return str(value)


def _at(world: World, fact: Recorded, at: datetime) -> str:
    """When a fact took effect, where that was before it was asked for."""
    effective = world.local(fact.meta.effective_at)
    return f"[{effective:%Y-%m-%d %H:%M}] " if effective != at else ""


def _expected(expected: Expectation) -> str:
    parts = ", ".join(f"{part.replace('_', ' ')} {wanted}" for part, wanted in expected.parts.items())
    return f"{expected.subject}: {parts}"


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inline(one)}" for key, one in value.items())
    return ", ".join(_inline(one) for one in value) if isinstance(value, list) else str(value)
