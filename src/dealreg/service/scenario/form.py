"""The form of a case: its keys, what each means, and where an unknown one stands (design: style section 5).

Everything in a case is text (``yaml.BaseLoader``: no ``on`` that became true, no ``9:30`` that became 570); pydantic gives it its
type. Names are the class names of commands and events, fields are their fields.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from dealreg.service.scenario.expected import Clause, Expectation, Then, Written, expectation
from dealreg.vocabulary.values import Key, Model, Text

NOTHING = "nothing happens"
"""A step in which nobody asks anything: only time passes."""

_WHO_AND_WHEN = frozenset({"at", "as", "by", "for", "reason", "then", "request"})

Number = Annotated[str, Field(pattern=r"^C([1-9]|[1-4]\d|5[0-2])$")]


def _several(value: object) -> object:
    """``case: C15`` and ``case: [C15, C4]`` are both written."""
    return value if isinstance(value, list) else [value]


class Step(Model):
    """One dated request, or the passing of time: who asks what, when, and what must be so afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: Written
    name: Key | None = Field(default=None, alias="as")
    by: Key | None = None
    behalf: Key | None = Field(default=None, alias="for")
    reason: Text | None = None
    request: Key | None = None
    then: Then | None = None
    command: Key
    fields: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _command_apart(cls, written: Any) -> Any:
        if not isinstance(written, dict) or "command" in written:
            return written
        commands = [key for key in written if key not in _WHO_AND_WHEN]
        if len(commands) != 1:
            raise ValueError(f"a step asks one thing; here: {commands or 'none'}")
        fields = written[commands[0]]
        rest = {key: value for key, value in written.items() if key in _WHO_AND_WHEN}
        return {**rest, "command": commands[0], "fields": {} if fields == "" else fields}


class Case(Model):
    """A case: a single decision (``given``, ``when``, ``then``), a race (``together``), or a dated ``story``; ``sees`` at its end."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    scenario: Text
    case: Annotated[tuple[Number, ...], BeforeValidator(_several)] = ()
    rule: Clause
    side: Literal["allows", "refuses", "both"]
    because: Text = ""
    rulebook: dict[str, Any] = {}
    partners: dict[Key, Any] = {}
    given: tuple[Step, ...] = ()
    when: Step | None = None
    together: tuple[Step, ...] = ()
    then: Then | None = None
    story: tuple[Step, ...] = ()
    sees: dict[Key, dict[Key, Expectation | None]] = {}

    @field_validator("sees", mode="before")
    @classmethod
    def _seen_things(cls, written: Any) -> Any:
        """``nothing`` becomes ``None``: the viewer sees no row of it."""
        return {
            viewer: {key: None if said == "nothing" else expectation(key, said) for key, said in things.items()}
            for viewer, things in written.items()
        }

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [bool(self.when), bool(self.together), bool(self.story)]
        if sum(forms) != 1:
            raise ValueError("a case has one of 'when', 'together' and 'story'")
        if self.story and (self.given or self.then):
            raise ValueError("a story has its 'then' beside its steps, and no 'given'")
        if not self.story and self.then is None:
            raise ValueError("say in 'then' what must be so")
        if self.story and not self.sees and not any(step.then for step in self.story):
            raise ValueError("a story says somewhere in 'then' or 'sees' what must be so")
        return self

    def steps(self) -> tuple[Step, ...]:
        """Every step in the order written."""
        return (*self.given, *((self.when,) if self.when else ()), *self.together, *self.story)
