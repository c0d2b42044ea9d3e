"""What was protected where on a day or at an instant, as known at another: rows of the interval model (architecture D18)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from dealreg.engagement.windows import first_instant
from dealreg.service.insight import WHOLE_PROGRAM, Insight
from dealreg.service.past.moment import Moment, When
from dealreg.service.projecting.asking import Reading
from dealreg.service.questions import Found, Questions
from dealreg.service.replay import Replay
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES
from dealreg.vocabulary.ids import region_reader
from dealreg.vocabulary.refused import NotAllowed

MODEL = "protection_intervals"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Protected:
    """The pieces of protection that touch ``[begins, ends)``, and of which past the answer is."""

    moment: Moment
    begins: datetime
    ends: datetime
    found: Found


def protected(
    reading: Reading, replay: Replay, claims: Claims, on: datetime | date, when: When, region: str | None, **wanted: Any
) -> Protected:
    """What was protected at an instant, or at any instant of a day in the program's zone.

    ``when`` says as known when; ``region`` is a territory with all below it; ``wanted`` are the question's other parameters. A manager
    is answered of its own region. Raises ``NotAllowed`` for partners, who have their own rows, and ``Unavailable``.
    """
    if claims.role in PARTNER_ROLES:
        raise NotAllowed("what others hold is not for partners; list your own registrations")
    insight = Insight(replay, claims)
    moment = insight.moment(when)
    begins, ends = _bounds(on, insight, moment)
    asker, named = _asker(claims, region)
    questions = Questions(reading, asker, seen=moment.position)
    bounds = {"from": begins, "to": ends, "known": when.at, "size": when.size, "region": named}
    return Protected(moment, begins, ends, questions.ask(MODEL, "protected", **bounds, **wanted))


def _bounds(on: datetime | date, insight: Insight, moment: Moment) -> tuple[datetime, datetime]:
    if isinstance(on, datetime):
        return on, on + _TICK
    zone = insight.zone(moment)
    return first_instant(on, zone), first_instant(on + timedelta(days=1), zone)


def _asker(claims: Claims, region: str | None) -> tuple[Claims, UUID | None]:
    """The desk and auditors ask as the region's own reader would, so that only its rows are looked at; a manager asks within its own."""
    if region is None:
        return claims, None
    if claims.role in WHOLE_PROGRAM:
        return claims.model_copy(update={"region": region}), None
    return claims, region_reader(claims.program, region)
