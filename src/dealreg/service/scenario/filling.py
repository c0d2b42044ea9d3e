"""From a step as written to a command: the shorthands of the form, and what a filing says when the case does not care.

The shorthands are four, all of them in README.md of scenarios/: a customer by name, ``lines`` as a mapping, money as ``20000 EUR``,
and a proof as ``visit_report 2026-02-20``. Everything else is fields by their own names.
"""

import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Union, get_args, get_origin
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dealreg.account.commands import FoldAccount
from dealreg.registration.import_commands import PastLine
from dealreg.service.scenario.expected import LOCAL
from dealreg.service.scenario.naming import Names
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import NAMESPACE

DEFAULTS: Mapping[str, Any] = {"value": "20000 EUR", "close_on": "2026-12-18", "contact": "a buyer"}
"""What a filing says where the case does not care."""

_MONEY = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")
_PROOF = re.compile(r"(\S+) (\d{4}-\d\d-\d\d)")
_LEGS = ("master", "distributor", "dealer")
_PAST = frozenset(PastLine.model_fields) - {"line", "scope", "legs"}
"""What an imported line says besides."""


class Malformed(Exception):
    """A case that cannot be read: which file or key, and why."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Filling:
    """What a step's words may mean: the program's zone, the customers by name, and the short names."""

    zone: ZoneInfo
    customers: Mapping[str, Any]
    names: Names
    commands: Mapping[str, type[Command]]
    document: Callable[[Mapping[str, Any]], dict[str, Any]]

    def instant(self, written: str) -> datetime:
        """An instant as written: the wall clock of the program's zone unless it has an offset."""
        read = datetime.fromisoformat(written)
        return read if read.tzinfo is not None else read.replace(tzinfo=self.zone)

    def command(self, name: str, fields: Mapping[str, Any], path: str) -> Command:
        """The command that a step asks. Raises ``Malformed`` with the path for what no model knows, ``Unnamed`` for a lost name."""
        kind = self.commands.get(name)
        if kind is None:
            raise Malformed(f"{path}: no command is called {name!r}; there are {', '.join(sorted(self.commands))}")
        filled = {**(DEFAULTS if name == "FileRegistration" else {}), **fields}
        values = {key: self._value(kind, key, value, f"{path}.{name}.{key}") for key, value in filled.items()}
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            faults = [f"{path}.{name}.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            raise Malformed("\n".join(faults)) from error

    def _value(self, kind: type[Command], key: str, value: Any, path: str) -> Any:
        company = dict.fromkeys(("customer", "purchaser", "design_customer"), self._customer)
        shorthand = {**company, "lines": self._lines, "value": self._money, "size": self._money}
        if value == "none":
            return None
        if key == "evidence":
            return self._proofs(value)
        if key == "contact":
            return _sealed(value)
        if key == "message":
            return self._message(value, path, "name" if kind is FoldAccount else "customer_name")
        if key == "parts" and isinstance(value, Mapping):
            return [self._part(name, said, path) for name, said in value.items()]
        if key == "document":
            return self.document(self._dated(value))
        if key == "joining" and self.names.knows(f"joining {value}"):
            return self.names.id(f"joining {value}", path)
        if is_id(kind, key) and isinstance(value, str):
            return self.names.id(value, path)
        if key == "registrations":
            return [self.names.id(one, path) for one in value]
        if key in shorthand:
            return shorthand[key](value, path)
        return self._dated(value)

    def _customer(self, value: Any, path: str) -> Any:
        if not isinstance(value, str):
            return self._dated(value)
        if value not in self.customers:
            raise Malformed(f"{path}: no customer is called {value!r}; there are {', '.join(self.customers)}")
        return self.customers[value]

    def _message(self, value: Any, path: str, name: str) -> Any:
        """A message of a CRM: the customer by name, the digest of what it says where none is written; ``name`` holds the company's."""
        said = dict(value)
        customer = self._customer(said.pop("customer"), f"{path}.customer") if "customer" in said else {}
        named = {key if key != "name" else name: one for key, one in customer.items()}
        if "contact" in said:
            said["contact"] = _sealed(said["contact"])
        digest = sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        return {"digest": digest, **named, **self._dated(said)}

    def _lines(self, value: Any, path: str) -> Any:
        """``{drives: {in: DE, distributor: nordwind, dealer: bauer}}``, or ``sites: [a, b]`` inside it."""
        if not isinstance(value, Mapping):
            return value
        return [self._line(line, said, f"{path}.{line}") for line, said in value.items()]

    def _line(self, line: str, said: Any, path: str) -> dict[str, Any]:
        unknown = set(said) - {"in", "sites", "reach", *_LEGS, *_PAST}
        if unknown:
            raise Malformed(f"{path}.{min(unknown)}: a line has 'in', 'sites', 'reach' and the legs {', '.join(_LEGS)}")
        scope = {"territory": said.get("in", "DE"), "sites": said.get("sites", [])}
        return {
            "line": line,
            "scope": scope,
            "legs": [{"tier": leg, "partner": said[leg]} for leg in _LEGS if leg in said],
            **self._dated({key: said[key] for key in said if key == "reach" or key in _PAST}),
        }

    def _part(self, name: str, said: Any, path: str) -> dict[str, Any]:
        """``R1: {in: DE-NORTH}`` or ``R1: {sites: [a, b]}``: which part of a line a registration has by a ruling."""
        scope = {"territory": said.get("in", "DE"), "sites": said.get("sites", [])}
        return {"registration": self.names.id(name, f"{path}.{name}"), "scope": scope}

    def _money(self, value: Any, path: str) -> Any:
        if not isinstance(value, str):
            return value
        found = _MONEY.fullmatch(value)
        if found is None:
            raise Malformed(f"{path}: {value!r} is not an amount with its currency, such as '20000 EUR'")
        return {"amount": found[1], "currency": found[2]}

    def _proofs(self, value: Any) -> Any:
        return [self._proof(one) for one in value] if isinstance(value, list) else self._proof(value)

    def _proof(self, value: Any) -> Any:
        found = _PROOF.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        return {"kind": found[1], "dated_on": found[2], "digest": sha256(found[0].encode()).hexdigest()}

    def _dated(self, value: Any) -> Any:
        """Every instant inside a value gets the program's zone; nothing else is touched."""
        if isinstance(value, str):
            return self.instant(value).isoformat() if LOCAL.fullmatch(value) else value
        if isinstance(value, Mapping):
            return {key: self._dated(one) for key, one in value.items() if one != "none"}
        return [self._dated(one) for one in value] if isinstance(value, list) else value


def _sealed(value: Any) -> Any:
    """A person's name is never in the ledger: what stands there is where it is kept, and a digest."""
    if not isinstance(value, str):
        return value
    return {"ref": str(uuid5(NAMESPACE, value)), "digest": sha256(value.encode()).hexdigest()}


def is_id(kind: type[Command], key: str) -> bool:
    """Whether a field of a command is the id of something that a case names."""
    field = kind.model_fields.get(key)
    if field is None:
        return False
    kinds = (
        get_args(field.annotation) if get_origin(field.annotation) in {Union, types.UnionType} else (field.annotation,)
    )
    return UUID in kinds
