"""Two customers that may be one, side by side: what is known of each, why they are alike, and what is at stake (ROE-24)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dealreg.service.questions import Found, Questions
from dealreg.vocabulary.refused import Unknown

CLAIM = (
    "registration", "line", "tier", "partner", "filed_by", "state", "territory", "value_amount", "value_currency", "priority_at",
    "window_to", "hard_stop_at", "clause",
)  # fmt: skip
"""What a reviewer reads of a claim that is at stake: who filed it, what it is worth, and when it ends."""

ENDED = frozenset({"declined", "withdrawn", "lapsed", "released", "fulfilled"})


def evidence(questions: Questions, one: UUID, other: UUID) -> tuple[dict[str, Any], Found]:
    """The question of the two with the claims that stand on either, and how far behind that is. Raises ``Unknown``, ``Unavailable``."""
    found = questions.ask("identity_review", "of_customer", customer=one)
    asked = next((row for row in found.rows if {row["one"], row["other"]} == {one, other}), None)
    if asked is None:
        raise Unknown("nobody asked whether these two are one; look at the list of questions")
    sides = {side: _at_stake(questions, asked[side]) for side in ("one", "other")}
    return {**asked, "waiting_hours": waiting_hours(asked), **{f"{side}_claims": sides[side] for side in sides}}, found


def waiting_hours(asked: Mapping[str, Any]) -> int:
    """For how many whole hours the question has stood, up to now or to its answer."""
    until = asked["told_at"] or datetime.now(UTC)
    return max(0, int((until - asked["asked_at"]).total_seconds() // 3600))


def _at_stake(questions: Questions, customer: UUID) -> list[dict[str, Any]]:
    """The claims on a customer that have not ended, in this program."""
    rows = questions.ask("protected_customers", "of_customer", customer=customer).rows
    return [{name: row[name] for name in CLAIM} for row in rows if row["state"] not in ENDED]
