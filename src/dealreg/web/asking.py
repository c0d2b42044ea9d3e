"""A command through the door: named, allowed, decided, answered."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Header
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from dealreg.service.answering import answered
from dealreg.service.commanding import ACTS_AS, sealed_fields
from dealreg.service.composition import House
from dealreg.service.ledger.outcomes import Decided, RefusedOutcome
from dealreg.service.mirroring.rulebook_fields import completed_command
from dealreg.service.questions import Questions
from dealreg.service.sealing.acknowledging import Acknowledged
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Command, Request, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.values import Key
from dealreg.web.bodies import sealed, shown
from dealreg.web.guarding import masked, require_match, require_own_program, told_of_another
from dealreg.web.permissions import MAY, may
from dealreg.web.problems import Trouble

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The request's name, yours to choose and required: the same key with the same content is answered the same "
        "and does nothing twice; with another content it is refused (ROE-28).",
        examples=["3f6d2c1e-file-acme"],
    ),
]

_KEY: TypeAdapter[str] = TypeAdapter(Key)


def named(key: str | None) -> str:
    """The request id. Raises ``Trouble`` when there is none."""
    if key is None or not key.strip():
        raise Trouble(
            "key-missing",
            "Send the header Idempotency-Key with a name of your own for this request, and the same one when you repeat it.",
        )
    try:
        return _KEY.validate_python(key)
    except ValidationError as error:
        raise Trouble("malformed", "Idempotency-Key has at most 200 characters.") from error


def admit(claims: Claims, command: type[Command]) -> None:
    """Raise ``NotAllowed`` when the role may not ask this at all (rules.md section 4)."""
    if not may(claims.role, command.__name__):
        who = ", ".join(sorted(MAY.get(command.__name__, frozenset()))) or "nobody here"
        raise NotAllowed(f"a {claims.role} may not ask {command.__name__}; it is for: {who}")


@dataclass(frozen=True, slots=True)
class Asking:
    """One caller's command on its way."""

    house: House
    claims: Claims
    key: str

    def request(self, command: type[Command], in_path: dict[str, Any], body: BaseModel) -> tuple[Request, Any]:
        """The request and the personal rows that go with it. Raises ``NotAllowed`` and ``RequestValidationError``."""
        said = {**dict(shown(body)), **in_path}
        on_behalf_of = self._acting(command, said)
        personal = {name: said.pop(name) for name in sealed_fields(command) if said.get(name) is not None}
        seals, rows = sealed(personal, whose=self._whose(in_path))
        try:
            asked = command(**said, **seals)
        except ValidationError as error:
            faults = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
            raise RequestValidationError(faults) from error
        request = Request(
            id=self.key,
            program=self.claims.program,
            actor=self.claims.actor,
            command=completed_command(Questions(self.house.reading, self.claims), asked),
            on_behalf_of=on_behalf_of,
        )
        return request, rows

    def decided(
        self,
        command: type[Command],
        in_path: dict[str, Any],
        body: BaseModel,
        *,
        decides: str | None,
        if_match: str | None,
    ) -> tuple[Decided, Acknowledged | None]:
        """What was decided, and whether it is sealed. ``decides`` names the resource whose ETag ``if_match`` must be.

        Raises ``Trouble``, ``Refused``, ``Late``, ``Busy``, ``Unavailable``, ``Unstorable``, and what is our mistake.
        """
        require_own_program(self.house, self.claims, in_path)
        request, rows = self.request(command, in_path, body)
        if decides is not None and not self.house.answered_before(request):
            require_match(self.house, self.claims, decides, in_path, if_match)
        outcome = self.house.dispatcher.submit(request, rows)
        if isinstance(outcome, RefusedOutcome):
            raise masked(self.house, self.claims, in_path, outcome.refused)
        decided = answered(outcome)
        acknowledged = self.house.acknowledged(request, decided)
        return replace(decided, answer=told_of_another(self.house, self.claims, in_path, decided.answer)), acknowledged

    def _acting(self, command: type[Command], said: dict[str, Any]) -> PartnerId | None:
        """Fill in who asks; the partner below for whom a distributor asks, if it is another.

        A dealer asks for nobody else; whether a partner is below the one that asks is the core's to say.
        """
        field = ACTS_AS.get(command.__name__)
        own = self.claims.partner
        if field is None or own is None:
            return None
        named_partner = said.get(field) or own
        said[field] = named_partner
        if named_partner == own:
            return None
        if self.claims.role is Role.DEALER:
            raise NotAllowed(f"a dealer asks for itself only; leave {field} out")
        return PartnerId(named_partner)

    def _whose(self, in_path: dict[str, Any]) -> str | None:
        """Whose datum a personal field is, where the path says it; else what was said names the person."""
        return f"partner:{self.claims.program}:{in_path['partner']}" if "partner" in in_path else None
