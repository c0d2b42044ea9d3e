"""The library that reads guards, told which facts there are: Google's CEL, whose checker wants protocol buffers.

Checked against typed messages, evaluated over plain mappings: a message would answer a missing field with its type's zero, a mapping
says that there is no such key, and a guard must not hold on a fact that nobody knows.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2

from dealreg.engagement.guards.facts import ACCOUNT_CUSTOM, CUSTOM, FACTS, INSTANT, LEGS, ROOTS, Custom, Fact, Kind

PACKAGE: Final = "facts"

FORBIDDEN: Final = (
    "dyn", "type", "matches", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
    "getMilliseconds", "getMinutes", "getMonth", "getSeconds",
)  # fmt: skip
"""``dyn`` and ``type`` step around the checker, a pattern costs what its writer cannot see, and hours go by UTC: ``today`` has the zone's."""

_ORDERED: Final = ("_<_", "_<=_", "_>_", "_>=_")
_EQUAL: Final = ("_==_", "_!=_")
MACROS: Final = ("map",)

_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    Kind.TEXT: _FIELD.TYPE_STRING,
    Kind.TEXTS: _FIELD.TYPE_STRING,
    Kind.WHOLE: _FIELD.TYPE_INT64,
    Kind.NUMBER: _FIELD.TYPE_DOUBLE,
    Kind.TRUTH: _FIELD.TYPE_BOOL,
}


@lru_cache(maxsize=64)
def checking(custom: tuple[Custom, ...]) -> Any:
    """The environment that knows every fact with its type, for a rulebook that declares these custom fields."""
    pool = descriptor_pool.DescriptorPool()
    stamp = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(stamp)
    pool.Add(stamp)
    pool.Add(_described(custom))
    variables: dict[str, Any] = {name: cel.Type(f"{PACKAGE}.{name}") for name in FACTS}
    variables[INSTANT] = cel.Type.TIMESTAMP
    variables[LEGS] = cel.Type.List(cel.Type(f"{PACKAGE}.partner"))
    compared = [_comparison(name, equal=name in _EQUAL) for name in (*_ORDERED, *_EQUAL)]
    return cel.NewEnv(pool, config=cel.NewEnvConfigFromYaml(_CONFIG), variables=variables, functions=compared)


@lru_cache(maxsize=4096)
def evaluating(expression: str) -> Any:
    """The expression, compiled to be evaluated over mappings. Raises ``RuntimeError`` where it is none."""
    return _LOOSE.compile(expression, disable_check=True)


def _described(custom: tuple[Custom, ...]) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="facts.proto", package=PACKAGE, syntax="proto2", dependency=["google/protobuf/timestamp.proto"]
    )
    declared = {
        group: tuple(Fact(field.name, field.kind, "") for field in custom if field.group == group)
        for group in (CUSTOM, ACCOUNT_CUSTOM)
    }
    for group, facts in {**FACTS, **declared}.items():
        message = file.message_type.add(name=group)
        for number, fact in enumerate(facts, 1):
            _field(message, number, fact)
    return file


def _field(message: descriptor_pb2.DescriptorProto, number: int, fact: Fact) -> None:
    many = fact.kind in {Kind.TEXTS, Kind.GROUPS}
    field = message.field.add(
        name=fact.name, number=number, label=_FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL
    )
    if fact.kind in _SCALARS:
        field.type = _SCALARS[fact.kind]
        return
    field.type = _FIELD.TYPE_MESSAGE
    field.type_name = ".google.protobuf.Timestamp" if fact.kind is Kind.INSTANT else f".{PACKAGE}.{fact.of}"


def _comparison(name: str, *, equal: bool) -> Any:
    """The library's checker compares like with like only; a value beside a whole number is what everybody writes."""
    types = cel.Type
    alike = [types.INT, types.DOUBLE, types.STRING, types.TIMESTAMP, types.DURATION]
    pairs = [*((one, one) for one in (*alike, types.BOOL) if equal or one is not types.BOOL)]
    pairs += [(types.INT, types.DOUBLE), (types.DOUBLE, types.INT)]
    overloads = [cel.Overload(f"{name}{a.name()}{b.name()}", types.BOOL, [a, b]) for a, b in pairs]
    return cel.FunctionDecl(name, overloads)


def _excluding(what: str, names: Iterable[str]) -> str:
    return f"  {what}:\n" + "".join(f'    - name: "{name}"\n' for name in names)


_CONFIG: Final = (
    "stdlib:\n"
    "  exclude_macros:\n" + "".join(f'    - "{name}"\n' for name in MACROS)
    + _excluding("exclude_functions", (*FORBIDDEN, *_ORDERED, *_EQUAL))
)  # fmt: skip

_LOOSE: Final[Any] = cel.NewEnv(variables=dict.fromkeys(ROOTS, cel.Type.DYN))
