"""Erasure: all that is held of a person goes, in one transaction with the fact that says so; or nothing does, where a hold stands."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from dealreg.service.erasing.holds import Standing, listed
from dealreg.service.erasing.letters import mentioning
from dealreg.service.erasing.saying import SALT_BYTES, By, again, only, pseudonym
from dealreg.service.erasing.subjects import Whose, found
from dealreg.service.ledger.audit_facts import Attempt, ErasureRefused, SubjectErased
from dealreg.service.ledger.auditing import record
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.fact import event_id
from dealreg.vocabulary.ids import StreamId, derived
from dealreg.vocabulary.refused import Closed, Reused

BEYOND: Final = (
    "the broker's stream keeps a message for up to 14 days",
    "the write-ahead log, replicas and unused space in table files keep deleted bytes until they are written over: see `dealreg audit rewrite`",
    "backups and dumps taken before keep what they hold, and bring it back when they are restored: erase again then",
    "exports, bundles and mails that were handed out are with those who have them",
    "facts of the ledger stay: ids, companies' names, reasons, and fields that a mapping declares harmless",
)
"""What no erasure in this database reaches."""

_OVER: Final = """
SELECT o.hold FROM personal.holds_over(%s::uuid[]) AS o UNION SELECT o.hold FROM personal.holds_over_letters(%s::bigint[]) AS o
"""
_ERASE: Final = "SELECT holds, covered FROM personal.erase(%s::uuid[], %s::bigint[], %s, %b)"

REFUSALS: Final = StreamId(derived("audit", "refusals"))
"""The stream of what was refused because of a hold."""


class UnderHold(Closed):
    """Nothing was deleted: legal holds stand over what was to go."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would delete: values and dead letters; the holds that forbid it; other subjects whose values mention the person."""

    refs: tuple[str, ...]
    letters: tuple[int, ...]
    holds: tuple[Standing, ...]
    elsewhere: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted; ``events`` are the facts that say so, none where there was nothing.

    ``salt`` with the subject gives the pseudonym of the facts. It is told here and kept nowhere: who has it can show whom a fact means.
    """

    refs: int
    letters: int
    events: tuple[str, ...]
    pseudonym: str
    salt: str | None
    elsewhere: tuple[tuple[str, int], ...]
    repeated: bool = False


def planned(ledger: Ledger, whose: Whose, tell: Callable[[int], None] = lambda _: None) -> Plan:
    """What there is to erase; changes nothing. ``ledger`` is of the role ``dealreg_app``. Raises ``Unavailable``."""
    plan = _there_is(ledger, whose, tell)
    over = [row["hold"] for row in ledger.run(_OVER, [list(plan.refs), list(plan.letters)])]
    return replace(plan, holds=tuple(listed(ledger, over))) if over else plan


def _there_is(ledger: Ledger, whose: Whose, tell: Callable[[int], None]) -> Plan:
    """Holds are not looked for: the door does that."""
    known = found(ledger, whose)
    return Plan(known.refs, tuple(mentioning(ledger, known.needles, tell)), (), known.elsewhere)


def erase(
    ledger: Ledger,
    auditor: Ledger,
    whose: Whose,
    *,
    by: By,
    basis: str | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Erased:
    """Delete a person's values with their salts, and the bytes of dead letters that mention the person.

    ``ledger`` reads as ``dealreg_app``, ``auditor`` deletes as ``dealreg_auditor``. The facts that name the values and their proofs stand.
    Asked again under the same key it does nothing twice. Raises ``UnderHold``, ``Reused``, ``Unavailable``.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    told = pseudonym(salt, whose.folded)
    before = _answered(auditor, by)
    removed: list[tuple[Plan, str]] = []

    def once() -> Plan:
        plan = _there_is(ledger, whose, tell)
        if (plan.refs or plan.letters) and before is None:
            fact = SubjectErased(refs=plan.refs, letters=plan.letters, pseudonym=told, basis=basis)
            stream = _stream(by, len(removed))
            done = only(
                auditor, _ERASE, [list(plan.refs), list(plan.letters), stream, by.fact(stream, fact, told).state]
            )
            refuse(auditor, done["holds"], done["covered"], by, Attempt.ERASURE)
            removed.append((plan, event_id(stream, 1)))
        return plan

    while (
        plan := again(once)
    ).refs or plan.letters:  # What was kept of the person meanwhile goes too, with a fact of its own.
        if before is not None:
            raise Reused("this request id erased before, and there is something to erase: ask under another one")
    if before is not None:
        return before
    return Erased(
        sum(len(one.refs) for one, _ in removed),
        sum(len(one.letters) for one, _ in removed),
        tuple(event for _, event in removed),
        told,
        salt.hex(),
        plan.elsewhere,
    )


def refuse(auditor: Ledger, holds: Iterable[UUID] | None, covered: int, by: By, attempt: Attempt) -> None:
    """Record that holds stood in the way, and say so. Raises ``UnderHold`` where there are any."""
    if not holds:
        return
    over = sorted(holds)
    record(auditor, by.fact(REFUSALS, ErasureRefused(holds=tuple(over), attempt=attempt, covered=covered)))
    known = {one.hold: str(one) for one in listed(auditor, over)}
    named = "; ".join(known.get(hold, f"hold {hold}") for hold in over)
    raise UnderHold(
        f"nothing was deleted: {named} {'stands' if len(over) == 1 else 'stand'} over {covered} of it. "
        "The refusal is recorded; lift the hold first if the matter is over"
    )


def _stream(by: By, number: int) -> StreamId:
    named = derived("audit", "erasure", by.program, by.actor.caller, by.key, number) if by.key is not None else uuid4()
    return StreamId(named)


def _answered(auditor: Ledger, by: By) -> Erased | None:
    """What was answered to a request of this name before."""
    if by.key is None:
        return None
    facts: list[tuple[SubjectErased, str]] = []
    while rows := auditor.read_many({_stream(by, len(facts)): 0}).rows:
        event = auditor.read(rows[0]).event
        if isinstance(event, SubjectErased):
            facts.append((event, event_id(rows[0].stream, 1)))
    if not facts:
        return None
    refs, letters = sum(len(one.refs) for one, _ in facts), sum(len(one.letters) for one, _ in facts)
    return Erased(refs, letters, tuple(name for _, name in facts), facts[0][0].pseudonym or "", None, (), repeated=True)
