"""The message of a RemoteExecutionContext: which records it is about, and what it says of each.

Win and Lose close an opportunity with a record of their own around its id; Merge names the record that stays and the one that goes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dealreg.service.intake.formats.dataverse.values import attributes, guid, pairs, plain, row_version
from dealreg.service.intake.formats.envelopes import word
from dealreg.service.intake.unreadable import Unreadable, Why

CHANGES = {"Create": "created", "Update": "updated", "Upsert": "updated", "Delete": "deleted", "Restore": "undeleted"}
MANY = {
    "CreateMultiple": "created",
    "UpdateMultiple": "updated",
    "UpsertMultiple": "updated",
    "DeleteMultiple": "deleted",
}
STATES = frozenset({"SetState", "SetStateDynamicEntity"})
CLOSING = {"Win": 1, "Lose": 2}
"""The ``statecode`` of an opportunity that was won, or lost."""
UNDECIDED = frozenset(
    {
        "Associate",
        "Disassociate",
        "AddMembers",
        "RemoveMembers",
        "GrantAccess",
        "ModifyAccess",
        "RevokeAccess",
        "Retain",
    }
)
"""Messages about who may see a record or what lies beside it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message says of one record. ``merged_into`` is set for the record that went into another."""

    record: str
    change: str
    theirs: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    merged_into: str | None = None
    bare: bool = False
    """The change is known and its fields are not."""


def told(context: Mapping[str, Any]) -> Iterator[Told]:
    """What is said of each record. Raises ``Unreadable``."""
    name, given = word(context, "MessageName"), pairs(context.get("InputParameters"), "InputParameters")
    if name in MANY:
        yield from _many(MANY[name], given)
    elif name == "Merge":
        yield from _merge(given)
    elif name in STATES:
        moniker = _object(given, "EntityMoniker")
        values = {"statecode": plain(given.get("State"), "State"), "statuscode": plain(given.get("Status"), "Status")}
        yield Told(guid(moniker.get("Id"), "EntityMoniker.Id"), "updated", values)
    elif name in CLOSING:
        closed = attributes(_object(given, "OpportunityClose"), "OpportunityClose")
        values = {"statecode": CLOSING[name], "statuscode": plain(given.get("Status"), "Status")}
        yield Told(guid(closed.get("opportunityid"), "OpportunityClose.opportunityid"), "updated", values)
    elif name == "Assign":
        target = _object(given, "Target")
        yield Told(
            guid(target.get("Id"), "Target.Id"), "updated", {"ownerid": plain(given.get("Assignee"), "Assignee")}
        )
    elif name in CHANGES:
        yield _one(CHANGES[name], _object(given, "Target"), "Target")
    else:
        raise Unreadable(Why.SHAPE, f"{name[:100]} is no message that is read here", "MessageName")


def _one(change: str, target: Mapping[str, Any], where: str) -> Told:
    fields = attributes(target, where) if change != "deleted" else {}
    version = row_version(target.get("RowVersion")) or row_version(fields.get("versionnumber"))
    bare = change == "undeleted" or (change == "created" and not fields)
    return Told(guid(target.get("Id"), f"{where}.Id"), change, fields, version, bare=bare)


def _many(change: str, given: Mapping[str, Any]) -> Iterator[Told]:
    targets = _object(given, "Targets")
    entities = targets.get("Entities")
    if not isinstance(entities, list) or not all(isinstance(one, dict) for one in entities):
        raise Unreadable(Why.INVALID, "has to be a list of records", "Targets.Entities")
    for number, one in enumerate(entities):
        yield _one(change, one, f"Targets.{number}")


def _merge(given: Mapping[str, Any]) -> Iterator[Told]:
    """The subordinate goes into the target, which may take over some of its fields."""
    stays = guid(_object(given, "Target").get("Id"), "Target.Id")
    goes = guid(given.get("SubordinateId"), "SubordinateId")
    if stays == goes:
        raise Unreadable(Why.INVALID, f"merges {stays} into itself", "SubordinateId")
    yield Told(goes, "updated", merged_into=stays)
    content = given.get("UpdateContent")
    taken = attributes(content, "UpdateContent") if isinstance(content, dict) else {}
    if taken:
        yield Told(stays, "updated", taken)


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name)
    if not isinstance(found, dict):
        raise Unreadable(Why.INVALID, "is missing or no object", f"InputParameters.{name}")
    return found
