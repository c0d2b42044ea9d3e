"""A customer file joined with another, and parted from it again, whatever it holds (architecture D13).

Collections are joined; on parting, what stood in the other file when it was closed goes back as it stands now, and so does what came
since and hangs on a claim that goes back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any
from uuid import UUID

from dealreg.file.state import ActiveOverride, Claim, ClaimKey, CustomerFile

KEPT = frozenset({"customer", "closed_into", "entries", "live"})
"""Of the file itself: its own values stand."""


def as_taken_over(held: CustomerFile, absorbed: UUID, entries: int) -> CustomerFile:
    """The file as another takes it over: its claims after the ``entries`` that are there, each with the customer it came from."""
    claims: dict[ClaimKey, Claim] = {}
    for claim in sorted(held.claims.values(), key=lambda claim: claim.entry):
        entries += 1
        claims[claim.key] = replace(claim, entry=entries, came_from=claim.came_from or absorbed)
    overrides = tuple(replace(known, came_from=known.came_from or absorbed) for known in held.overrides)
    return replace(held, claims=claims, overrides=overrides, entries=entries)


def renumbered(held: CustomerFile, entries: int) -> CustomerFile:
    """The file with its claims accepted after the ``entries`` that are in another."""
    if not entries:
        return held
    claims: dict[ClaimKey, Claim] = {}
    for claim in sorted(held.claims.values(), key=lambda claim: claim.entry):
        entries += 1
        claims[claim.key] = replace(claim, entry=entries)
    return replace(held, claims=claims, entries=entries)


def joined(one: CustomerFile, other: CustomerFile) -> CustomerFile:
    """The file with everything that the other holds; where both hold the same key, as the other has it."""
    held: CustomerFile = _joined(one, other)
    live = (*(key for key in one.live if key not in other.claims), *other.live)
    return replace(held, entries=max(one.entries, other.entries), live=live)


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        return {**one, **other}
    if isinstance(one, frozenset):
        return one | other
    if isinstance(one, tuple):
        return (*one, *(element for element in other if element not in one))
    if is_dataclass(one) and not isinstance(one, type):
        named = [part.name for part in fields(one) if part.name not in KEPT]
        return replace(one, **{name: _joined(getattr(one, name), getattr(other, name)) for name in named})
    return one


@dataclass(frozen=True, slots=True)
class Parted:
    """What goes back, and what stays."""

    back: CustomerFile
    rest: CustomerFile


def parted(held: CustomerFile, closed: CustomerFile, absorbed: UUID) -> Parted:
    """The file of both, parted by what the closed one held when it was closed."""
    keys = frozenset(closed.claims)
    whole = replace(held, live=())
    back, rest = _parted(whole, closed, keys)
    own = {key: replace(claim, came_from=_native(claim, absorbed)) for key, claim in back.claims.items()}
    overrides = tuple(replace(known, came_from=_native(known, absorbed)) for known in back.overrides)
    return Parted(
        replace(back, claims=own, overrides=overrides, live=tuple(key for key in held.live if key in keys)),
        replace(rest, live=tuple(key for key in held.live if key not in keys)),
    )


def without(held: CustomerFile, back: CustomerFile) -> CustomerFile:
    """The file without what goes back."""
    rest: CustomerFile = _without(held, back)
    return replace(rest, live=tuple(key for key in held.live if key not in back.claims))


def _without(held: Any, back: Any) -> Any:
    if isinstance(held, Mapping):
        return {key: one for key, one in held.items() if key not in back}
    if isinstance(held, frozenset):
        return held - back
    if isinstance(held, tuple):
        gone = {_identity(one) for one in back}
        return tuple(one for one in held if _identity(one) not in gone)
    if is_dataclass(held) and not isinstance(held, type):
        named = [part.name for part in fields(held) if part.name not in KEPT]
        return replace(held, **{name: _without(getattr(held, name), getattr(back, name)) for name in named})
    return held


def _native(held: Claim | ActiveOverride, absorbed: UUID) -> UUID | None:
    """What came from a customer is its own once it is back there."""
    return None if held.came_from == absorbed else held.came_from


def _parted(held: Any, closed: Any, keys: frozenset[ClaimKey]) -> tuple[Any, Any]:
    """A part of the file as it goes back and as it stays; what is no collection is the same on both sides."""
    if isinstance(held, Mapping):
        back = {key: one for key, one in held.items() if key in closed or key in keys or _hangs_on(one, keys)}
        return back, {key: one for key, one in held.items() if key not in back}
    if isinstance(held, frozenset):
        return held & closed, held - closed
    if isinstance(held, tuple):
        known = {_identity(one) for one in closed}
        goes = [one for one in held if _identity(one) in known or _hangs_on(one, keys)]
        return tuple(goes), tuple(one for one in held if one not in goes)
    if is_dataclass(held) and not isinstance(held, type):
        parts = {
            part.name: _parted(getattr(held, part.name), getattr(closed, part.name), keys)
            for part in fields(held)
            if part.name not in KEPT
        }
        sides = [replace(held, **{name: part[side] for name, part in parts.items()}) for side in (0, 1)]
        return sides[0], sides[1]
    return held, held


def _identity(one: Any) -> Any:
    """What names a thing in a list: its id where it has one, else all of it."""
    first = getattr(one, fields(one)[0].name) if is_dataclass(one) else one
    return first if isinstance(first, UUID) else one


def _hangs_on(one: Any, keys: Collection[ClaimKey]) -> bool:
    """Whether a thing is of a claim that goes back."""
    return any(getattr(one, name, None) in keys for name in ("claim", "host"))
