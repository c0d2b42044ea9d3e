"""From what was compared to the rows that are named: which of the comparisons knows most of the rows."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from dealreg.service.verifying.checkpoints import Judged
from dealreg.service.verifying.copies import differing
from dealreg.service.verifying.finding import Findings
from dealreg.service.verifying.guessing import Clues
from dealreg.service.verifying.naming import Named, by_leaves, by_root
from dealreg.service.verifying.outside import Leaf, Outside, leaf_fields, unlike_leaves
from dealreg.service.verifying.rows import Connection, SealedRow, copied, unpacked
from dealreg.service.verifying.scanning import Scan
from dealreg.service.verifying.tiles import Compared

ROLES = (b"dealreg_app", b"dealreg_auditor", b"dealreg_owner", b"dealreg_sealer", b"dealreg_watcher")

LONGEST = 300
"""Characters of a content that are shown."""

NEAREST_STREAMS = 2000
"""Streams whose end lies nearest, of which a row that changed its stream may have been the next."""

Copies = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads rows again, by position."""

    connection: Connection

    def __call__(self, positions: Sequence[int]) -> Mapping[int, SealedRow]:
        """Those that are there."""
        wanted = ",".join(str(int(position)) for position in positions)
        with closing(copied(self.connection, f"position = ANY ('{{{wanted}}}'::bigint[])")) as packed:
            return {row.position: row for row in map(unpacked, packed)}


def name(found: Scan, judged: Judged, compared: Compared, outside: Outside, rows: Rows, copies: Copies) -> Findings:
    """The rows that are not what was sealed."""
    if compared.unlike:
        return by_leaves(compared.unlike, found.missing, _clues(found, min(compared.unlike)), rows, copies).findings
    if (broken := judged.broken) is not None:
        return by_root(broken, found.tree, found.missing, _clues(found, broken.proven), rows, copies).findings
    if (broken := outside.broken) is not None:
        told = by_root(broken, found.tree, found.missing, _clues(found, broken.proven), rows, copies).findings
        for one in told.kept:
            outside.findings.add(one.what, one.position)
    return Named().findings


def _clues(found: Scan, index: int) -> Clues:
    """What may stand in the place of what was changed near an index."""
    near = heapq.nsmallest(NEAREST_STREAMS, found.heads.items(), key=lambda item: abs(item[1].position - index))
    return Clues(
        topics=sorted(found.contents.known),
        logins=sorted({*found.contents.logins, *ROLES}),
        gaps=[*found.gaps, *((stream, head.version + 1) for stream, head in near)],
    )


def kept_leaves(outside: Outside, found: Scan, rows: Rows) -> int:
    """Hold receipts' and bundles' facts against the rows: they say field by field what was sealed. How many there are."""
    unlike = sorted(unlike_leaves(outside, found.tree), key=lambda leaf: leaf.position)
    there = rows([leaf.position for leaf in unlike[:1000]]) if unlike else {}
    for leaf in unlike:
        outside.findings.add(_differing(leaf, there.get(leaf.position)), leaf.position)
    return len(outside.leaves)


def _differing(leaf: Leaf, row: SealedRow | None) -> str:
    kept = leaf_fields(leaf.text)
    if row is None:
        return f"{leaf.source} has the fact of position {leaf.position}, {kept.get('topic')} of stream {kept.get('stream')}, and none is there"
    ours = leaf_fields(row.leaf_text())
    fields = [
        f"{name} was {kept[name]} and is {ours[name]}"
        for name in kept
        if name != "digest" and kept[name] != ours.get(name)
    ]
    if kept.get("digest") != ours.get("digest"):
        fields.append("its content or its salt was changed" + _contents(leaf, row))
    return f"{leaf.source} has another fact of {row.named()}: {'; '.join(fields)}"


def _contents(leaf: Leaf, row: SealedRow) -> str:
    if leaf.state is None:
        return ""
    try:
        fields = differing(from_json(leaf.state), from_json(row.state), "")
    except ValueError:
        fields = ""
    return f": {fields or leaf.state.decode('utf-8', 'replace')[:LONGEST]}" if leaf.state != row.state else ": the salt"
