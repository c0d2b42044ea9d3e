"""What no checkpoint covers yet, and how the sealer stands."""

from collections.abc import Sequence
from datetime import datetime

from dealreg.service.verifying.checkpoints import Judged
from dealreg.service.verifying.finding import Checked, Findings
from dealreg.service.verifying.sealed import Standing

LATE_SECONDS = 60
"""A fact that is unsealed for so long is one too long: a sealer seals every second."""


def check(
    judged: Judged, instants: Sequence[int], standings: Sequence[Standing], now: int, late_seconds: float
) -> tuple[Findings, Checked]:
    """``now`` in microseconds since 2000, as the instants are."""
    findings = Findings("unsealed", "start the sealer, or find out why it halted: `dealreg seal`")
    sealed = max(judged.newest.values(), default=0)
    for one in standings:
        if one.halted:
            findings.add(f"the sealer of {one.origin} halted at size {one.size}: {one.halted}")
    waiting = max(len(instants) - sealed, 0)
    age = max(now - instants[sealed], 0) / 1e6 if waiting else 0.0
    if not judged.count:
        findings.add("nothing was ever sealed: there is no checkpoint")
    elif age > late_seconds:
        findings.add(f"{waiting} facts behind position {sealed} are not sealed, the oldest for {age:.0f} s")
    oldest = f", the oldest for {age:.1f} s" if waiting else ""
    return findings, findings.checked(f"{waiting} facts wait for their seal{oldest}{_heard(standings)}")


def _heard(standings: Sequence[Standing]) -> str:
    last: datetime | None = max((one.beat_at for one in standings), default=None)
    return f"; the sealer was last heard of at {last:%Y-%m-%d %H:%M:%S}Z" if last else "; no sealer was ever heard of"
