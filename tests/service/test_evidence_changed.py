"""A bundle cannot be changed in any field: every single change of its JSON is refused, generated from the bundle itself."""

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any

import pytest

from dealreg.proof import verify
from dealreg.proof.bundle import written
from dealreg.proof.dated import Dated
from dealreg.proof.verify import Refused
from dealreg.service.evidence.subject import Kind, Subject
from tests.fix_evidence import Disputed, proved
from tests.fix_web import PROGRAM

Place = tuple[Any, ...]


class Twice(str):
    """A key that is equal to no other, so that a dictionary holds the same name twice."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@pytest.fixture(autouse=True)
def _signatures_are_checked_once(monkeypatch):
    """The same signature over the same text by the same key has the same answer: thousands of bundles ask for it."""
    monkeypatch.setattr(verify, "ed25519_verify", lru_cache(maxsize=None)(verify.ed25519_verify))


def _places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of the JSON with where it stands."""
    if at:
        yield at, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*at, key))


def _other_values(value: Any) -> Iterator[Any]:
    """What else could stand in a place: near, empty, or of another type."""
    match value:
        case str():
            for number in sorted({0, len(value) // 3, len(value) // 2, len(value) - 1}):
                if value:
                    put = "B" if value[number : number + 1] != "B" else "C"
                    yield value[:number] + put + value[number + 1 :]
                    yield value[:number] + value[number + 1 :]
            yield from (value + "0", value + "\n", value + "\u0000", " " + value, 7, None, [value], {"": value})
            if value:
                yield ""
            yield from _not_canonical(value)
        case bool() | None:
            yield from ("", 0, [], {})
        case int():
            yield from (value + 1, value - 1, -value - 1, str(value), float(value), 2**70, None, [value])
        case list():
            yield from ([*value, *value[:1]], [*value, None], {}, None, "")
            if value:
                yield []
        case _:
            yield from ([], None, "", {})


def _not_canonical(value: str) -> Iterator[str]:
    """The same bytes in base64 written otherwise."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    if value.endswith("=") and value[-2] in letters:
        other = value[:-2] + letters[letters.index(value[-2]) ^ 1] + "="
        assert base64.b64decode(other) == base64.b64decode(value)
        yield other


def _changes(bundle: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every bundle with one change, and what the change was."""
    for at, value in _places(bundle):
        for other in _other_values(value):
            yield f"{at} = {str(other)[:40]!r}", _with(bundle, at, other)
        yield f"{at} left out", _without(bundle, at)
        if isinstance(at[-1], str):
            yield f"{at} twice", _with(bundle, (*at[:-1], Twice(at[-1])), value)
            yield f"{at} under another name", _with(_without(bundle, at), (*at[:-1], at[-1] + "_"), value)
        elif at[-1]:
            yield f"{at} in the place of the one before", _swapped(bundle, at)
        if isinstance(value, dict):
            yield f"{at} with a key more", _with(bundle, (*at, "note"), "x")
    yield "a key more", _with(bundle, ("note",), "x")


def _holder(bundle: Any, at: Place) -> tuple[Any, Any]:
    """A copy, as deep as the place is, and in it what holds the place."""
    top = bundle.copy()
    here = top
    for key in at[:-1]:
        here[key] = here[key].copy()
        here = here[key]
    return top, here


def _with(bundle: Any, at: Place, value: Any) -> Any:
    top, here = _holder(bundle, at)
    here[at[-1]] = value
    return top


def _without(bundle: Any, at: Place) -> Any:
    top, here = _holder(bundle, at)
    del here[at[-1]]
    return top


def _swapped(bundle: Any, at: Place) -> Any:
    top, here = _holder(bundle, at)
    here[at[-1]], here[at[-1] - 1] = here[at[-1] - 1], here[at[-1]]
    return top


def _accepted(data: bytes, policy: dict[str, Any]) -> tuple[int, list[str]]:
    """How many changes were tried, and those that were taken."""
    bundle, tried, taken = json.loads(data), 0, []
    for what, changed in _changes(bundle):
        if changed == bundle and "twice" not in what:
            continue  # Two equal neighbours change places.
        tried += 1
        try:
            proved(written(changed), policy)
        except Refused:
            continue
        taken.append(what)
    return tried, taken


@pytest.mark.timeout(600)
def test_requirement_11_every_single_change_of_a_bundle_is_refused(disputed: Disputed, capsys):
    trail, head = disputed.trail, disputed.trail.seal() + 3
    made = {
        "deal": trail.make("deal", disputed.deal).data,
        "deal for a partner": trail.make("deal", disputed.deal, shown_to="ALPHA").data,
        "absent deal": trail.make("deal", "00000000-0000-4000-8000-000000000001").data,
        "period": trail.of(Subject(Kind.PERIOD, "some facts", PROGRAM, 21, 27)).data,
        "beginning": trail.of(Subject(Kind.PERIOD, "the first facts", PROGRAM, 1, 3)).data,
        "end": trail.of(Subject(Kind.PERIOD, "the last facts", PROGRAM, head - 1, head)).data,
    }
    for name, data in made.items():
        assert proved(data, trail.policy()), name
        tried, taken = _accepted(data, trail.policy())
        assert taken == [], name
        with capsys.disabled():
            print(f"\n{name}: {tried} changes, all refused")  # noqa: T201 - the count is part of the answer
        assert tried > 200


def test_requirement_11_a_verifier_with_a_hole_is_found_by_the_same_changes(disputed: Disputed, monkeypatch):
    """Without the check of what dates a fact, the generator finds just that."""
    trail = disputed.trail
    data = trail.make("deal", "00000000-0000-4000-8000-000000000001").data
    monkeypatch.setattr(Dated, "times", lambda *_: iter(()))
    _, taken = _accepted(data, trail.policy())
    assert {what.split(" = ")[0].split(", ")[-1] for what in taken} == {"'after')", "'before')"}


def test_requirement_11_a_bundle_is_written_in_one_way(disputed: Disputed):
    data = disputed.trail.make("deal", disputed.deal).data
    policy, bundle = disputed.trail.policy(), json.loads(data)
    ways = {
        "compact": json.dumps(bundle).encode(),
        "escaped": (json.dumps(bundle, indent=1, sort_keys=True) + "\n").encode(),
        "other order": (json.dumps(dict(reversed(bundle.items())), ensure_ascii=False, indent=1) + "\n").encode(),
        "utf-16": data.decode().encode("utf-16"),
        "byte order mark": b"\xef\xbb\xbf" + data,
        "latin-1": data.decode().encode("latin-1", "replace"),
        "no line break at the end": data[:-1],
        "a line break more": data + b"\n",
        "crlf": data.replace(b"\n", b"\r\n"),
        "truncated": data[: len(data) // 2],
        "one byte": b"{",
        "empty": b"",
        "deep": b"[" * 200_000,
        "a list": b"[]\n",
        "infinite": data.replace(b'"version": 1', b'"version": Infinity', 1),
        "a long number": data.replace(b'"version": 1', b'"version": ' + b"9" * 5000, 1),
        "too large": data + b" " * 100_000_000,
    }
    for name, changed in ways.items():
        assert changed != data, name
        with pytest.raises(Refused):
            proved(changed, policy)
    assert proved(written(deepcopy(bundle)), policy)
