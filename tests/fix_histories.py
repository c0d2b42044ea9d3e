"""Histories for the read models: facts put straight into the ledger, without the core that would decide them.

A history is a list of facts in the order recorded; each knows its stream. ``History.save`` gives them versions and appends them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from dealreg.conflict import events as conflict
from dealreg.file import events as filed
from dealreg.override import events as override
from dealreg.registration import events as registration
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded, Saved
from dealreg.service.projecting.loader import provision
from dealreg.vocabulary.fact import Actor, Event, Meta, Role
from dealreg.vocabulary.ids import (
    PartnerId,
    ProgramId,
    StreamId,
    conflict_id,
    customer_id,
    derived,
    desk_reader,
    file_stream,
    partner_reader,
    region_reader,
    registration_id,
)
from dealreg.vocabulary.values import Money, Scope, Tier
from tests.fix_postgres import _fresh

PROGRAM = ProgramId("acme")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
CLERK = Actor(role=Role.DEAL_DESK, subject="clerk-7")
REGIONS = ("world", "emea", "de")


@dataclass
class History:
    """Facts in the order recorded."""

    facts: list[tuple[StreamId, Event, datetime]] = field(default_factory=list)
    versions: Counter[StreamId] = field(default_factory=Counter)

    def add(self, stream: UUID, event: Event, at: datetime) -> None:
        self.facts.append((StreamId(stream), event, at))

    def save(self, ledger: Ledger, *, size: int = 50) -> int:
        """Append what was added since the last save; the head then."""
        recorded = []
        for stream, event, at in self.facts:
            self.versions[stream] += 1
            meta = Meta(program=PROGRAM, actor=CLERK, effective_at=at, build="test")
            recorded.append(Recorded(stream, self.versions[stream], meta, event))
        self.facts.clear()
        for start in range(0, len(recorded), size):
            assert not ledger.append([Saved(recorded[start : start + size], {})]).late
        return ledger.head()


@dataclass(frozen=True)
class Claim:
    """A registration of one line with a distributor leg and, unless it is a distributor's own, a dealer leg."""

    request: str
    customer: UUID
    distributor: str
    dealer: str | None = None
    line: str = "pumps"
    territory: str = "de"
    opportunity: UUID | None = None

    @property
    def id(self) -> UUID:
        return registration_id(PROGRAM, self.filed_by, self.request)

    @property
    def filed_by(self) -> PartnerId:
        return PartnerId(self.dealer or self.distributor)

    @property
    def file(self) -> StreamId:
        return file_stream(PROGRAM, self.customer)

    @property
    def legs(self) -> tuple[registration.RequestedLeg, ...]:
        dealers = [registration.RequestedLeg(tier=Tier.DEALER, partner=PartnerId(self.dealer))] if self.dealer else []
        return (registration.RequestedLeg(tier=Tier.DISTRIBUTOR, partner=PartnerId(self.distributor)), *dealers)

    @property
    def of(self) -> dict[str, Any]:
        """The fields that every fact of the claim begins with."""
        return {"customer": self.customer, "registration": self.id, "line": self.line}

    @property
    def managers(self) -> tuple[UUID, ...]:
        above = REGIONS[: REGIONS.index(self.territory) + 1] if self.territory in REGIONS else ("world", self.territory)
        return (*(region_reader(PROGRAM, region) for region in above), desk_reader(PROGRAM))

    def submitted(self, at: datetime = START) -> registration.RegistrationSubmitted:
        return registration.RegistrationSubmitted(
            registration=self.id,
            filed_by=self.filed_by,
            customer=self.customer,
            customer_name="Łódź – Süd",
            registration_class=registration.RegistrationClass.EXCLUSIVE,
            lines=(registration.RequestedLine(line=self.line, scope=Scope(territory=self.territory), legs=self.legs),),
            value=Money(amount=Decimal("25000.50"), currency="EUR"),
            close_on=None,
            contact=None,
            opportunity=self.opportunity,
            source=None,
            submitted_at=at,
            readers=registration.Readers(
                dealers=(partner_reader(PROGRAM, self.dealer),) if self.dealer else (),
                distributors=(partner_reader(PROGRAM, self.distributor), partner_reader(PROGRAM, "master")),
                managers=self.managers,
            ),
        )

    def entered(self, entry: int = 1, at: datetime = START) -> filed.ClaimEntered:
        return filed.ClaimEntered(
            **self.of,
            scope=Scope(territory=self.territory),
            tender=False,
            legs=tuple(filed.ClaimedLeg(tier=leg.tier, partner=leg.partner) for leg in self.legs),
            filed_by=self.filed_by,
            by_dealer=self.dealer is not None,
            entry=entry,
            priority_at=at,
            submitted_at=at,
            completed_at=at,
            value=Money(amount=Decimal("25000.50"), currency="EUR"),
            opportunity=self.opportunity,
            source=None,
            managers=self.managers,
        )

    def completed(self, at: datetime = START) -> registration.RegistrationCompleted:
        return registration.RegistrationCompleted(
            registration=self.id, completed_at=at, priority_at=at, rulebook_version="1", value=None, checked=()
        )

    def approved(self, at: datetime = START, days: int = 60, delay: int = 0) -> filed.LineApproved:
        begins = at + delay * DAY
        legs = tuple(
            filed.LegWindow(
                tier=leg.tier,
                partner=leg.partner,
                window_from=begins,
                window_to=begins + days * DAY,
                hard_stop_at=begins + 270 * DAY,
            )
            for leg in self.legs
        )
        return filed.LineApproved(
            **self.of,
            clause="ROE-30",
            reason="no clause refuses it",
            rulebook_version="1",
            approved_by="rulebook",
            approved_at=at,
            legs=legs,
        )

    def queued(self, at: datetime = START, clause: str = "ROE-8") -> filed.ClaimQueued:
        return filed.ClaimQueued(
            **self.of,
            clause=clause,
            reason="others came first",
            conflict=None,
            not_before=None,
            leaves_at=at + 365 * DAY,
        )

    def contested(self, conflict_of: UUID) -> filed.ClaimContested:
        return filed.ClaimContested(**self.of, conflict=conflict_of, clause="ROE-8", reason="the desk decides")

    def declined(self, at: datetime = START) -> filed.ClaimDeclined:
        return filed.ClaimDeclined(
            **self.of, clause="ROE-8", reason="protected", rulebook_version="1", conflict=None, declined_at=at
        )

    def leg(self, kind: type[Event], at: datetime, tier: Tier = Tier.DISTRIBUTOR, **fields: object) -> Event:
        """A fact about one leg; its instant goes into the field that ends with ``_at``."""
        partner = self.distributor if tier is Tier.DISTRIBUTOR else self.dealer
        stamp = [name for name in kind.model_fields if name.endswith("_at") and name not in {"hard_stop_at", *fields}]
        return kind.model_validate({**self.of, "tier": tier, "partner": partner, **dict.fromkeys(stamp, at), **fields})

    def filed(self, history: History, at: datetime = START, entry: int = 1) -> None:
        """Submitted, complete, entered."""
        history.add(self.id, self.submitted(at), at)
        history.add(self.id, self.completed(at), at)
        history.add(self.file, self.entered(entry, at), at)


