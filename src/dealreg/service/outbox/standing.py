"""How far everybody was told, for those who run this."""

from contextlib import closing
from datetime import datetime
from typing import Final
from uuid import UUID

from dealreg.service.outbox.connecting import connect
from dealreg.vocabulary.values import Model

_FOLLOWERS: Final = """
SELECT p.audience, p.position, greatest(h.head - p.position, 0), p.number, p.done_at, p.trouble
FROM outbox.positions AS p, (SELECT coalesce(max(position), 0) AS head FROM ledger.events) AS h ORDER BY p.audience
"""
_SUBSCRIBERS: Final = """
SELECT s.program, s.partner, s.reader, s.number, (SELECT count(*) FROM outbox.waiting AS w WHERE w.reader = s.reader), s.trouble
FROM outbox.subscribers AS s WHERE s.ended_at IS NULL ORDER BY s.program, s.partner
"""


class FollowerStands(Model):
    """A follower: the position up to which its taker holds everything, how many facts are behind it, and what stands in the way."""

    follower: str
    position: int
    behind: int
    messages: int
    done_at: datetime | None
    trouble: str | None


class SubscriberStands(Model):
    """A partner with a stream: how many messages it was given, and how many wait."""

    program: str
    partner: str
    reader: UUID
    messages: int
    waiting: int
    trouble: str | None


class OutboxStands(Model):
    """Everybody who is told."""

    followers: tuple[FollowerStands, ...]
    partners: tuple[SubscriberStands, ...]

    @property
    def in_trouble(self) -> bool:
        """Whether something stands in somebody's way."""
        return any(one.trouble for one in self.followers) or any(one.trouble for one in self.partners)


def standing(database_url: str) -> OutboxStands:
    """As it is now. Raises psycopg's errors."""
    with closing(connect(database_url)) as connection:
        return OutboxStands(
            followers=tuple(
                FollowerStands(**dict(zip(FollowerStands.model_fields, row, strict=True)))
                for row in connection.execute(_FOLLOWERS).fetchall()
            ),
            partners=tuple(
                SubscriberStands(**dict(zip(SubscriberStands.model_fields, row, strict=True)))
                for row in connection.execute(_SUBSCRIBERS).fetchall()
            ),
        )
