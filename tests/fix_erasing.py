"""What an erasure, a hold and a retention need in a test: who asks, as which role, and facts of the real core that name people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
import pytest

from dealreg.service.erasing.erase import Erased, erase
from dealreg.service.erasing.holds import Placed, place
from dealreg.service.erasing.saying import By
from dealreg.service.erasing.subjects import Whose
from dealreg.service.intake import dead_letters
from dealreg.service.intake.dead_letters import Dead
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.ledger.audit_facts import HoldKind
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import PersonalRow, Recorded, Saved
from dealreg.service.personal import seal
from dealreg.vocabulary.fact import Actor, Event, Meta, Role
from dealreg.vocabulary.ids import ProgramId, StreamId
from tests.fix_histories import CLERK, PROGRAM, START, Claim

DESK = Actor(role=Role.DEAL_DESK, subject="desk:7")


def by(reason: str = "asked to be forgotten", key: str | None = None) -> By:
    return By(DESK, PROGRAM, reason, key)


@dataclass
class Office:
    """The two logins of an erasure, and short words for what is done with them."""

    ledger: Ledger
    auditor: Ledger
    url: str
    made: int = field(default=0)

    def put(
        self, stream: UUID, event: Event, row: PersonalRow, *, program: str = PROGRAM, read: UUID | None = None
    ) -> str:
        """One fact that names a value, with the value beside it; the ref. Its decision may have read a stream."""
        version = max((one.version for one in self.ledger.read_many({StreamId(stream): 0}).rows), default=0) + 1
        meta = Meta(
            program=ProgramId(program),
            actor=CLERK,
            effective_at=START,
            build="test",
            read={str(read): 1} if read else {},
        )
        kept = row._replace(stream=stream, program=program)
        assert not self.ledger.append([Saved([Recorded(StreamId(stream), version, meta, event)], {}, [kept])]).late
        return row.ref

    def filed(
        self, subject: str, value: str, *, customer: UUID | None = None, opportunity: UUID | None = None
    ) -> tuple[UUID, str]:
        """A registration with a contact: its id, and the ref."""
        self.made += 1
        sealed, row = seal(subject, value)
        claim = Claim(f"erasing-{self.made}", customer or uuid4(), "north", "alpha", opportunity=opportunity)
        event = claim.submitted().model_copy(update={"contact": sealed})
        return claim.id, self.put(claim.id, event, row)

    def erase(self, subject: str, *also: str, basis: str | None = None, key: str | None = None) -> Erased:
        return erase(self.ledger, self.auditor, Whose(subject, also), by=by(key=key), basis=basis)

    def hold(self, kind: str, about: object, matter: str = "M-1", key: str | None = None) -> Placed:
        return place(self.auditor, HoldKind(kind), str(about), matter=matter, by=by("litigation", key))

    def values(self) -> set[str]:
        return {row["value"] for row in self.ledger.run("SELECT value FROM personal.held")}

    def facts(self, kind: type[Event]) -> list[Event]:
        return [self.auditor.read(row).event for row in self.auditor.notifications(0, topics=[kind.NAME])]

    def letter(self, body: bytes, *, headers: dict[str, str] | None = None) -> int:
        """A message that could not be decided; its id."""
        self.made += 1
        delivery = Delivery(body, headers or {}, "crm.org.opportunity", "CRM", self.made, START)
        dead_letters.keep(self.ledger, [Dead(delivery, Unreadable(Why.SHAPE, "no event"), START, "org")])
        return int(self.ledger.run("SELECT max(id) AS id FROM intake.dead_letters")[0]["id"])

    def letters(self) -> dict[int, bytes]:
        return {row["id"]: bytes(row["bytes"]) for row in self.ledger.run("SELECT id, bytes FROM intake.dead_letters")}

    def as_owner(self, statement: str, *parameters: object) -> None:
        with psycopg.connect(self.url, options="-c role=dealreg_owner") as owner:
            owner.execute(statement, parameters or None)


@pytest.fixture
def office(database_url: str, ledger: Ledger) -> Iterator[Office]:
    with Ledger(database_url, role="dealreg_auditor") as auditor:
        yield Office(ledger, auditor, database_url)
