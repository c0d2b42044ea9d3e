"""The verifier as it is handed out: the modules of `dealreg.proof` that verify, joined into the one file `verify.py`."""

from importlib import resources

PARTS = ("verify", "policy", "bundle", "dated", "evidence")
"""In the order in which each needs only what stands before it."""


def verifier() -> str:
    """The text of `verify.py`: the sources as they are, but for the lines by which they import one another."""
    folder = resources.files("dealreg.proof")
    return "\n\n".join(_without_ours((folder / f"{part}.py").read_text(encoding="utf-8")) for part in PARTS)


def _without_ours(text: str) -> str:
    """Leaves out ``from dealreg.proof… import …``, on one line or in brackets."""
    kept, inside = [], False
    for line in text.rstrip().splitlines():
        if line.startswith("from dealreg."):
            inside = line.endswith("(")
        elif inside:
            inside = line != ")"
        else:
            kept.append(line)
    return "\n".join(kept) + "\n"
