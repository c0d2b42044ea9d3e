"""Why a registration stands where it stands: what was asked, what was true, which clause answered and what it had read.

Everything told here stands in the facts: a clause's reason in words was made when it was decided (architecture D5), and ``read`` names
the streams with the versions on which the decision rests, so that it can be folded again exactly.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from dealreg.file.events import ConflictOpened, FileEvent
from dealreg.file.identity_events import ClaimsTakenOver, FileReopened, IdentityEvent
from dealreg.registration.events import RegistrationCompleted, RegistrationSubmitted
from dealreg.service.deciding_again.asking import Decisions
from dealreg.service.deciding_again.told import DecisionTold
from dealreg.service.past.moment import Moment
from dealreg.service.replay import RegistrationThen, Replay, Told
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Digest, Instant, Key, Model

CLAUSES: Final = {
    "ROE-1": "The partner is active and authorised for the product line, the territory and the track on the day of completeness.",
    "ROE-2": "Every required field and kind of evidence is there; what was asked for is answered in time.",
    "ROE-3": "The registration's value, all lines together, reaches the program's minimum.",
    "ROE-4": "Who comes first is decided by the program's doctrine.",
    "ROE-5": "While an earlier complete claim is pending, later ones do as the program says: wait, stand beside it, or are refused.",
    "ROE-6": "Of equal priority times the order of acceptance is the order; the deal desk rules.",
    "ROE-7": "While a distributor's claim is protected, no partner outside its network is on that line and scope.",
    "ROE-8": "While a dealer's claim is protected, no other dealer of that network is on that line and scope.",
    "ROE-9": "A claim through another distributor met a line that is protected already.",
    "ROE-10": "A partner joins an empty leg only when both it and the holder have said yes in time.",
    "ROE-11": "Each line is judged by itself: what is free goes on, what is contested waits.",
    "ROE-12": "Protection ends with its window, its grace or the hard stop; the same partner is protected again only after some days.",
    "ROE-13": "More time is asked for before the window ends; undecided then, the leg is held for some days, and then it is refused.",
    "ROE-14": "Without progress for too long the partners are reminded, then suspended, then released; progress lifts the suspension.",
    "ROE-15": "A person decides within some business hours of the program's calendar; a breach is escalated, and silence decides nothing.",
    "ROE-16": "A partner that is suspended or terminated holds nothing new; what it held stands still, returns in time or is released.",
    "ROE-17": "A dealer may change the distributor through which it claims, as often and as late as the program allows.",
    "ROE-18": "The partner that sold to this customer last comes first there for some time.",
    "ROE-19": "The manufacturer's own opportunity on a customer is met like a claim of another.",
    "ROE-20": "On a strategic account nothing new is given without the manufacturer; what runs, runs out after notice.",
    "ROE-21": "The manufacturer departed from the rules for a named scope and period.",
    "ROE-22": "While the CRM's record is not known here, nothing but the hard stop ends the protection that rides on it.",
    "ROE-23": "From the day on which a tender is published, those that come are a class in which nobody excludes anybody.",
    "ROE-24": "Who a customer is follows from its identifiers; where a name leaves it open a person tells, and the later claim waits.",
    "ROE-25": "A sale that was made elsewhere than it was registered is looked at by the desk.",
    "ROE-26": "Evidence has a kind, a date and a digest; an earlier dated proof is a ground, not a verdict.",
    "ROE-27": "An approved special price keeps its claim protected to its own end, some days past the window's end at most.",
    "ROE-28": "The same request again is the same request, and gains nothing.",
    "ROE-29": "Who got less than it claimed may appeal once, in time, to a person who took no part.",
    "ROE-30": "A complete claim that no clause refuses is approved: by the rulebook up to a value, above it by a person.",
    "ROE-31": "The opportunity was won, lost, withdrawn or reopened.",
    "ROE-32": "A dealer may hide a registration from the distributor it names; all is checked and protected as if it were shown.",
    "ROE-33": "A special price is approved level by level by different people, and ends by itself.",
}
"""What each clause says, in a sentence that any party may read (rules.md section 2)."""


class Read(Model):
    """A stream that a decision rests on, as it stood."""

    stream: UUID
    version: int


class Step(Model):
    """One fact with what it says about itself."""

    position: int
    recorded_at: Instant
    effective_at: Instant
    event: Key
    line: str | None
    clause: str | None
    says: str | None
    reason: str | None
    rulebook_version: str | None
    role: Key
    subject: Key
    request: str | None
    request_digest: Digest | None
    read: tuple[Read, ...]
    build: Key


class Explanation(Model):
    """A registration's way: what was asked, what was found to be true, each fact, and to the desk and auditors each decision."""

    registration: UUID
    asked: dict[str, Any]
    true: dict[str, Any] | None
    steps: tuple[Step, ...]
    decisions: tuple[DecisionTold, ...] = ()


