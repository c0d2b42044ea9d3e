"""Who looked at what: the facts of access, newest first."""

from datetime import datetime
from typing import Any

from dealreg.service.ledger.audit_facts import Exported, TrailRead
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.values import Model

_NEWEST = """
SELECT position, recorded_at, recorded_by, topic, convert_from(state, 'UTF8')::jsonb AS said FROM ledger.events
WHERE topic = ANY (%(topics)s::text[]) AND position < coalesce(%(before)s::bigint, 9223372036854775807)
AND recorded_at >= coalesce(%(since)s::timestamptz, '-infinity') AND recorded_at < coalesce(%(until)s::timestamptz, 'infinity')
AND (%(by)s::text IS NULL OR convert_from(state, 'UTF8')::jsonb #>> '{meta,actor,subject}' = %(by)s)
AND (%(about)s::text IS NULL OR strpos(lower(convert_from(state, 'UTF8')::jsonb #>> '{data,about}'), lower(%(about)s)) > 0)
AND (%(program)s::text IS NULL OR convert_from(state, 'UTF8')::jsonb #>> '{meta,program}' = %(program)s)
ORDER BY position DESC LIMIT %(limit)s
"""


class Access(Model):
    """One access: who, as what, when, which question or which form of export, about what, and why."""

    position: int
    recorded_at: datetime
    who: str
    role: str
    program: str
    what: str
    about: str
    reason: str | None
    face: str | None
    log_size: int | None
    facts: int | None
    digest: str | None


def accesses(
    auditor: Ledger,
    *,
    by: str | None = None,
    about: str | None = None,
    program: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Access]:
    """The newest accesses that fit, the newest first; ``about`` is part of what they are about. Raises ``Unavailable``."""
    topics = [TrailRead.NAME, Exported.NAME]
    wanted = {"by": by, "about": about, "program": program, "since": since, "until": until, "before": before}
    return [_access(row) for row in auditor.run(_NEWEST, {**wanted, "topics": topics, "limit": limit})]


def _access(row: dict[str, Any]) -> Access:
    meta, data = row["said"]["meta"], row["said"]["data"]
    form = data.get("form")
    return Access(
        position=row["position"],
        recorded_at=row["recorded_at"],
        who=meta["actor"]["subject"],
        role=meta["actor"]["role"],
        program=meta["program"],
        what=f"export {form}" if form is not None else data["question"],
        about=data["about"],
        reason=meta.get("reason"),
        face=data.get("face"),
        log_size=data.get("log_size"),
        facts=data.get("facts"),
        digest=data.get("digest"),
    )
