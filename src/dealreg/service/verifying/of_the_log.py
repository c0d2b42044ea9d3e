"""What facts of audit say of the log itself: maps of stream heads, restores, keys. Each is held against the rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dealreg.proof.tree import Tree
from dealreg.service.verifying.checkpoints import Restored
from dealreg.service.verifying.finding import Findings
from dealreg.service.verifying.rows import SealedRow

HEADS = b"audit.stream_heads_sealed.v1"
RESTORED = b"audit.log_restored.v1"

MOST_MAPS = 24
"""Maps of stream heads that are made again, the newest: each sorts and hashes every stream, 2 s for a million of them."""

Facts = Sequence[tuple[SealedRow, Mapping[str, Any]]]


def restores(facts: Facts) -> dict[str, Restored]:
    """What was declared lost, by the origin that is not gone on with."""
    found = {}
    for row, data in facts:
        if row.topic == RESTORED:
            said = Restored(int(data["kept"]), int(data["size"]), str(data["root"]), str(data["origin"]), row.position)
            found[str(data["old_origin"])] = said
    return found


def check_restores(
    restored: Mapping[str, Restored], tree: Tree, origins: Iterable[str], findings: Findings
) -> list[str]:
    """Each new origin is introduced by a fact; what was kept still has its root. Notes for the reader."""
    notes = []
    for old, said in restored.items():
        lost = f"of {said.size} facts sealed as {old}, {said.kept} were kept"
        notes.append(f"the log was restored at position {said.position}: {lost}; since then it is {said.origin}")
        if said.kept == said.size and tree.size >= said.size and tree.root(said.size).hex() != said.root:
            findings.add(
                f"the restore at position {said.position} names another root of {said.size} facts than the rows have",
                said.position,
            )
        if said.kept >= said.position:
            findings.add(
                f"the restore at position {said.position} says that {said.kept} facts before it were kept",
                said.position,
            )
    known = sorted(origins)
    first = [origin for origin in known if origin not in {said.origin for said in restored.values()}]
    if len(first) > 1:
        findings.add(
            f"checkpoints of {len(first)} logs, {', '.join(first)}, and no fact says that one goes on from another"
        )
    return notes


def maps_of_heads(sizes: Iterable[int]) -> list[int]:
    """Of which sizes the map is made again."""
    return sorted(set(sizes))[-MOST_MAPS:]


def check_heads(facts: Facts, made: Mapping[int, tuple[int, str]], findings: Findings) -> int:
    """Hold what was sealed of stream heads against the maps that were made; how many were."""
    checked = 0
    for row, data in facts:
        if row.topic != HEADS or (size := int(data["log_size"])) not in made:
            continue
        checked += 1
        streams, root = made[size]
        if size >= row.position:
            findings.add(f"{row.named()}: it speaks of {size} facts, of which it would be one", row.position)
        elif (int(data["streams"]), str(data["root"])) != (streams, root):
            findings.add(
                f"{row.named()}: it says {data['streams']} streams with the root {str(data['root'])[:16]}…; at size {size} the rows have"
                f" {streams} with {root[:16]}…",
                row.position,
            )
    return checked
