"""The reference of the rulebook as a page: every clause with its parameters, every setting, every fact, made of the code itself."""

import json
import sys
from collections.abc import Iterator, Mapping
from inspect import getdoc
from typing import Any

from dealreg.engagement.guards.facts import FACTS, INSTANT, LEGS, Kind
from dealreg.engagement.guards.library import FORBIDDEN, MACROS
from dealreg.engagement.order import GROUPS, UNGUARDED
from dealreg.engagement.parameters import Clauses, fields_by_number
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.field_types import FieldType

BARE = ("in_force", "when")
"""What every clause has."""

LONGEST_DEFAULT = 120

_INTRODUCTION = """# The rulebook, clause by clause

This page is made of the code: `dealreg rulebook manual` prints it, a test holds it equal. A rulebook is YAML; what it does not say keeps
the default below, which is that of the reference program (`src/dealreg/rulebooks/reference.yaml` writes everything out). Days are calendar
days in the program's time zone, business days and hours go by its calendar, amounts are in its currency.

Every clause has `in_force` (`true` unless said) and, unless it says otherwise below, `when`: an expression over the facts at the end of this
page that must hold for the clause to apply to a claim. `dealreg rulebook check FILE` says with line and column what is wrong.
"""

_GUARDS = """## Guards

`when` is written in the Common Expression Language: `&&`, `||`, `!`, `== != < <= > >=`, `+ - * /`, `in`, `cond ? this : that`, `has(fact)`,
`size()`, `contains()`, `startsWith()`, `endsWith()`, `list.exists(x, …)`, `list.all(x, …)`, `list.exists_one(x, …)`, `list.filter(x, …)`,
`timestamp('2026-03-01T00:00:00Z')`, `duration('72h')`. Not for guards: {forbidden}.

```yaml
custom_fields:
  - {{name: budget, type: truth, field: Budget approved, source: acme-crm}}
clauses:
  ROE-3: {{when: "!claim.by_dealer"}}                      # no minimum for what dealers file themselves
  ROE-30: {{when: has(opportunity.custom.budget) && opportunity.custom.budget}}
```

A fact that is not known makes `has()` false; anything else that is asked of it cannot be told, and a guard that cannot be told does not hold,
like one that divides by nothing. The clause is then set aside, and the reason of what was decided says so. Facts about partners are those of
the day of the claim's completeness for the clauses of the order above (of the new check where a freed line is offered), those of the decision
for all others. `at` is the only clock. An
expression has at most 1,000 characters and 32 levels, and looks at most at 10,000 elements of lists.

`custom_fields` declares fields of the CRM: `name` as expressions write it, `type` ({types}), `field` where the CRM
calls it otherwise, `source` where only one organisation is asked, `of: account` for a field of the opportunity's account, which is then
`account.custom.<name>`. `dealreg fields list` shows which fields the CRMs have; `rulebook check --mirror` and `rulebook publish` declare those
that a guard names as they were learned. Only values that the mapping declares harmless are seen; a value that is none of its type is not known,
and the reason of what was decided says so. Amounts are numbers of fifteen exact digits.
"""


