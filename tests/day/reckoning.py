"""Whether a day came through whole: every message accounted for, every record as its CRM has it, and what is protected in the evening."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dealreg.account.commands import FoldAccount
from dealreg.account.state import ACCOUNT, Account
from dealreg.conflict.events import ConflictDetected
from dealreg.file.evolve import FILE
from dealreg.file.state import LIVE
from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.opportunity.decide import fold
from dealreg.opportunity.state import OPPORTUNITY, Opportunity
from dealreg.process.deciding import AGGREGATES
from dealreg.registration.events import RegistrationSubmitted
from dealreg.registration.state import REGISTRATION
from dealreg.service.ingest.due import events_of
from dealreg.service.ingest.reconciling import read_states
from dealreg.service.intake import read_again
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.ledger.cache import States
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.ids import account_id, file_stream, opportunity_id
from tests.day.crms import Crm
from tests.day.traffic import Day, as_served, mappings
from tests.fix_intake import delivered, event


@dataclass
class Reckoned:
    """``messages`` by what became of them; ``wrong`` says in words what is not as it has to be."""

    messages: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    protected: dict[str, Any] = field(default_factory=dict)
    conflicts: Counter[str] = field(default_factory=Counter)


def reckon(ledger: Ledger, made: Day, program: str, *, read_again_too: bool) -> Reckoned:
    """``read_again_too``: gaps were closed, so that even what was told as a gap has to be as the CRM has it."""
    found = Reckoned()
    documents = [MappingDocument.model_validate(one) for one in mappings(made.crms, "http://localhost")]
    reading = Reading(Mappings(documents), program)
    states = States(ledger, AGGREGATES, size=1)
    _messages(ledger, reading, made, states, found)
    _truth(reading, made, states, found, read_again_too=read_again_too)
    _protected(ledger, states, program, found)
    return found


def _messages(ledger: Ledger, reading: Reading, made: Day, states: States, found: Reckoned) -> None:
    """Each message once: decided (its change is there, or something newer is), or a dead letter with the very bytes and the reason."""
    # What the door turned away is kept where the database is there at that moment, and never decided.
    rows = ledger.run("SELECT bytes, reason FROM intake.dead_letters WHERE reason <> 'forged'")
    dead = Counter((bytes(row["bytes"]), row["reason"]) for row in rows)
    wanted = Counter((post.body, post.poison) for post in made.real if post.poison is not None)
    found.messages["dead_lettered"] = dead.total()
    found.wrong += [
        f"dead letter {reason}: {body[:80]!r} {number} times too often"
        for (body, reason), number in (dead - wanted).items()
    ]
    found.wrong += [f"no dead letter {reason}: {body[:80]!r}" for (body, reason) in wanted - dead]
    commands = []
    for number, post in enumerate(made.posts):
        if post.poison is not None or post.again:
            continue
        try:
            parsed = reading.parse(delivered(post.body, number + 1, post.headers))
        except Unreadable as unreadable:
            found.wrong.append(f"{post.source} cannot be read: {unreadable.words}")
            continue
        found.messages["nothing_to_decide"] += not parsed.commands
        commands += [built.command for built in parsed.commands]
    known: dict[UUID, Opportunity] = read_states(
        states, OPPORTUNITY, {one.message.opportunity for one in commands if isinstance(one, FoldOpportunity)}
    )
    for command in commands:
        if isinstance(command, FoldAccount):
            found.messages["accounts"] += 1
        if isinstance(command, FoldOpportunity):
            _one(known.get(command.message.opportunity), command.message, found)


def _one(state: Opportunity | None, message: OpportunityMessage, found: Reckoned) -> None:
    if state is None:
        found.wrong.append(f"{message.source} {message.record} is not known at all")
    elif message.digest in state.digests:
        found.messages["folded"] += 1
    elif (
        message.change.value == "gap" and state.whole is not None and state.whole > (message.order, message.digest)
    ) or (message.change.value != "gap" and fold(state, message) is None):
        found.messages["nothing_newer"] += 1
    else:
        found.wrong.append(f"lost: {message.change} of {message.source} {message.record} at {message.changed_at}")


def _truth(reading: Reading, made: Day, states: States, found: Reckoned, *, read_again_too: bool) -> None:
    """Every record as its CRM has it in the evening, field by field, by the same mapping."""
    for crm in made.crms:
        streams = {record: opportunity_id(crm.source, record) for record in crm.truth}
        known: dict[UUID, Opportunity] = read_states(states, OPPORTUNITY, set(streams.values()))
        if crm.accounts and read_again_too:
            _accounts(crm, states, found)
        for record, (fields, at, gone) in crm.truth.items():
            state = known.get(streams[record])
            if state is None or (state.stale and not read_again_too):
                continue
            if state.stale:
                found.wrong.append(f"{crm.source} {record} is still stale")
            if state.deleted is not gone:
                found.wrong.append(f"{crm.source} {record}: deleted is {state.deleted}, and {gone} there")
            if not gone:
                found.wrong += _differing(crm, record, state, _as_read(reading, crm, record, fields, at))


def _accounts(crm: Crm, states: States, found: Reckoned) -> None:
    """Every company as its CRM has it, and who was merged is one customer."""
    streams = {record: account_id(crm.source, record) for record in crm.accounts}
    known: dict[UUID, Account] = read_states(states, ACCOUNT, set(streams.values()))
    for record, (fields, _, into) in crm.accounts.items():
        state = known.get(streams[record])
        if state is None:
            found.wrong.append(f"account {record} is not known at all")
        elif into is not None:
            if state.values.merged_into != into or state.merged is None:
                found.wrong.append(
                    f"account {record} was merged into {into}, and here it is {state.values.merged_into}"
                )
        elif (state.values.name, state.stale) != (fields["Name"], False):
            found.wrong.append(f"account {record} is {state.values.name!r}, and {fields['Name']!r} there")


def _as_read(reading: Reading, crm: Crm, record: str, fields: dict[str, Any], at: Any) -> OpportunityMessage:
    """The record as its interface would give it, read by the mapping of its source."""
    if not crm.table:
        (post,) = crm.told(record, "updated", fields, at)
        (built,) = reading.parse(delivered(post.body, 1)).commands
    else:
        data = {"entity": "opportunity", "record": record, "value": as_served(crm, record, fields, at)}
        body = event(1, data, type=read_again.TYPE, source=crm.source)
        (built,) = reading.parse(delivered(body, 1)).commands
    assert isinstance(built.command, FoldOpportunity)
    return built.command.message


def _differing(crm: Crm, record: str, state: Opportunity, message: OpportunityMessage) -> list[str]:
    said = {name: getattr(message, name) for name in message.given() if hasattr(message, name) and name != "contact"}
    wrong = [name for name, value in said.items() if getattr(state.values, name) != value]
    if "identifiers" in message.model_fields_set and {*message.identifiers} - {*state.values.identifiers}:
        wrong.append("identifiers")
    return [
        f"{crm.source} {record}: {name} is {getattr(state.values, name)!r}, and {getattr(message, name)!r} there"
        for name in wrong
    ]


def _protected(ledger: Ledger, states: States, program: str, found: Reckoned) -> None:
    """Who holds, waits or contests what, without the instants that differ from run to run.

    A deal that was deleted again is no claim where its deletion came first, and one that ended where it came last: nobody is protected in
    either.
    """
    named = {one.registration for one in events_of(ledger, program, RegistrationSubmitted)}
    registrations = read_states(states, REGISTRATION, named)
    files = {file_stream(program, one.customer) for one in registrations.values() if one.customer is not None}
    for file in read_states(states, FILE, files).values():
        for (registration, line), claim in file.claims.items():
            live = [leg for leg in claim.legs if leg.state in LIVE]
            if live:
                found.protected[f"{registration} {line}"] = sorted(
                    (leg.tier.value, leg.partner, leg.state.value) for leg in live
                )
    for one in events_of(ledger, program, ConflictDetected):
        parties = "/".join(sorted(map(str, (one.incumbent.registration, one.challenger.registration))))
        found.conflicts[f"{one.kind.value} {parties}"] += 1
