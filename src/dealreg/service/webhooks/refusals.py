"""What the door refused, as dead letters: a forged signature, a body that is too long.

Anybody may post, so what is kept is bounded: of a source so many a day and of each so many bytes; the rest is counted only. The same
bytes again are the same row.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from dealreg.service.intake.dead_letters import Dead, insertion
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.webhooks.posted import Evidence

KEPT_A_DAY: Final = 20
LONGEST_KEPT: Final = 65_536
"""Bytes: 20 a day of these for 90 days are 118 MB a source, and no more."""
CUT: Final = "dealreg-cut"
"""A header on what was longer: how long it was, as far as it was read."""

_PLACE: Final = "webhook:"
_TODAY = """
SELECT count(*) AS kept FROM intake.dead_letters WHERE stream = %s AND recorded_at > clock_timestamp() - interval '1 day'
"""


def place(source: str) -> str:
    """Where a source's refused requests are said to lie: they never lay in the broker."""
    return f"{_PLACE}{source}"


def is_refusal(stream: str) -> bool:
    """Whether a dead letter never was in the broker."""
    return stream.startswith(_PLACE)


def keep(
    ledger: Ledger, source: str, subject: str, headers: Evidence, body: bytes, at: datetime, because: Unreadable
) -> bool:
    """Keep one, if there is room today; whether there was. Raises ``Unavailable``, ``Unstorable``."""
    stream = place(source)
    if ledger.run(_TODAY, [stream])[0]["kept"] >= KEPT_A_DAY:
        return False
    cut = {CUT: str(len(body))} if len(body) > LONGEST_KEPT else {}
    number = int.from_bytes(sha256(body).digest()[:8], "big") >> 1
    delivery = Delivery(body[:LONGEST_KEPT], {**headers, **cut}, subject, stream, number, at)
    ledger.run(*insertion([Dead(delivery, because, at, source)]))
    return True
