"""Incomplete for too long: closed as withdrawn (ROE-2)."""

from uuid import UUID

from dealreg.process.case import registration_of
from dealreg.registration.events import RegistrationClosed
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.situation import Situation


def close_if_due(situation: Situation, registration: UUID) -> int:
    """Close it where its time is over, effective at that instant. Returns 1 if it was closed, else 0.

    What a feed brought is not closed before the feed is known up to that instant (architecture D17).
    """
    state = registration_of(situation, registration)
    if state.closed or state.closes_at is None or state.closes_at > situation.at:
        return 0
    source = state.submitted.source if state.submitted is not None else None
    reached = situation.watermarks.get(source) if source is not None else None
    if reached is not None and reached < state.closes_at:
        return 0
    closed = RegistrationClosed(
        registration=registration,
        reason="it stayed incomplete for longer than ROE-2 allows",
        closed_at=state.closes_at,
    )
    situation.record(REGISTRATION, registration, closed, effective_at=state.closes_at)
    return 1