def explain(
    replay: Replay, program: str, then: RegistrationThen, moment: Moment, *, again: bool = False
) -> Explanation:
    """Explain from the facts of the registration, of its lines in the customer's file, and of its conflicts.

    ``again``: tell each decision whole, with everything that it read, and make it again; for those who may read all of that.
    """
    streams, told = facts_of(replay, program, then, moment)
    return Explanation(
        registration=then.registration,
        asked=_first(told, RegistrationSubmitted, {"readers"}) or {},
        true=_first(told, RegistrationCompleted, set()),
        steps=tuple(_step(one) for one in told),
        decisions=_again(replay, program, then, moment, streams) if again else (),
    )


def facts_of(replay: Replay, program: str, then: RegistrationThen, moment: Moment) -> tuple[list[UUID], list[Told]]:
    """The streams of a registration, and of their facts those that are about it, in order: its own, its lines', its conflicts'."""
    streams: list[UUID] = [then.registration]
    if then.said.customer is not None:
        files = replay.files_of(program, then.said, moment)
        streams += [*files, *_conflicts(replay.facts(files, moment), then.registration)]
    return streams, [one for one in replay.facts(streams, moment) if concerns(one.recorded.event, then)]


def _again(
    replay: Replay, program: str, then: RegistrationThen, moment: Moment, streams: Sequence[UUID]
) -> tuple[DecisionTold, ...]:
    decisions = Decisions(replay, program, moment, CLAUSES)
    return decisions.about(streams, lambda fact: concerns(fact.event, then))


def wording(clauses: Iterable[str | None]) -> dict[str, str]:
    """What these clauses say, each once."""
    named = {clause for clause in clauses if clause in CLAUSES}
    return {clause: says for clause, says in CLAUSES.items() if clause in named}


def concerns(event: Event, then: RegistrationThen) -> bool:
    """Whether a fact is about this registration: in the file, others' facts lie beside it."""
    if isinstance(event, FileEvent):
        return event.registration == then.registration
    if isinstance(event, IdentityEvent):
        return _moved(event, then.registration)
    line = getattr(event, "line", None)
    return event.AGGREGATE != "file" or line in {claim.line for claim in then.claims}


def _moved(event: IdentityEvent, registration: UUID) -> bool:
    """Whether a merge, or its undoing, took claims of the registration to another file."""
    if not isinstance(event, ClaimsTakenOver | FileReopened):
        return False
    return any(claim.value.registration == registration for claim in event.holdings.claims)


def _conflicts(facts: Iterable[Told], registration: UUID) -> list[UUID]:
    """Every conflict over one of its lines that it was a party of, or that answered it."""
    found: set[UUID] = set()
    for one in facts:
        event = one.recorded.event
        if isinstance(event, ConflictOpened) and registration in event.parties:
            found.add(event.conflict)
        named = getattr(event, "conflict", None)
        if isinstance(event, FileEvent) and event.registration == registration and named is not None:
            found.add(named)
    return sorted(found)


def _first(told: Sequence[Told], kind: type[Event], without: set[str]) -> dict[str, Any] | None:
    found = next((one.recorded.event for one in told if isinstance(one.recorded.event, kind)), None)
    return found.model_dump(mode="json", exclude=without) if found is not None else None


def _step(one: Told) -> Step:
    event, meta = one.recorded.event, one.recorded.meta
    clause = getattr(event, "clause", None)
    return Step(
        position=one.position,
        recorded_at=one.recorded_at,
        effective_at=meta.effective_at,
        event=event.NAME.rpartition(".v")[0],
        line=getattr(event, "line", None),
        clause=clause,
        says=CLAUSES.get(clause or ""),
        reason=getattr(event, "reason", None) or meta.reason,
        rulebook_version=getattr(event, "rulebook_version", None),
        role=meta.actor.role,
        subject=meta.actor.subject,
        request=meta.request.id if meta.request else None,
        request_digest=meta.request.digest if meta.request else None,
        read=tuple(Read(stream=UUID(stream), version=version) for stream, version in meta.read.items()),
        build=meta.build,
    )
