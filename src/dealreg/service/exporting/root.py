"""The root of a whole log, computed from an export alone or from the ledger, and held against a checkpoint."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dealreg.proof.verify import Checkpoint, parse_checkpoint, parse_vkey, signed_by
from dealreg.proof.verify import Refused as NotProved
from dealreg.service.exporting.growing import Growing
from dealreg.service.exporting.stored import Stored
from dealreg.vocabulary.refused import Refused


@dataclass(frozen=True, slots=True)
class Roots:
    """Of a log that was read through: how many facts, the root over them, and the root over the first ``at`` where that was asked for."""

    size: int
    root: bytes
    at: int | None = None
    root_at: bytes | None = None
    last_recorded_at: str | None = None

    @property
    def text(self) -> str:
        """The root in base64."""
        return b64encode(self.root).decode()


def roots(facts: Iterable[Stored], at: int | None = None, tell: Callable[[Stored], None] = lambda _: None) -> Roots:
    """Read facts of a whole log through; ``tell`` is given each."""
    growing, root_at, last = Growing(), None, None
    for fact in facts:
        if growing.size == at:
            root_at = growing.root
        growing.add(fact.leaf)
        last = fact.recorded_at
        tell(fact)
    return Roots(growing.size, growing.root, at, growing.root if growing.size == at else root_at, last)


def checkpoint(text: str, vkeys: Iterable[str] = ()) -> Checkpoint:
    """A checkpoint, and with keys one that one of them signed. Raises ``Refused``."""
    try:
        found = parse_checkpoint(text)
        keys = [parse_vkey(vkey) for vkey in vkeys]
    except NotProved as error:
        raise Refused(f"the checkpoint is none: {error}") from error
    if keys and not any(key.name == found.origin and signed_by(found.note, key) for key in keys):
        raise Refused(
            f"the checkpoint of {found.origin} is signed by none of the keys that you trust; is it of another log?"
        )
    return found


def agree(read: Roots, with_: Checkpoint) -> None:
    """The log that was read begins with what the checkpoint signs. Raises ``Refused``."""
    if read.size < with_.size:
        raise Refused(
            f"the file ends at position {read.size}, the checkpoint speaks of {with_.size}: it was cut off, or is of another log"
        )
    if read.root_at != with_.root:
        raise Refused(
            f"the root over the first {with_.size} facts is not the one that was signed as {with_.origin}: "
            "a fact was changed, left out, added or moved, or the checkpoint is of another log"
        )
