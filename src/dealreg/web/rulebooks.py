"""The rulebook over HTTP: its versions, what one says, how it differs from another, and whether a text may become one."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from dealreg.engagement.document import LONGEST
from dealreg.service import rulebooks
from dealreg.service.mirroring.rulebook_fields import mirrored
from dealreg.service.rulebooks import Checked, Differences, Rulebooks, VersionTold
from dealreg.service.tokens import Claims
from dealreg.web.access import TheHouse, only
from dealreg.web.lists import Asking, Insider
from dealreg.web.permissions import INSIDERS, WHOLE_PROGRAM
from dealreg.web.problems import documented

router = APIRouter(tags=["program"], responses=documented(401, 403, 404, 422, 503))


Checker = Annotated[Claims, Depends(only(INSIDERS, "check a rulebook"))]


class Versions(BaseModel):
    """The versions of a program in the order published."""

    versions: list[VersionTold]


class Written(BaseModel):
    """A rulebook as its author writes it."""

    model_config = ConfigDict(extra="forbid")

    yaml: str = Field(max_length=LONGEST, description="The whole document.")


_EXAMPLE = """program: reference
version: "2026-3"
force_from: 2026-07-01T00:00:00Z
territories: [{territory: EMEA}]
product_lines: [{line: storage}]
clauses:
  ROE-3: {when: "claim.lines == 'storage'"}
"""


@router.get("/rulebooks")
def versions(the_house: TheHouse, claims: Insider) -> Versions:
    """Every published version, when it takes force, and which is in force now."""
    return Versions(versions=Rulebooks(the_house.replay, claims.program).versions(datetime.now(UTC)))


@router.post("/rulebooks/check")
def check(
    asking: Asking,
    claims: Checker,
    written: Annotated[Written, Body(openapi_examples={"a mistake": {"value": {"yaml": _EXAMPLE}}})],
) -> Checked:
    """Whether a text is a rulebook that can be published; nothing is recorded. Each fault has line, column and what to do.

    To the deal desk and auditors it says too where CRMs send their own fields otherwise than the rulebook declares them.
    """
    fields = mirrored(asking(claims)) if claims.role in WHOLE_PROGRAM else None
    return rulebooks.check(written.yaml, fields)


@router.get("/rulebooks/{version}")
def document(the_house: TheHouse, claims: Insider, version: str) -> dict[str, Any]:
    """A published version with every parameter, defaults included."""
    return Rulebooks(the_house.replay, claims.program).document(version).model_dump(mode="json", by_alias=True)


@router.get("/rulebooks/{version}/diff")
def diff(
    the_house: TheHouse,
    claims: Insider,
    version: str,
    against: Annotated[str, Query(max_length=200, description="The version that it is compared with.")],
) -> Differences:
    """What a version says differently from another, setting by setting, and the clauses whose cases that touches."""
    known = Rulebooks(the_house.replay, claims.program)
    return rulebooks.differences(known.document(against), known.document(version))
