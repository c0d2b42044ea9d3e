"""Nothing that a feed brought falls due beyond what is known of the feed (architecture D17)."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from dealreg.file.events import Asks, ClaimedLeg, ClaimEntered, JoiningAsked, LegWindow, LineApproved
from dealreg.file.evolve import FILE
from dealreg.process.bring_to_due import bring_to_due
from dealreg.process.case import Case
from dealreg.process.close_registration import close_if_due
from dealreg.process.deciding import AGGREGATES
from dealreg.registration.events import (
    Readers,
    RegistrationClass,
    RegistrationFoundIncomplete,
    RegistrationSubmitted,
)
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.events import RulebookPublished
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Held
from dealreg.vocabulary.ids import PartnerId, StreamId, file_stream, rulebook_stream
from dealreg.vocabulary.situation import Situation, Unread
from dealreg.vocabulary.values import Scope, Tier
from tests.properties.test_one_holder import PROGRAM, RULES

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
CUSTOMER, REGISTERED, JOINING = UUID(int=1), UUID(int=2), UUID(int=3)
NORTH, ANNA = PartnerId("north"), PartnerId("anna")


def _situation(watermark: dt.datetime) -> Situation:
    """A joining and an incomplete registration, both due on 1 May, both brought by the feed ``crm``."""
    published = RulebookPublished(version=RULES.version, force_from=RULES.force_from, document=RULES)
    began = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    of: dict[str, Any] = {"customer": CUSTOMER, "registration": REGISTERED, "line": "drives"}
    entered = ClaimEntered(
        **of,
        scope=Scope(territory="DE"),
        tender=False,
        legs=(ClaimedLeg(tier=Tier.DISTRIBUTOR, partner=NORTH),),
        filed_by=NORTH,
        by_dealer=False,
        entry=1,
        priority_at=began,
        submitted_at=began,
        completed_at=began,
        value=None,
        opportunity=None,
        source="crm",
        managers=(),
    )
    window = LegWindow(
        tier=Tier.DISTRIBUTOR,
        partner=NORTH,
        window_from=began,
        window_to=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
        hard_stop_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    )
    approved = LineApproved(
        **of,
        clause="ROE-30",
        reason="",
        rulebook_version="1",
        approved_by="rulebook",
        approved_at=began,
        legs=(window,),
    )
    asked = JoiningAsked(
        **of,
        joining=JOINING,
        tier=Tier.DEALER,
        partner=ANNA,
        holder=NORTH,
        asks=Asks.HOLDER,
        answer_to=DUE,
        challenger=None,
        invited=False,
    )
    submitted = RegistrationSubmitted(
        registration=REGISTERED,
        filed_by=NORTH,
        customer=None,
        customer_name=None,
        registration_class=RegistrationClass.EXCLUSIVE,
        lines=(),
        value=None,
        close_on=None,
        contact=None,
        opportunity=None,
        source="crm",
        submitted_at=began,
        readers=Readers(),
    )
    incomplete = RegistrationFoundIncomplete(registration=REGISTERED, missing=("customer",), closes_at=DUE)
    file, registration = FILE.initial, REGISTRATION.initial
    for event in (entered, approved, asked):
        file = FILE.evolve(file, event)
    for said in (submitted, incomplete):
        registration = REGISTRATION.evolve(registration, said)
    held: dict[StreamId, Held[Any]] = {
        rulebook_stream(PROGRAM): Held(1, RULEBOOK.evolve(RULEBOOK.initial, published), {}),
        file_stream(PROGRAM, CUSTOMER): Held(3, file, {}),
        StreamId(REGISTERED): Held(2, registration, {}),
    }
    return Situation(PROGRAM, NOW, held, {"crm": watermark})


def _happened(watermark: dt.datetime, ask: Callable[[Situation], int]) -> int:
    """What happened; streams that nobody has written are empty."""
    while True:
        situation = _situation(watermark)
        situation._held = {**_EMPTY, **situation._held}
        try:
            return ask(situation)
        except Unread as unread:
            _EMPTY.update({stream: Held(0, AGGREGATES[kind].initial, {}) for stream, kind in unread.streams.items()})


_EMPTY: dict[StreamId, Held[Any]] = {}


def test_a_joining_waits_for_the_feed() -> None:
    def ask(situation: Situation) -> int:
        return bring_to_due(Case.at(situation, CUSTOMER))

    assert _happened(DUE - dt.timedelta(seconds=1), ask) == 0
    assert _happened(DUE, ask) == 1


def test_an_incomplete_registration_waits_for_the_feed() -> None:
    assert close_if_due(_situation(DUE - dt.timedelta(seconds=1)), REGISTERED) == 0
    assert close_if_due(_situation(DUE), REGISTERED) == 1
