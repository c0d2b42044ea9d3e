"""Copies that others kept: checkpoints, cosigned notes, receipts, bundles, a witness's or a sealer's own memory.

What is inside the database somebody may have made fit again, with a stolen key even. A root that lies elsewhere he cannot reach.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealreg.proof.tree import Tree
from dealreg.proof.verify import (
    Checkpoint,
    Note,
    Refused,
    decoded,
    leaf_hash,
    leaf_text,
    parse_checkpoint,
    payload_digest,
)
from dealreg.service.verifying.checkpoints import RESTORE, Broken, Restored
from dealreg.service.verifying.finding import Findings
from dealreg.service.verifying.instants import Seen, seen_at
from dealreg.service.verifying.trusting import Trust

LARGEST = 100_000_000
"""Bytes of a file; a bundle is no larger."""

_RECEIPT = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra (\S+)\nindex (0|[1-9][0-9]{0,18})\n(?:[^\s]+\n){0,63}\n(.*)", re.DOTALL
)
_FIELDS = ("position", "stream", "version", "recorded_at", "recorded_by", "topic", "digest")


@dataclass(frozen=True, slots=True)
class Root:
    """A root that somebody kept; ``note`` where it is signed."""

    source: str
    origin: str
    size: int
    root: bytes
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """The text of a leaf that somebody kept, and the state where a bundle shows it."""

    source: str
    position: int
    text: bytes
    state: bytes | None = None


@dataclass(slots=True)
class Outside:
    """What was found in the files."""

    files: int = 0
    roots: list[Root] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    broken: Broken | None = None
    reached: int = 0
    notes: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=lambda: Findings("outside copies", RESTORE))


def gather(paths: Iterable[Path]) -> Outside:
    """Read files, and all files of folders. Raises ``OSError`` for one that is not there."""
    found = Outside()
    for path in paths:
        inside = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        known = 0
        for file in inside:
            data = file.read_bytes() if file.stat().st_size <= LARGEST else b""
            known += _read(found, str(file), data.decode("utf-8", "replace"))
        found.files += known
        if not known:
            found.findings.add(
                f"{path} holds no checkpoint, receipt or bundle, nor the memory of a witness or a sealer",
                next="name another file",
            )
    return found


def _read(found: Outside, source: str, text: str) -> bool:
    before = len(found.roots) + len(found.leaves)
    receipt = _RECEIPT.fullmatch(text)
    if receipt is not None:
        _note(found, source, receipt[3])
        try:
            found.leaves.append(Leaf(source, int(receipt[2]) + 1, decoded(receipt[1])))
        except Refused as error:
            found.findings.add(f"{source} is a receipt that cannot be read: {error}", next="ask for it once more")
    elif text.lstrip()[:1] in {"{", "["}:
        try:
            _walk(found, source, json.loads(text))
        except (ValueError, RecursionError):
            return False
    else:
        _note(found, source, text)
    return len(found.roots) + len(found.leaves) > before


def _note(found: Outside, source: str, text: str) -> None:
    try:
        said: Checkpoint = parse_checkpoint(text)
    except Refused:
        return
    found.roots.append(Root(source, said.origin, said.size, said.root, said.note))


def _walk(found: Outside, source: str, value: Any) -> None:
    """Every note, every root with its size, and every fact of a bundle."""
    if isinstance(value, dict):
        _root(found, source, value)
        _leaf(found, source, value)
        for item in value.values():
            _walk(found, source, item)
    elif isinstance(value, list):
        for item in value:
            _walk(found, source, item)
    elif isinstance(value, str) and "\n\n" in value:
        _note(found, source, value)


def _root(found: Outside, source: str, value: Mapping[str, Any]) -> None:
    origin, size, root = value.get("origin"), value.get("size"), value.get("root")
    if isinstance(origin, str) and type(size) is int and isinstance(root, str) and re.fullmatch("[0-9a-f]{64}", root):
        found.roots.append(Root(source, origin, size, bytes.fromhex(root)))


def _leaf(found: Outside, source: str, value: Mapping[str, Any]) -> None:
    if not value.keys() >= set(_FIELDS[:-1]) or type(value["position"]) is not int:
        return
    try:
        state = value["state"].encode() if "state" in value else None
        digest = decoded(value["digest"]) if state is None else payload_digest(decoded(value["salt"]), state)
        text = leaf_text(
            value["position"],
            value["stream"],
            value["version"],
            value["recorded_at"],
            value["recorded_by"],
            value["topic"],
            digest,
        )
    except (Refused, KeyError, AttributeError, TypeError):
        return
    found.leaves.append(Leaf(source, value["position"], text, state))


def compare(found: Outside, tree: Tree, trust: Trust, restored: Mapping[str, Restored], ours: Iterable[str]) -> None:
    """Hold every root against the tree of the rows: a rewrite, a cut and a restored backup all show here."""
    known, good, bad = {*ours, *trust.logs, *restored}, [0], list[Root]()
    for one in sorted(found.roots, key=lambda root: root.size):
        if (why := _unusable(one, trust, known)) is not None:
            found.findings.add(f"{one.source}: {why}", next="it proves nothing against this log: ask whose it is")
            continue
        if one.note is not None:
            found.seen.extend(seen_at(one.size, at, who) for who, at in trust.witnessed(one.note) if at is not None)
        found.reached = max(found.reached, one.size)
        declared = restored.get(one.origin)
        if declared is not None and one.size > declared.kept:
            _declared(found, one, declared)
        elif one.size > tree.size:
            found.findings.add(
                f"{one.source} has the root of {one.size} facts, and there are {tree.size}: the end was cut off, or an old backup"
                " was restored",
                tree.size + 1,
            )
        elif tree.root(one.size) == one.root:
            good.append(one.size)
        else:
            bad.append(one)
    _broken(found, good, bad)


def _unusable(one: Root, trust: Trust, known: set[str]) -> str | None:
    if one.origin not in known:
        return f"it is of another log, {one.origin}"
    return trust.signed(one.origin, one.size, one.note) if one.note is not None and trust.logs else None


def _declared(found: Outside, one: Root, declared: Restored) -> None:
    """Lost by a restore that was declared: then no more may be known outside than was said to be lost."""
    if one.size > declared.size or (one.size == declared.size and one.root.hex() != declared.root):
        found.findings.add(
            f"{one.source} has the root of {one.size} facts of {one.origin}; the restore at position {declared.position} says that"
            f" {declared.size} were the last",
            declared.position,
        )
    else:
        found.notes.append(
            f"{one.source} is of {one.size} facts of {one.origin}, of which {declared.kept} were kept: the restore at position"
            f" {declared.position} says so"
        )


def _broken(found: Outside, good: list[int], bad: list[Root]) -> None:
    for one in bad[:1]:
        proven = max(size for size in good if size < one.size)
        found.broken = Broken(one.size, one.root, proven, one.source)
        more = f", nor those of {len(bad) - 1} further copies" if len(bad) > 1 else ""
        found.findings.add(
            f"the rows do not have the root that {one.source} has of {one.size} facts{more}: of positions {proven + 1} to {one.size}"
            " one is not what it was"
        )


def unlike_leaves(found: Outside, tree: Tree) -> Iterator[Leaf]:
    """The kept leaves that the rows do not give."""
    for one in found.leaves:
        if not 0 < one.position <= tree.size or tree.leaf(one.position - 1) != leaf_hash(one.text):
            yield one


def leaf_fields(text: bytes) -> dict[str, str]:
    """The lines of a leaf by their names."""
    return dict(zip(_FIELDS, text.decode("utf-8", "replace").split("\n")[1:], strict=False))
