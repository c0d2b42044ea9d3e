"""Personal values against the digests in the facts; the verifier sees digests only (architecture D15)."""

from collections.abc import Iterator

from dealreg.service.verifying.content import Contents
from dealreg.service.verifying.finding import Checked, Findings
from dealreg.service.verifying.rows import Connection

PAGE = 10_000

NEXT = "the value is not what the fact names: restore it from a backup, or have the person erased; the fact stands"


def check(connection: Connection, contents: Contents) -> tuple[Findings, Checked]:
    """Every value has the digest that a fact says, and every ref of a fact has its value or was erased by a fact."""
    findings = Findings("personal values", NEXT)
    awaited = dict(contents.refs)
    held = 0
    for ref, digest in _digests(connection):
        held += 1
        said = awaited.pop(ref, None)
        if said is None:
            findings.add(f"the value {ref}: no fact names it", next="look who wrote it; nothing rests on it")
        elif digest != said[0]:
            findings.add(f"the value {ref}, which position {said[1]} names, or its salt was changed", said[1])
    for ref, (_, position) in awaited.items():
        if ref not in contents.erased:
            findings.add(
                f"the value {ref}, which position {position} names, is gone, and no fact says that it was erased",
                position,
            )
    erased = len(awaited.keys() & contents.erased.keys())
    return findings, findings.checked(f"{held} values, {erased} erased")


def _digests(connection: Connection) -> Iterator[tuple[str, str]]:
    """Refs in order with the digests of what is held."""
    after = None
    while page := connection.execute(
        "SELECT ref::text, digest FROM personal.digests(%s::uuid, %s)", [after, PAGE]
    ).fetchall():
        for ref, digest in page:
            yield str(ref), str(digest)
        after = str(page[-1][0])