def page() -> str:
    """The whole page in Markdown."""
    parts = [_INTRODUCTION, *_clauses(), *_order(), *_settings(), *_guards()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _clauses() -> Iterator[str]:
    yield "## Clauses\n"
    for number, name in fields_by_number().items():
        clause = getattr(Clauses(), name)
        title, *body = _documented(sys.modules[type(clause).__module__].__doc__ or "")
        yield f"### {title}\n"
        yield from body
        yield from _parameters(type(clause), leaving=BARE)
        if number in UNGUARDED:
            yield f"Takes no guard: {UNGUARDED[number]}."
    for name in ("queue", "conflicts"):
        yield f"### {name}\n"
        yield (getdoc(type(getattr(Clauses(), name))) or "").replace("``", "`") + "\n"
        yield from _parameters(type(getattr(Clauses(), name)))


def _documented(text: str) -> list[str]:
    """The sentences of a docstring; rst's double backquotes become Markdown's."""
    title, _, rest = text.strip().replace("``", "`").partition("\n\n")
    return [title.rstrip("."), *([rest.strip() + "\n"] if rest.strip() else [])]


def _parameters(model: type[Any], leaving: tuple[str, ...] = ()) -> Iterator[str]:
    schema = model.model_json_schema()
    rows = [
        f"| `{name}` | {_kind(said, schema)} | {_default(said)} |"
        for name, said in schema["properties"].items()
        if name not in leaving
    ]
    if rows:
        yield "\n".join(["| parameter | is | unless said |", "|---|---|---|", *rows]) + "\n"


def _kind(said: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a parameter may be, in words."""
    if "$ref" in said:
        said = {**schema["$defs"][said["$ref"].rsplit("/", 1)[1]], **said}
    if "anyOf" in said:
        kinds = dict.fromkeys(_kind(one, schema) for one in said["anyOf"])
        numbers = [kind for kind in kinds if kind.startswith("number")]
        return " or ".join(kind for kind in kinds if not (numbers and kind == "text"))
    if "enum" in said:
        return ", ".join(f"`{one}`" for one in said["enum"])
    match said.get("type"):
        case "array":
            return "a list: " + _kind(said["items"], schema)
        case "object" if "properties" in said:
            return ", ".join(f"`{name}`" for name in said["properties"])
        case kind:
            words = {"integer": "whole number", "string": "text", "boolean": "`true` or `false`", "null": "`null`"}
            return words.get(str(kind), str(kind)) + _bounds(said)


def _bounds(said: Mapping[str, Any]) -> str:
    least = said.get(
        "minimum",
        said["exclusiveMinimum"] + 1 if said.get("type") == "integer" and "exclusiveMinimum" in said else None,
    )
    most = said.get("maximum")
    if said.get("type") == "number" and "exclusiveMinimum" in said:
        return f" above {said['exclusiveMinimum']}" + (f" up to {most:g}" if most is not None else "")
    if least is None:
        return ""
    return f", {least:g} to {most:g}" if most is not None else f", at least {least:g}"


def _default(said: Mapping[str, Any]) -> str:
    if "default" not in said:
        return "must be said"
    value = said["default"]
    if value in (None, [], ""):
        return "none" if value != "" else "empty"
    written = json.dumps(value, ensure_ascii=False).replace('"', "")
    return f"`{written}`" if len(written) <= LONGEST_DEFAULT else "as the reference program writes it"


def _order() -> Iterator[str]:
    written = " | ".join(", ".join(group) for group in GROUPS)
    yield "### order\n"
    yield (
        f"The clauses that decide a claim are tried in this order, the first refusal answers: `{written}`. `order` lists clauses that are tried\n"
        "before the others of their group, such as `order: [ROE-3, ROE-1]`; never across a bar, and ROE-2 stays first.\n"
    )


def _settings() -> Iterator[str]:
    yield "## Other settings\n"
    schema = RulebookDocument.model_json_schema()
    rows = [
        f"| `{name}` | {_kind(said, schema)} | {_default(said)} |"
        for name, said in schema["properties"].items()
        if name != "clauses"
    ]
    yield "\n".join(["| setting | is | unless said |", "|---|---|---|", *rows]) + "\n"


def _guards() -> Iterator[str]:
    forbidden = ", ".join(f"`{name}`" for name in (*MACROS, *FORBIDDEN))
    yield _GUARDS.format(forbidden=forbidden, types=", ".join(f"`{kind}`" for kind in FieldType))
    words = {
        Kind.TEXTS: "list of texts",
        Kind.TRUTH: "true or false",
        Kind.WHOLE: "whole number",
        Kind.GROUP: "the declared fields",
    }
    rows = ["| fact | is | says |", "|---|---|---|", f"| `{INSTANT}` | instant | the instant of the decision |"]
    for group, facts in FACTS.items():
        if group in {"dealer", "distributor", "master"}:
            rows.append(
                f"| `{group}.…` | as `partner` | the partner of the leg at that tier; nothing where there is none |"
            )
            continue
        rows += [f"| `{group}.{fact.name}` | {words.get(fact.kind, fact.kind.value)} | {fact.says} |" for fact in facts]
    rows.append(f"| `{LEGS}` | list, each as `partner` | the partners of all legs |")
    yield "`partner` is who filed.\n"
    yield "\n".join(rows) + "\n"
