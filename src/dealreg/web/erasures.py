"""Erasures and legal holds over HTTP: for the deal desk; an auditor reads what stands."""

from dataclasses import asdict
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from dealreg.service.erasing import asking, erase, holds
from dealreg.service.erasing.shown import of_stream
from dealreg.service.erasing.subjects import Whose
from dealreg.service.ledger.audit_facts import HoldKind
from dealreg.service.tokens import Claims
from dealreg.vocabulary.values import Digest, Instant, Key, Model, Text
from dealreg.web.access import TheHouse, only
from dealreg.web.asking import IdempotencyKey, named
from dealreg.web.problems import documented

router = APIRouter(tags=["erasure"])

_WRITE: Final[dict[int | str, dict[str, Any]]] = documented(400, 401, 403, 404, 409, 413, 422, 503)
_READ: Final[dict[int | str, dict[str, Any]]] = documented(401, 403, 404, 422, 503)

Desk = Annotated[Claims, Depends(only(asking.MAY, "erase or hold"))]
Looking = Annotated[Claims, Depends(only(asking.LOOK, "read what is held of people"))]

Reason = Annotated[
    Text, Field(min_length=1, description="Why; recorded for ever, so it names no person.", examples=["GDPR-2026-14"])
]


class ErasureAsked(Model):
    """Whose values go, why and under which basis; with ``dry_run`` nothing goes."""

    subject: Text = Field(
        min_length=1,
        description="A person's name as it was given, `<source>:<record>` of a CRM, or `partner:<program>:<partner>`.",
        examples=["Erika Mustermann"],
    )
    reason: Reason
    basis: Text | None = Field(
        default=None, description="The legal basis, shown in the place of what is gone.", examples=["GDPR Art. 17"]
    )
    also: tuple[Text, ...] = Field(
        default=(), max_length=20, description="Other spellings to look for in messages that could not be decided."
    )
    dry_run: bool = False


class Elsewhere(BaseModel):
    """Another subject whose values mention the person: an erasure of its own."""

    subject: str
    values: int


class ErasureTold(BaseModel):
    """What went, or would go; ``salt`` with the subject gives the pseudonym of the facts, and is told once."""

    values: int
    dead_letters: int
    done: bool
    events: list[str]
    pseudonym: Digest | None
    salt: str | None
    refused_by: list[str]
    elsewhere: list[Elsewhere]
    beyond: list[str] = Field(description="What no erasure in this database reaches.")


class HoldAsked(Model):
    """A legal hold: on what, for which matter, why."""

    kind: HoldKind
    about: Text = Field(
        min_length=1,
        description="The person as an erasure names one, an id of a deal, customer or conflict, or a program.",
        examples=["5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a001"],
    )
    matter: Key = Field(examples=["LIT-2026-7"])
    reason: Reason


class HoldTold(BaseModel):
    """The hold; of a person ``about`` is the fact's pseudonym and ``salt`` what shows whose it is."""

    hold: UUID
    about: str
    salt: str | None


class LiftAsked(Model):
    """Why a hold ends."""

    reason: Reason


class LiftTold(BaseModel):
    """Whether it was lifted now; ``False``: before."""

    hold: UUID
    lifted: bool


class HoldRow(BaseModel):
    """A hold that stands."""

    hold: UUID
    kind: HoldKind
    about: str
    matter: str
    placed_at: Instant
    event: str
    reason: str
    placed_by: str


class HoldRows(BaseModel):
    """The holds that stand, the oldest first."""

    holds: list[HoldRow]


class NamedValue(BaseModel):
    """A personal value where a fact names it: the value, or the sentence that stands in its place."""

    event: str
    name: str
    field: str
    ref: str
    told: str
    held: bool


class NamedValues(BaseModel):
    """What the facts of a registration name of people, in the order recorded."""

    registration: UUID
    values: list[NamedValue]


@router.post("/erasures", responses=_WRITE)
def erase_subject(
    the_house: TheHouse, claims: Desk, response: Response, body: ErasureAsked, key: IdempotencyKey = None
) -> ErasureTold:
    """Delete all that is held of a person, and the bytes of undecided messages that mention the person. Under a legal hold: 409, recorded."""
    by = asking.by(claims, body.reason, named(key))
    whose = Whose(body.subject, body.also)
    if body.dry_run:
        plan = erase.planned(the_house.ledger, whose)
        return _told(len(plan.refs), len(plan.letters), plan.elsewhere, refused_by=[str(one) for one in plan.holds])
    done = erase.erase(the_house.ledger, the_house.audited, whose, by=by, basis=body.basis)
    if done.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    more = {"done": True, "events": list(done.events), "pseudonym": done.pseudonym, "salt": done.salt}
    return _told(done.refs, done.letters, done.elsewhere, **more)


def _told(values: int, letters: int, elsewhere: tuple[tuple[str, int], ...], **more: Any) -> ErasureTold:
    others = [Elsewhere(subject=subject, values=n) for subject, n in elsewhere]
    unless = {"done": False, "events": [], "pseudonym": None, "salt": None, "refused_by": []}
    return ErasureTold(
        values=values, dead_letters=letters, elsewhere=others, beyond=list(erase.BEYOND), **{**unless, **more}
    )


@router.post("/holds", status_code=201, responses=_WRITE)
def place_hold(
    the_house: TheHouse, claims: Desk, response: Response, body: HoldAsked, key: IdempotencyKey = None
) -> HoldTold:
    """Lay a legal hold: from its fact on nothing is deleted that it covers, whoever asks."""
    by = asking.by(claims, body.reason, named(key))
    placed = holds.place(the_house.audited, body.kind, body.about, matter=body.matter, by=by)
    if placed.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/holds/{placed.hold}"
    return HoldTold(hold=placed.hold, about=placed.about, salt=placed.salt)


@router.post("/holds/{hold}/lift", responses=_WRITE)
def lift_hold(
    the_house: TheHouse, claims: Desk, response: Response, hold: UUID, body: LiftAsked, key: IdempotencyKey = None
) -> LiftTold:
    """End a legal hold; asked again, it says that it was lifted before."""
    lifted = holds.lift(the_house.audited, hold, by=asking.by(claims, body.reason, named(key)))
    if not lifted:
        response.headers["Idempotent-Replayed"] = "true"
    return LiftTold(hold=hold, lifted=lifted)


@router.get("/holds", responses=_READ)
def standing_holds(the_house: TheHouse, claims: Looking) -> HoldRows:  # noqa: ARG001 - it says who may ask
    """The legal holds that stand, in every program."""
    return HoldRows(holds=[HoldRow(**asdict(one)) for one in holds.listed(the_house.audited)])


@router.get("/registrations/{registration}/personal", responses=_READ)
def personal_values(the_house: TheHouse, claims: Looking, registration: UUID) -> NamedValues:
    """What the registration's facts name of people: each value, or when and under which basis it was erased."""
    found = of_stream(the_house.ledger, registration, claims.program)
    return NamedValues(registration=registration, values=[NamedValue(**asdict(one)) for one in found])
