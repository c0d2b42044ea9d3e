"""Whether an expression is a guard: it names declared facts only, its types fit, and it can hold or not hold."""

import re
from typing import Final, NamedTuple

from dealreg.engagement.guards.evaluating import tried
from dealreg.engagement.guards.facts import ACCOUNT_CUSTOM, CUSTOM, FACTS, ROOTS, Custom
from dealreg.engagement.guards.library import FORBIDDEN, MACROS, PACKAGE, checking, evaluating


class Mistake(NamedTuple):
    """What is wrong at a place of the expression, counted from one, and what to do."""

    line: int
    column: int
    said: str


UNDECLARED: Final = "is not declared; add it to"
"""In the words on a field of the CRM that the rulebook does not declare."""

_AT: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_OVERLOAD: Final = re.compile(r"found no matching overload for '(.+?)' applied to '\(?(.*?)\)?'$")
_UNDECLARED: Final = re.compile(r"undeclared reference to '(.+?)'")
_FIELD: Final = re.compile(rf"undefined field '(.+?)' not found in struct '{PACKAGE}\.(\w+)'")
_OPERATOR: Final = re.compile(r"^!?_?(.*?)_?$")

_WORDS: Final = {
    "int": "a whole number",
    "double": "a number",
    "string": "a text",
    "bool": "true or false",
    "timestamp": "an instant",
    "google.protobuf.timestamp": "an instant",
    "google.protobuf.Timestamp": "an instant",
    "duration": "a duration",
}

_LITERAL: Final = re.compile(r"""\b(timestamp|duration)\s*\(\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\)""")


def mistakes(expression: str, custom: tuple[Custom, ...] = ()) -> list[Mistake]:
    """Everything that keeps the expression from being a guard; empty when it is one."""
    try:
        compiled = checking(custom).compile(expression)
        evaluating(expression)
    except RuntimeError as error:
        return _read(str(error), custom)
    kind = compiled.return_type().name().lower()
    if kind != "bool":
        return [Mistake(1, 1, f"is {_word(kind)}, not true or false; compare it with something")]
    return _literals(expression) or _constant(expression)


def _read(said: str, custom: tuple[Custom, ...]) -> list[Mistake]:
    """The library's errors in words of this program; the whole of what it said where it names no place."""
    found = _AT.findall(said)
    if not found:
        deep = "recursion" in said
        return [
            Mistake(
                1,
                1,
                "more than 32 levels in one another; write it flatter" if deep else said.split("\n", maxsplit=1)[0],
            )
        ]
    # What follows from a mistake names the type '*error*': the mistake itself is told.
    first = [
        one for one in found if "*error*" not in one[2] and not ("'map'" in said and "'map'" not in one[2])
    ] or found
    return [_mistake(int(line), int(column), what, custom) for line, column, what in first]


def _mistake(line: int, column: int, said: str, custom: tuple[Custom, ...]) -> Mistake:
    """An unknown name with a dot is told at its last dot by the library, and at its beginning by us."""
    named = _UNDECLARED.match(said)
    before = named[1].rpartition(".")[0] if named is not None else ""
    return Mistake(line, column - len(before), _told(said, custom))


def _told(said: str, custom: tuple[Custom, ...]) -> str:
    if named := _UNDECLARED.match(said):
        return _unknown(named[1])
    if field := _FIELD.match(said):
        return _no_field(field[1], field[2], custom)
    if overload := _OVERLOAD.match(said):
        return _no_overload(overload[1], overload[2])
    return said.split(" expecting ", maxsplit=1)[0][:200]


def _unknown(name: str) -> str:
    if name in {*FORBIDDEN, *MACROS}:
        return f"{name}() is not for guards; the day and hour of the decision are in 'today', and texts have contains()"
    return f"{name.split('.', maxsplit=1)[0]!r} is no fact and no function; the facts are {', '.join(ROOTS)}"


def _no_field(name: str, group: str, custom: tuple[Custom, ...]) -> str:
    if group in {CUSTOM, ACCOUNT_CUSTOM}:
        known = ", ".join(field.name for field in custom if field.group == group) or "none"
        where = "custom_fields" if group == CUSTOM else "custom_fields with of: account"
        return f"custom field {name!r} {UNDECLARED} {where} (declared: {known})"
    return f"{group!r} has no {name!r}; it has {', '.join(fact.name for fact in FACTS[group])}"


def _no_overload(function: str, types: str) -> str:
    shown = (_OPERATOR.match(function) or ["", function])[1] if "_" in function else function
    words = [_word(one) for one in _split(types)]
    advice = (
        "; write the whole number with a point, such as 1.0" if set(words) == {"a number", "a whole number"} else ""
    )
    return f"{shown.replace('_', ' ').strip()!r} does not take {' and '.join(words)}{advice}"


def _split(types: str) -> list[str]:
    """The types of the arguments; a list's own stand in brackets."""
    return [one.strip() for one in re.split(r",\s*(?![^(<]*[)>])|\)\.\(?", types) if one.strip()]


def _word(kind: str) -> str:
    if kind.startswith("list"):
        return "a list"
    return _WORDS.get(kind, kind.removeprefix(f"{PACKAGE}."))


def _literals(expression: str) -> list[Mistake]:
    """Instants and durations are texts to the checker; one that can never be read would never let the guard hold."""
    found = []
    for literal in _LITERAL.finditer(expression):
        if tried(f"{literal[0]} == {literal[0]}", {}).value is None:
            before = expression[: literal.start()]
            line, column = before.count("\n") + 1, literal.start() - before.rfind("\n")
            example = "'2026-03-01T00:00:00Z'" if literal[1] == "timestamp" else "'72h'"
            found.append(Mistake(line, column, f"{literal[0]} cannot be read; write it as {example}"))
    return found


def _constant(expression: str) -> list[Mistake]:
    """What is decided before any fact is known says nothing; what already fails there fails over every fact."""
    answer = tried(expression, {})
    if answer.value is None:
        if answer.missing is not None:
            return []
        return [Mistake(1, 1, f"can never be told: {answer.why}; correct it")]
    if answer.value:
        return [Mistake(1, 1, "always holds, whatever the facts; leave the guard out")]
    return [Mistake(1, 1, "never holds, whatever the facts; the clause could not be reached: set in_force: false")]
