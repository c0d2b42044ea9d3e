"""The folder in which evidence leaves the house: the bundle, the verifier, the page for people, the checkpoint, time stamps."""

import shutil
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from dealreg.service.evidence.making import Made
from dealreg.service.evidence.one_file import verifier
from dealreg.service.evidence.rendering import html, pdf
from dealreg.service.evidence.story import story
from dealreg.vocabulary.refused import Refused


def write(
    made: Made,
    out: Path,
    *,
    by: str,
    reason: str,
    keys: Sequence[tuple[str, str]],
    handed_over: Callable[[str], object],
) -> dict[str, str]:
    """Write the folder; the names in it with SHA-256 of each file.

    Everything is written under another name first. ``handed_over`` is told the digest of the bundle before the folder gets its name: what
    it raises leaves nothing behind. Raises ``Refused`` where something is there already.
    """
    if out.exists():
        raise Refused(f"{out} is there already; name a folder that is not")
    page = story(made, by=by, reason=reason, keys=keys)
    files = {
        "bundle.json": made.data,
        "verify.py": verifier().encode(),
        "page.html": html(page).encode(),
        "page.pdf": pdf(page),
        "checkpoint.txt": made.newest.note.encode(),
        **_stamps(made),
    }
    beside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        for name, data in files.items():
            file = beside / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        handed_over(sha256(made.data).hexdigest())
        beside.rename(out)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return {name: sha256(data).hexdigest() for name, data in files.items()}


def _stamps(made: Made) -> dict[str, bytes]:
    """Each token beside the text that it stamps, as `openssl ts -verify -in X.tsr -data X.txt -CAfile …` wants them."""
    bodies = {one.size: one.body.encode() for one in (*made.anchors, made.newest)}
    found: dict[str, bytes] = {}
    for number, one in enumerate(made.tokens, 1):
        found[f"timestamps/{one.size}-{number}.tsr"] = one.token
        found[f"timestamps/{one.size}-{number}.txt"] = bodies[one.size]
    return found
