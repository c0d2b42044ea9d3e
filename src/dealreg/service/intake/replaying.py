"""Dead letters published again, once what stood in their way is gone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dealreg.service.intake import dead_letters
from dealreg.service.intake.dead_letters import REPLAY_HEADER
from dealreg.service.intake.mapping import Mappings
from dealreg.service.intake.publishing import Outgoing, publish_opportunities
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.webhooks.readmitting import readmitted
from dealreg.service.webhooks.refusals import is_refusal

PAGE = 200
_OWN = {REPLAY_HEADER, "nats-msg-id"}
NOBODY = Mappings(())


def replay_letters(
    ledger: Ledger,
    url: str,
    numbers: Sequence[int] | None = None,
    *,
    reason: str | None = None,
    prefix: str = "",
    mappings: Mappings = NOBODY,
) -> list[int]:
    """Publish the open dead letters of these ids, or all, or all of a reason; the ids of those published.

    Each is marked before it is published, and its message id names the attempt: a crash between the two costs a second replay, never
    the message. What the door refused goes on only where its signature is good by ``mappings`` now. Raises ``Unavailable``.
    """
    chosen = list(numbers) if numbers is not None else list(_open(ledger, reason))
    found = [
        (row, message)
        for number in chosen
        if (row := dead_letters.shown(ledger, number)) is not None
        and row["resolved_at"] is None
        and (message := _message(row, mappings)) is not None
    ]
    publish_opportunities(url, (_again(ledger, row, message) for row, message in found), prefix=prefix)
    return [row["id"] for row, _ in found]


def _open(ledger: Ledger, reason: str | None) -> Iterator[int]:
    after = 0
    while page := dead_letters.listed(ledger, reason=reason, after=after, limit=PAGE):
        yield from (row["id"] for row in page)
        after = page[-1]["id"]


def _message(row: dict[str, Any], mappings: Mappings) -> Outgoing | None:
    if is_refusal(row["stream"]):
        return readmitted(row, mappings)
    return Outgoing(
        body=bytes(row["bytes"]),
        headers={name: value for name, value in row["headers"].items() if name.lower() not in _OWN},
        kind=str(row["subject"]).rsplit(".", 1)[-1],
        key=row["source"],
    )


def _again(ledger: Ledger, row: dict[str, Any], message: Outgoing) -> Outgoing:
    attempt = dead_letters.mark_replayed(ledger, row["id"])
    return replace(
        message,
        headers={**message.headers, REPLAY_HEADER: str(row["id"])},
        message_id=f"replay {row['id']} {attempt}",
    )
