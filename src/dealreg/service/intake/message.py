"""A delivery on its way through the intake: what it says, what it asks of the core, and what became of that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dealreg.service.intake.dead_letters import Dead, replayed
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.reading import Parsed
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.intake.watermarks import Mark
from dealreg.service.ledger.errors import Unstorable
from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, Outcome, RefusedOutcome
from dealreg.vocabulary.fact import Actor, Request, Role, Source
from dealreg.vocabulary.refused import Reused


@dataclass(slots=True)
class Message:
    """``received_at`` is when our door first had it; ``outcomes`` are those of its commands, in order."""

    delivery: Delivery
    received_at: datetime
    parsed: Parsed | None = None
    unreadable: Unreadable | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    def requests(self) -> Iterator[Request]:
        """What it asks: one request a record, under the message's own name, so that a repeat finds its answer."""
        if self.parsed is None:
            return
        delivery = self.delivery
        for built in self.parsed.commands:
            yield Request(
                id=built.request,
                program=self.parsed.program,
                actor=Actor(role=Role.CRM, subject=self.parsed.source),
                command=built.command,
                source=Source(stream=delivery.stream, sequence=delivery.sequence, digest=delivery.digest),
                door_at=self.received_at,
                source_at=built.changed_at,
            )

    @property
    def late(self) -> bool:
        """Whether others kept changing what it rests on."""
        return any(isinstance(outcome, LateOutcome) for outcome in self.outcomes)

    @property
    def fault(self) -> Exception | None:
        """What was raised where only a fault of ours can be the cause."""
        raised = (outcome.exception for outcome in self.outcomes if isinstance(outcome, Broken))
        return next((error for error in raised if not isinstance(error, Unstorable)), None)

    @property
    def repeats(self) -> int:
        """How many of its commands had been decided before."""
        return sum(isinstance(outcome, Decided) and outcome.repeated for outcome in self.outcomes)

    def because(self) -> Unreadable | None:
        """Why it was not decided, or not all that it asks was done; ``None`` where it was.

        What was taken note of and not done, such as a parent that would close a circle, is set aside with its bytes as what was refused
        is; a replay of it closes the dead letter.
        """
        if self.unreadable is not None:
            return self.unreadable
        for number, outcome in enumerate(self.outcomes):
            record = f"record {number + 1} of {len(self.outcomes)}" if len(self.outcomes) > 1 else ""
            if isinstance(outcome, RefusedOutcome):
                why = Why.REUSED if isinstance(outcome.refused, Reused) else Why.REFUSED
                return Unreadable(why, outcome.refused.reason, record)
            if isinstance(outcome, Broken):
                why = Why.UNSTORABLE if isinstance(outcome.exception, Unstorable) else Why.BUG
                return Unreadable(why, f"{type(outcome.exception).__name__}: {str(outcome.exception)[:500]}", record)
            undone = _undone(outcome)
            if undone is not None and not (self.repeats and replayed(self.delivery) is not None):
                return Unreadable(Why.REFUSED, undone, record)
        return None

    def dead(self, because: Unreadable, attempts: int = 1) -> Dead:
        """As a dead letter."""
        source = self.parsed.source if self.parsed is not None else None
        return Dead(self.delivery, because, self.received_at, source, attempts)

    def mark(self) -> Mark:
        """For the watermark, once it is decided or set aside."""
        if self.parsed is None or not self.parsed.commands:
            return Mark(self.delivery.stream, self.delivery.sequence, self.delivery.stored_at)
        committed = max(built.changed_at for built in self.parsed.commands)
        return Mark(
            self.delivery.stream,
            self.delivery.sequence,
            self.delivery.stored_at,
            self.parsed.program,
            self.parsed.source,
            committed,
        )


def _undone(outcome: Outcome) -> str | None:
    """What a decision took note of and did not do, in words."""
    refused = outcome.answer.get("refused") if isinstance(outcome, Decided) else None
    return "; ".join(map(str, refused))[:1000] if isinstance(refused, list) else None
