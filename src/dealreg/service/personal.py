"""Personal values beside the ledger: sealing them (architecture D15); ``service.erasing`` shows and forgets them.

A fact carries ``Sealed(ref, digest)``; the value and its salt lie in ``personal.held`` until the person is erased. The digest is
SHA-256 of the salt followed by the value's UTF-8, so a bundle can be checked while the value exists and says nothing afterwards.
"""

import secrets
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import uuid4

from pydantic import BaseModel

from dealreg.service.ledger.recorded import PersonalRow
from dealreg.vocabulary.values import Sealed

SALT_BYTES = 16
"""128 bits: a digest of a short value cannot be guessed by trying all short values."""


def seal(subject: str, value: str) -> tuple[Sealed, PersonalRow]:
    """What the fact carries, and the row that is kept with it; ``subject`` is what an erasure will ask for."""
    row = PersonalRow(str(uuid4()), subject, value, secrets.token_bytes(SALT_BYTES))
    return Sealed(ref=row.ref, digest=digest(row.salt, value)), row


def digest(salt: bytes, value: str) -> str:
    """SHA-256 of the salt followed by the value's UTF-8, in hexadecimal."""
    return sha256(salt + value.encode()).hexdigest()


def refs(value: Any) -> Iterator[str]:
    """Every ``ref`` that an event, or any value of one, names."""
    yield from (sealed.ref for _, sealed in sealed_in(value))


def sealed_in(value: Any, path: str = "") -> Iterator[tuple[str, Sealed]]:
    """Every seal in an event or a value of one, with the path to it: dots between names, a list's places from 0."""
    if isinstance(value, Sealed):
        yield path, value
    elif isinstance(value, BaseModel):
        if may_name(type(value)):
            for name, field in value.__dict__.items():
                yield from sealed_in(field, f"{path}.{name}" if path else name)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from sealed_in(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple | set | frozenset):
        for place, item in enumerate(value):
            yield from sealed_in(item, f"{path}.{place}")


@cache
def may_name(model: type[BaseModel]) -> bool:
    """Whether the types of a model's fields, however deep, have room for a ref: most facts have none and need no search."""
    return _has_room(model, set())


def _has_room(kind: Any, passed: set[type]) -> bool:
    """What is not understood may hold anything."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal or kind is Ellipsis:
        return False
    if inner:
        return any(_has_room(part, passed) for part in (inner[:1] if origin is Annotated else inner))
    if hasattr(kind, "__supertype__"):
        return _has_room(kind.__supertype__, passed)
    if not isinstance(kind, type) or kind is object:
        return True
    if not issubclass(kind, BaseModel) or kind in passed:
        return issubclass(kind, list | tuple | set | frozenset | dict)
    passed.add(kind)
    return issubclass(kind, Sealed) or any(_has_room(field.annotation, passed) for field in kind.model_fields.values())