def meeting(incumbent: Claim, challenger: Claim, history: History, at: datetime = START) -> UUID:
    """A conflict between two claims is detected, with a proposal; its id."""
    found = conflict_id(f"{challenger.id}:{challenger.line}")
    parties = [
        conflict.Party(
            registration=one.id,
            filed_by=one.filed_by,
            distributor=PartnerId(one.distributor),
            dealer=None,
            priority_at=at,
        )
        for one in (incumbent, challenger)
    ]
    history.add(
        found,
        conflict.ConflictDetected(
            conflict=found,
            customer=challenger.customer,
            line=challenger.line,
            scope=Scope(territory=challenger.territory),
            kind=conflict.Kind.HORIZONTAL_DEALER,
            clause="ROE-8",
            incumbent=parties[0],
            challenger=parties[1],
            ground="the line is protected for another claim",
            detected_at=at,
            ruling_to=at + 5 * DAY,
            managers=challenger.managers,
        ),
        at,
    )
    opened = filed.ConflictOpened(
        customer=challenger.customer,
        line=challenger.line,
        conflict=found,
        parties=(incumbent.id, challenger.id),
    )
    history.add(challenger.file, opened, at)
    history.add(
        found,
        conflict.RulingProposed(
            conflict=found,
            ruling=conflict.Ruling.UPHOLD_INCUMBENT,
            awarded=incumbent.id,
            clause="ROE-8",
            rulebook_version="1",
            inputs=(conflict.Input(name="doctrine", value="ROE-4 first_complete"),),
            reasons=("the incumbent came first",),
            proposed_at=at,
        ),
        at,
    )
    return found


def ruled(found: UUID, claim: Claim, history: History, at: datetime) -> None:
    """The desk rules for the claim; the conflict is closed."""
    history.add(
        found,
        conflict.ConflictRuled(
            conflict=found,
            ruling=conflict.Ruling.UPHOLD_INCUMBENT,
            awarded=claim.id,
            clause="ROE-8",
            rulebook_version="1",
            ruled_by="clerk-7",
            reason="came first",
            departs=False,
            ruled_at=at,
        ),
        at,
    )
    history.add(found, conflict.ConflictClosed(conflict=found, reason="ruled", closed_at=at), at)
    history.add(claim.file, filed.ConflictSettled(customer=claim.customer, line=claim.line, conflict=found), at)


def proposed(name: str, at: datetime, *, starts: datetime, ends: datetime) -> override.OverrideProposed:
    """An override that bars a partner."""
    return override.OverrideProposed(
        override=derived("override", name),
        verb=override.OverrideVerb.BAR,
        ground=override.Ground.COMPLIANCE,
        reason="sanctions",
        customer=None,
        line=None,
        scope=None,
        partners=(PartnerId("dealer-1"),),
        override_from=starts,
        override_to=ends,
        replaces=None,
        proposed_by="clerk-7",
        proposed_at=at,
    )


def customer(name: str) -> UUID:
    return customer_id(PROGRAM, name)


@contextmanager
def another_database(servers: object, template: str) -> Iterator[str]:
    """A fresh migrated database, for those who need several in one test."""
    for url in _fresh(servers, template=template):  # type: ignore[arg-type]  # a fixture's type is not seen here
        # What a copy of a database forgets: its own grants.
        provision(url)
        yield url


@pytest.fixture
def projected_url(database_url: str) -> str:
    """A database with the read models of projections/ and everything that their roles may do."""
    provision(database_url)
    return database_url
