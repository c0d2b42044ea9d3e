"""A CRM's own fields over HTTP: which there are, of what type, what happened to each, and the desk's word on a type."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from dealreg.mirror.commands import DeclareFieldType
from dealreg.service.mirroring.mirror import FieldsThen, fields_then
from dealreg.vocabulary.field_types import Audience, Entity, FieldType
from dealreg.vocabulary.values import Instant
from dealreg.web.access import TheHouse
from dealreg.web.lists import Asking, Listed, Operator, Paged, page, told
from dealreg.web.problems import documented
from dealreg.web.rows import Row
from dealreg.web.then import Then
from dealreg.web.writes import Write

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

FIELDS: Final = (
    Write(
        "/custom-fields/type",
        DeclareFieldType,
        "program",
        example={"source": "salesforce", "entity": "opportunity", "name": "Seats__c", "type": "whole"},
    ),
)

Source = Annotated[str, Query(max_length=200, description="The CRM organisation, as its mapping calls it.")]
Maybe = Annotated[str | None, Query(max_length=200, description="Only this CRM organisation, as its mapping calls it.")]


class CustomFieldRow(Row):
    """One field that the CRM has of its own; ``carried`` is how many records have a value of it."""

    program: str
    source: str
    entity: Entity
    name: str
    type: FieldType
    learned: FieldType
    by_mapping: FieldType | None
    by_desk: FieldType | None
    personal: bool
    shown_to: list[Audience]
    type_since: Instant
    learned_at: Instant
    misread: list[FieldType]
    misread_at: Instant | None
    carried: int
    changes: int


class FullSource(Row):
    """A source of which more fields came than are mirrored; ``name`` is the first that was not."""

    source: str
    entity: Entity
    name: str
    most: int
    at: Instant


class CustomFields(Listed):
    """Fields by source, kind of record and name."""

    fields: list[CustomFieldRow]
    full: list[FullSource]


class FieldChange(Row):
    """What happened to a field: `learned`, `changed`, `declared`, `taken_back`, `harmless`, `personal`, `misread`."""

    n: int
    what: str
    before: FieldType | None
    after: FieldType | None
    because: str | None
    record: str | None
    role: str
    actor: str
    reason: str | None
    at: Instant


class FieldHistory(Row):
    """Everything that happened to one field, in order."""

    source: str
    entity: Entity
    name: str
    changes: list[FieldChange]


@router.get("/custom-fields")
def custom_fields(
    *,
    claims: Operator,
    asking: Asking,
    response: Response,
    paged: Paged,
    source: Maybe = None,
    entity: Annotated[Entity | None, Query()] = None,
    type_: Annotated[FieldType | None, Query(alias="type")] = None,
    misread: Annotated[
        bool, Query(description="Only those of which values came that the declared type cannot read.")
    ] = False,
) -> CustomFields:
    """The fields that CRMs have of their own, with the type of each and since when."""
    wanted = {"source": source, "entity": entity, "type": type_, "misread": misread}
    found, following = page(asking(claims), response, "custom_fields", "newest", paged, **wanted)
    full = told(asking(claims).ask("custom_fields", "full"), response)
    return CustomFields(
        fields=[CustomFieldRow(**row) for row in found], full=[FullSource(**row) for row in full], next=following
    )


@router.get("/custom-fields/history")
def history(
    claims: Operator,
    asking: Asking,
    response: Response,
    source: Source,
    name: Annotated[str, Query(max_length=200)],
    entity: Annotated[Entity, Query()] = Entity.OPPORTUNITY,
) -> FieldHistory:
    """What happened to one field: when it was learned, what changed its type, who declared it and why."""
    asked = {"source": source, "entity": entity, "name": name}
    found = told(asking(claims).ask("custom_fields", "history", **asked), response)
    return FieldHistory(source=source, entity=entity, name=name, changes=[FieldChange(**row) for row in found])


@router.get("/custom-fields/then")
def then_known(
    the_house: TheHouse,
    claims: Operator,
    then: Then,
    source: Source,
    entity: Annotated[Entity, Query()] = Entity.OPPORTUNITY,
) -> FieldsThen:
    """The fields of a source as they were known at a moment, with the types of then."""
    return fields_then(the_house.replay, claims.program, source, entity, then)
