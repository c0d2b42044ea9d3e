"""The intake without a broker: deliveries in, verdicts out (architecture D2, D14).

A batch is one save. What cannot be read is set aside in that save; what the core refuses, or can never be stored, right after it. Only
what really failed comes back: the database away, others faster, and a fault of ours five times.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import structlog

from dealreg.service.intake import dead_letters, following
from dealreg.service.intake.dead_letters import Dead
from dealreg.service.intake.delivery import Delivery, Verdict
from dealreg.service.intake.message import Message
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.unreadable import Unreadable
from dealreg.service.intake.watermarks import Watermarks
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Broken

ATTEMPTS = 5
"""How often a message is tried that fails through a fault of ours; the broker's own count of deliveries never matters."""

log = structlog.get_logger(__name__)


class Intake:
    """Decides deliveries, one batch at a time; blocking, so an adapter calls it in a thread.

    ``figures`` counts verdicts, ``repeated`` commands, ``dead:<reason>`` and ``ignored:<why>`` since the start of the process.
    """

    def __init__(self, dispatch: Dispatch, reading: Reading, watermarks: Watermarks | None = None) -> None:
        """``reading`` says how messages are read; ``watermarks`` is told what is decided, where due things depend on it."""
        self.figures: Counter[str] = Counter()
        self._dispatch, self._reading, self._watermarks = dispatch, reading, watermarks
        self._faults: Counter[tuple[str, int]] = Counter()

    def process(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """A verdict for each delivery, in order. Acknowledge only after this has returned. Raises nothing for a message's sake."""
        try:
            first = dead_letters.first_received(self._dispatch.ledger, deliveries)
            messages = [self._read(delivery, first.get(delivery.key)) for delivery in deliveries]
            self._decide(messages)
            verdicts = [self._verdict(message) for message in messages]
            self._conclude(messages, verdicts)
        except Unavailable as error:
            log.warning("intake_unavailable", messages=len(deliveries), why=str(error))
            verdicts = [Verdict.RETRY] * len(deliveries)
        self.figures.update(verdict.value for verdict in verdicts)
        return verdicts

    def _read(self, delivery: Delivery, first: datetime | None) -> Message:
        message = Message(delivery, first or delivery.stored_at)
        try:
            message.parsed = self._reading.parse(delivery)
        except Unreadable as unreadable:
            message.unreadable = unreadable
        except Exception as error:  # noqa: BLE001 - a fault of ours in reading one message concerns that message alone
            message.outcomes = [Broken(error)]
        return message

    def _decide(self, messages: Sequence[Message]) -> None:
        """One save for all; where that cannot be, one for each. Raises ``Unavailable``."""
        try:
            self._save(messages)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - which message is to blame shows when each is alone
            if len(messages) == 1:
                messages[0].outcomes = [Broken(error)]
                return
            log.warning("intake_one_by_one", messages=len(messages), why=type(error).__name__)
            for message in messages:
                self._decide([message])

    def _save(self, messages: Sequence[Message]) -> None:
        dead = [message.dead(message.unreadable) for message in messages if message.unreadable is not None]
        asked = [(message, request) for message in messages for request in message.requests()]
        built = [one for message in messages if message.parsed is not None for one in message.parsed.commands]
        personal = {row.ref: row for one in built for row in one.personal}
        extra = [dead_letters.insertion(dead)] if dead else []
        outcomes = self._dispatch.decide_batch([request for _, request in asked], personal, extra)
        for (message, request), outcome in zip(asked, outcomes, strict=True):
            message.outcomes.append(outcome)
            message.outcomes += following.followed(self._dispatch, request, outcome)

    def _verdict(self, message: Message) -> Verdict:
        if message.late:
            return Verdict.RETRY
        if message.fault is not None:
            self._faults[message.delivery.key] += 1
            log.error("intake_fault", sequence=message.delivery.sequence, exc_info=message.fault)
            if self._faults[message.delivery.key] < ATTEMPTS:
                return Verdict.RETRY
        return Verdict.DONE if message.because() is None else Verdict.DEAD

    def _conclude(self, messages: Sequence[Message], verdicts: Sequence[Verdict]) -> None:
        """Set aside what was not decided, close replayed dead letters, move the watermark. Raises ``Unavailable``."""
        judged = list(zip(messages, verdicts, strict=True))
        dead_letters.keep(
            self._dispatch.ledger, [self._dead(one) for one, verdict in judged if verdict is Verdict.DEAD]
        )
        ended = [(one, verdict) for one, verdict in judged if verdict is not Verdict.RETRY]
        dead_letters.settle(self._dispatch.ledger, [(one.delivery, verdict) for one, verdict in ended])
        for one, _ in ended:
            self.figures["repeated"] += one.repeats
            self.figures.update(f"ignored:{why}" for why in (one.parsed.ignored if one.parsed else ()))
            self._faults.pop(one.delivery.key, None)
        if self._watermarks is not None:
            self._watermarks.decided([one.mark() for one, _ in ended])

    def _dead(self, message: Message) -> Dead:
        because = message.because()
        if because is None:
            raise RuntimeError("a decided message is no dead letter")
        self.figures[f"dead:{because.why}"] += 1
        log.warning(
            "dead_letter",
            stream=message.delivery.stream,
            sequence=message.delivery.sequence,
            reason=because.why.value,
            field=because.field,
            why=because.words,
        )
        return message.dead(because, self._faults[message.delivery.key] or 1)
