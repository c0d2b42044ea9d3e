"""Every checkpoint against the tree of the rows that are there now: signature, root at its size, order (audit 4.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dealreg.proof.tree import Tree
from dealreg.proof.verify import Checkpoint, Refused
from dealreg.service.verifying.finding import Findings, listed
from dealreg.service.verifying.sealed import Sealed
from dealreg.service.verifying.trusting import Trust

RESTORE = "keep this database as it is, and restore a copy that the newest checkpoint outside still fits"


@dataclass(frozen=True, slots=True)
class Broken:
    """A signed root that the rows do not give: ``root`` at ``size``, while every signed root up to ``proven`` is theirs."""

    size: int
    root: bytes
    proven: int
    whose: str


@dataclass(slots=True)
class Judged:
    """What the checkpoints say of the rows. ``proven``: the largest size whose signed root the rows still give."""

    proven: int = 0
    broken: Broken | None = None
    newest: dict[str, int] = field(default_factory=dict)
    count: int = 0
    beyond: int = 0
    findings: Findings = field(default_factory=lambda: Findings("checkpoints", RESTORE))


@dataclass(frozen=True, slots=True)
class Restored:
    """What `audit.log_restored` says: of an origin only the first ``kept`` positions stand."""

    kept: int
    size: int
    root: str
    origin: str
    position: int


def judge(found: Iterable[Sealed], tree: Tree, trust: Trust, restored: Mapping[str, Restored]) -> Judged:
    """Look at checkpoints, which come by origin and size. ``restored``: of which origins only the beginning stands."""
    judged = Judged()
    unlike: list[tuple[Sealed, bool]] = []
    before: Sealed | None = None
    for one in found:
        judged.count += 1
        signed = _signed(judged, one, trust)
        _ordered(judged, one, before)
        before = one
        if one.size > tree.size:
            if signed:
                judged.beyond = max(judged.beyond, one.size)
        elif tree.root(one.size) == one.root:
            if signed:
                judged.proven = max(judged.proven, one.size)
        elif one.origin not in restored or one.size <= restored[one.origin].kept:
            unlike.append((one, signed))
        judged.newest[one.origin] = max(judged.newest.get(one.origin, 0), one.size)
    _cut(judged, tree)
    _unlike(judged, unlike)
    return judged


def _signed(judged: Judged, one: Sealed, trust: Trust) -> bool:
    """Whether its signature counts; what is wrong with it is said."""
    try:
        said: Checkpoint = one.parsed()
    except Refused as error:
        judged.findings.add(f"the checkpoint of size {one.size} of {one.origin}: {error}")
        return False
    if (why := trust.signed(one.origin, one.size, said.note)) is not None:
        judged.findings.add(f"the checkpoint of size {one.size}: {why}", next=_next_of_signature(trust, one))
        return (
            not trust.logs
        )  # Where no key is known at all the roots still tell which rows were changed by whom has none either.
    return True


def _next_of_signature(trust: Trust, one: Sealed) -> str:
    if one.origin in trust.logs:
        return "whoever wrote it does not have the log's key: look who could write the schema `seal`"
    return "name the log's keys: `--policy FILE`, as `dealreg audit policy` writes it"


def _ordered(judged: Judged, one: Sealed, before: Sealed | None) -> None:
    if before is not None and before.origin == one.origin and one.sealed_at < before.sealed_at:
        judged.findings.add(
            f"the checkpoint of size {one.size} was sealed at {one.sealed_at}, before that of size {before.size}", one.size,
            next="look who had the clock of the server then, or wrote the schema `seal`",
        )  # fmt: skip


def _cut(judged: Judged, tree: Tree) -> None:
    if judged.beyond > tree.size:
        judged.findings.add(
            f"position {listed(range(tree.size + 1, judged.beyond + 1))} was sealed and is not there: the end of the ledger was cut off",
            tree.size + 1,
        )


def _unlike(judged: Judged, unlike: list[tuple[Sealed, bool]]) -> None:
    """Roots that the rows do not give. One below what is proved is a false checkpoint, for the proof holds of all before it."""
    for one, signed in unlike:
        if one.size <= judged.proven:
            what = (
                "the log's key signed two histories"
                if signed
                else "it was changed, the rows have the root of a later one"
            )
            judged.findings.add(f"the checkpoint of size {one.size} of {one.origin} is false: {what}")
    behind = sorted((one for one, signed in unlike if signed and one.size > judged.proven), key=lambda one: one.size)
    if behind:
        first = behind[0]
        judged.broken = Broken(first.size, first.root, judged.proven, f"the checkpoint of size {first.size}")
        more = f" and of {len(behind) - 1} later ones" if len(behind) > 1 else ""
        judged.findings.add(
            f"the rows do not have the root of the checkpoint of size {first.size}{more}: of positions {judged.proven + 1} to"
            f" {first.size} one is not what was sealed"
        )
