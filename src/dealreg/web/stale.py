"""What the CRM knows and is not known here, over HTTP: the list, gaps of a feed reported and closed by hand (ROE-22)."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from dealreg.feed.commands import ReconcileFeed, ReportFeedGap
from dealreg.service.questions import Questions
from dealreg.service.rereading import listing
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.values import Instant
from dealreg.web.access import TheHouse
from dealreg.web.lists import Listed, Operator, Paged, page
from dealreg.web.problems import documented
from dealreg.web.rows import Row
from dealreg.web.writes import Write

router = APIRouter(tags=["questions"], responses=documented(401, 403, 422, 503))

FEEDS: Final = (
    Write(
        "/feeds/gaps",
        ReportFeedGap,
        "feeds",
        example={
            "source": "salesforce",
            "since": "2026-03-02T10:00:00Z",
            "why": "The replay id was older than three days.",
        },
    ),
    Write(
        "/feeds/gaps/{gap}/reconcile",
        ReconcileFeed,
        "feeds",
        example={
            "source": "salesforce",
            "reason": "Compared with the CRM's own report of that day; nothing is missing.",
        },
    ),
)


class StaleRecord(Row):
    """Something that the source changed and did not show. ``kind``: opportunity, account, or feed where it does not say which record.

    ``subject`` is the stream of the record, or the gap. ``how``: ``reread``, or ``by hand`` where the source's mapping has no `api:`.
    """

    subject: UUID
    program: str
    kind: str
    entity: str | None
    source: str
    record: str | None
    why: str | None
    since: Instant
    how: str
    tries: int
    last_error: str | None
    tried_at: Instant | None
    next_at: Instant | None


class StaleRecords(Listed):
    """What is stale, the longest first."""

    stale: list[StaleRecord]


@router.get("/stale-records")
def stale_records(
    the_house: TheHouse,
    claims: Operator,
    response: Response,
    paged: Paged,
    source: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[Literal["opportunity", "account", "feed"] | None, Query()] = None,
) -> StaleRecords:
    """What the CRM knows and is not known here, and why; nothing but hard stops ends what rides on it (ROE-22)."""
    asking = Questions(the_house.reading, claims.model_copy(update={"role": Role.AUDITOR}))
    found, following = page(asking, response, "stale_records", "oldest", paged, source=source, kind=kind)
    rows = listing.told(the_house, found)
    return StaleRecords(
        stale=[StaleRecord(**{name: row[name] for name in StaleRecord.model_fields}) for row in rows], next=following
    )
