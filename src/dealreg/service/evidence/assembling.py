"""A bundle out of its parts: facts with proofs, the entries of the map of stream heads, earlier checkpoints, personal values."""

from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from dealreg.proof.bundle import sealed, written
from dealreg.proof.verify import payload_digest
from dealreg.service.evidence.anchoring import Sealed
from dealreg.service.evidence.gathering import Known
from dealreg.service.evidence.heads import Heads

Value = tuple[str, bytes]
"""A personal value and its salt."""


class Proofs(Protocol):
    """Gives the proofs of a sealed tree: one in memory, or one read from its tiles."""

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """That a leaf is in the tree of a size."""

    def consistency(self, size1: int, size2: int | None = None) -> list[bytes]:
        """That the tree of the larger size begins with the other."""


class Nodes:
    """The hashes of all proofs, each once; a proof names them by their number."""

    def __init__(self) -> None:
        """None yet."""
        self._numbers: dict[bytes, int] = {}

    def path(self, hashes: Iterable[bytes]) -> str:
        """The numbers of a proof's hashes."""
        return " ".join(str(self._numbers.setdefault(one, len(self._numbers))) for one in hashes)

    @property
    def listed(self) -> list[str]:
        """In the order of their numbers."""
        return [_text(one) for one in self._numbers]


def bundle(
    label: Mapping[str, Any],
    newest: Sealed,
    anchors: Sequence[Sealed],
    facts: Sequence[tuple[Known, bool]],
    heads: Mapping[str, Any] | None,
    values: Mapping[str, Value],
    proofs: Proofs,
    nodes: Nodes,
) -> bytes:
    """The bytes of a bundle. ``facts``: each with whether it is shown, in order; ``heads``: from ``entries``."""
    sizes = [*(one.size for one in anchors), newest.size]
    made = {
        "format": "dealreg/evidence/v1",
        "subject": dict(label),
        "checkpoint": newest.note,
        "anchors": [
            {"checkpoint": one.note, "proof": nodes.path(proofs.consistency(one.size, newest.size))} for one in anchors
        ],
        "events": [_event(one, sizes, proofs, nodes, shown=shown) for one, shown in facts],
        "heads": heads,
        "personal": _personal([one for one, shown in facts if shown], values),
        "nodes": nodes.listed,
    }
    return written(made)


def entries(heads: Heads, complete: Iterable[str], absent: Sequence[str], nodes: Nodes) -> dict[str, Any]:
    """The part of a bundle about completeness: the head of each stream, and the neighbours of what is not there."""
    found = heads.map
    places = {place for stream in complete if (place := found.place(stream)) is not None}
    places.update(place for stream in absent for place in found.neighbours(stream))
    listed = [
        {
            "index": place,
            "stream": found.heads[place].stream,
            "version": found.heads[place].version,
            "position": found.heads[place].position,
            "leaf": _text(found.heads[place].leaf),
            "proof": nodes.path(found.proof(place)),
        }
        for place in sorted(places)
    ]
    return {"position": heads.position, "entries": listed, "absent": list(absent)}


def _event(one: Known, sizes: Sequence[int], proofs: Proofs, nodes: Nodes, *, shown: bool) -> dict[str, Any]:
    fact = one.stored
    place = bisect_left(sizes, fact.position)
    said = {"salt": _text(fact.salt), "state": fact.state.decode()}
    hidden = {"digest": _text(payload_digest(fact.salt, fact.state))}
    return {
        "position": fact.position,
        "stream": fact.stream,
        "version": fact.version,
        "recorded_at": fact.recorded_at,
        "recorded_by": fact.recorded_by,
        "topic": fact.topic,
        "after": sizes[place - 1] if place else 0,
        "before": sizes[place],
        "proof": nodes.path(proofs.inclusion(fact.position - 1, sizes[-1])),
        **(said if shown else hidden),
    }


def _personal(shown: Iterable[Known], values: Mapping[str, Value]) -> list[dict[str, str | None]]:
    refs = sorted({ref for one in shown for ref, _ in sealed(one.said["data"])})
    held = ((ref, values.get(ref)) for ref in refs)
    return [{"ref": ref, "value": one[0] if one else None, "salt": _text(one[1]) if one else None} for ref, one in held]


def _text(data: bytes) -> str:
    return b64encode(data).decode()
