"""What a case may say must be so: of a registration, a claim or leg, a conflict, an override, a joining, and of a refusal."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dealreg.vocabulary.values import Key, Model, Text

CLAUSES = tuple(f"ROE-{number}" for number in range(1, 34))
"""The clauses, as rulebook parameters name them."""

LOCAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?")
"""An instant in a case: the wall clock of the program's zone, or with an offset where that wall clock shows it twice."""

Written = Annotated[str, Field(pattern=f"^{LOCAL.pattern}$")]
Clause = Literal[CLAUSES]  # type: ignore[valid-type]  # the tuple above is the list of them


class RefusedAs(Model):
    """The request cannot be decided as asked: which kind of no, and the clause where one says so."""

    kind: Literal["Unknown", "NotAllowed", "Closed", "Reused", "Refused"] | None = None
    rule: Clause | None = None


class ClaimIs(Model):
    """A line of a registration, or one leg of it; ``_until`` are last days in the program's zone, ``_to`` and ``_from`` instants."""

    state: Key | None = None
    clause: Clause | Literal["none"] | None = None
    partner: Key | None = None
    approved_by: Key | None = None
    protected_from: Written | None = None
    protected_until: Key | None = None
    protected_to: Written | None = None
    grace_until: Key | None = None
    held_until: Key | None = None
    extension: Key | None = None
    progress_by: Written | Literal["none"] | None = None
    stale_since: Written | Literal["none"] | None = None
    overdue: Key | None = None
    hard_stop_until: Key | None = None
    review_to: Written | Literal["none"] | None = None
    offer_to: Written | None = None
    not_before: Written | None = None
    ended_at: Written | None = None
    entry: Key | None = None
    stage: Key | None = None
    linked_to: Key | None = None
    credit: Key | None = None
    shown: Text | None = None
    territory: Key | None = None
    sites: Text | None = None
    appeal: Key | None = None
    appeal_to: Written | None = None
    appeal_due: Written | None = None
    benefit: Key | None = None
    set_aside: Text | None = None


class RegistrationIs(Model):
    """A registration as a whole; ``missing`` names what ROE-2 asks for, in its order and parted by commas."""

    state: Key | None = None
    missing: Text | None = None
    priority_at: Written | None = None
    completed_at: Written | None = None
    closes_at: Written | None = None
    answer_by: Written | None = None
    stage: Key | None = None


class ConflictIs(Model):
    """The conflict that a claim is a party of."""

    state: Key | None = None
    kind: Key | None = None
    clause: Clause | None = None
    incumbent: Key | None = None
    challengers: Text | None = None
    proposal: Key | None = None
    ruling: Key | None = None
    awarded: Key | None = None
    ruled_by: Key | None = None
    departs: Key | None = None
    on_appeal: Key | None = None
    referred_to: Key | None = None
    evidence_to: Written | None = None
    ruling_to: Written | None = None
    appeal_to: Written | None = None
    stay_to: Written | None = None


class OverrideIs(Model):
    """How far an override is."""

    state: Key | None = None


class JoiningIs(Model):
    """Whose answer a joining of a line waits for; ``state`` is ``asked`` or ``over``."""

    state: Key | None = None
    asks: Key | None = None
    partner: Key | None = None
    holder: Key | None = None
    invited: Key | None = None
    answer_to: Written | None = None


class PriceIs(Model):
    """How far a special price is; ``discount`` is a part of one, ``levels_left`` are parted by commas."""

    state: Key | None = None
    discount: Key | None = None
    levels_left: Text | None = None
    distributor: Key | None = None
    price_until: Key | None = None
    review_to: Written | Literal["none"] | None = None


class Expectation(Model):
    """What is asked of one thing: of what kind it is, what names it, and the parts that must be so."""

    subject: Key
    kind: Literal["registration", "claim", "conflict", "override", "joining", "price"]
    words: tuple[Key, ...]
    parts: dict[Key, Text]


_SUBJECTS: tuple[tuple[re.Pattern[str], Any, type[Model]], ...] = (
    (re.compile(r"conflict over (\S+) (\S+)"), "conflict", ConflictIs),
    (re.compile(r"override (\S+)"), "override", OverrideIs),
    (re.compile(r"price (\S+)"), "price", PriceIs),
    (re.compile(r"joining (\S+) (\S+)"), "joining", JoiningIs),
    (re.compile(r"(\S+) (\S+)(?: (master|distributor|dealer))?"), "claim", ClaimIs),
    (re.compile(r"(\S+)"), "registration", RegistrationIs),
)


def expectation(subject: str, wanted: object) -> Expectation:
    """What a line of ``then`` says; a bare word is the state. Raises ``ValueError`` for a subject that no pattern knows."""
    for pattern, kind, model in _SUBJECTS:
        found = pattern.fullmatch(subject)
        if found is not None:
            parts = {"state": wanted} if isinstance(wanted, str) else wanted
            checked = model.model_validate(parts).model_dump(exclude_none=True, mode="json")
            words = tuple(word for word in found.groups() if word is not None)
            return Expectation(subject=subject, kind=kind, words=words, parts=checked)
    raise ValueError(f"{subject!r} is neither a registration, 'R1 line', 'R1 line tier', 'conflict over R1 line', …")


class Then(Model):
    """What must be so after a step; ``facts`` are the class names of events among those the step made, in that order."""

    refused: RefusedAs | None = None
    nothing: bool = False
    facts: tuple[Key, ...] = ()
    expected: tuple[Expectation, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _subjects_apart(cls, written: Any) -> Any:
        if written == "nothing":
            return {"nothing": True}
        if not isinstance(written, dict):
            raise ValueError("'then' is 'nothing' or a mapping of what must be so")  # noqa: TRY004 - pydantic's word
        own = {key: value for key, value in written.items() if key in {"refused", "facts"}}
        if "nothing" in written:
            own["nothing"] = True
        if own.get("refused") == "":
            own["refused"] = {}
        if isinstance(own.get("refused"), str):
            own["refused"] = {"rule": own["refused"]}
        rest = [expectation(key, value) for key, value in written.items() if key not in own]
        return {**own, "expected": rest}
