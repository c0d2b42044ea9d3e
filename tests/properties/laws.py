"""What holds after every asking, whatever was asked (issue 3 item 9). Each law is a function of a story; ``LAWS`` lists them.

A law says what rules.md says, by arithmetic of its own where the core has some: it calls none of the core's functions that it watches.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.customer.state import CUSTOMER
from dealreg.file.claim_events import ClaimEntered
from dealreg.file.evolve import FILE
from dealreg.file.state import HOLDING, LIVE, WAITING, Claim, CustomerFile, LegState
from dealreg.registration.state import REGISTRATION
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.values import Scope, Tier
from tests.properties.story import Story

CLAUSE = re.compile(r"ROE-([1-9]|[12]\d|3[0-3])")
ENDS = frozenset(LegState) - LIVE
RETURNS = {"leg_reopened.v1", "claim_restored.v1"}
"""Facts by which a leg that ended comes back (ROE-31; an appeal's ruling, ROE-29)."""

BY_ITSELF = {
    "protection_began.v1": "ROE-30",
    "grace_began.v1": "ROE-12",
    "protection_lapsed.v1": "ROE-12",
    "offer_ended.v1": "queue",
    "line_offered.v1": "queue",
    "queue_left.v1": "queue",
    "claim_promoted.v1": "queue",
    "joining_asked.v1": "ROE-10",
    "joining_ended.v1": "ROE-10",
    "conflict_opened.v1": "section 3",
    "conflict_settled.v1": "section 3",
    "override_took_force.v1": "ROE-21",
    "override_began.v1": "ROE-21",
    "override_lifted.v1": "ROE-21",
    "override_ended.v1": "ROE-21",
    "leg_suspended.v1": "ROE-21",
    "leg_returned.v1": "ROE-21",
    "partner_barred.v1": "ROE-21",
    "partner_bar_lifted.v1": "ROE-21",
    "registration_closed.v1": "ROE-2",
    "conflict_clock_set.v1": "section 3",
    "appeal_overdue.v1": "ROE-29",
    "stay_ended.v1": "ROE-29",
    "hold_began.v1": "ROE-13",
    "extension_overdue.v1": "ROE-13",
    "progress_counted.v1": "ROE-14",
    "progress_reminded.v1": "ROE-14",
    "review_clock_stopped.v1": "ROE-15",
    "review_overdue.v1": "ROE-15",
    "standing_noted.v1": "ROE-16",
    "facts_went_stale.v1": "ROE-22",
    "stale_limit_passed.v1": "ROE-22",
    "leg_thawed.v1": "ROE-22",
    "identity_review_breached.v1": "ROE-24",
    "price_hold_began.v1": "ROE-27",
    "price_review_breached.v1": "ROE-33",
    "price_took_force.v1": "ROE-33",
    "price_left.v1": "ROE-33",
}
"""Facts without a field for their clause that the clock alone may bring about, and under what: no others may have neither, but
those of a conflict, whose life is section 3, and of a special price, which is ROE-33."""

AHEAD = {"partner", "rulebook"}
"""Whose facts may take effect later than they are recorded: a change that is announced."""


class Broken(AssertionError):
    """A law does not hold; the message says which and where."""


def law(name: str, *, holds: bool, found: object = None) -> None:
    """Raise ``Broken`` unless it holds."""
    if not holds:
        raise Broken(f"{name}: {found}")


def one_holder(story: Story) -> None:
    """Of the exclusive claims that block never two for one customer, product line, overlapping scope and tier."""
    for file in story.files():
        blocking = [claim for claim in file.living() if _excludes(claim)]
        for one, other in combinations(blocking, 2):
            if one.line != other.line or not _overlap(story, one.scope, other.scope):
                continue
            if other.registration in one.beside or one.registration in other.beside:
                continue
            law("one holder", holds=not (_tiers(one) & _tiers(other)), found=(one, other))


def _excludes(claim: Claim) -> bool:
    """What an override let in is beside the holder (ROE-21)."""
    return claim.blocks and claim.approved_clause != "ROE-21"


def _tiers(claim: Claim) -> set[Tier]:
    """A master leg and a distributor leg are one level towards the customer; an offer is of all its legs."""
    return {Tier.DISTRIBUTOR if leg.tier is Tier.MASTER else leg.tier for leg in claim.legs if leg.state in LIVE}


def _overlap(story: Story, one: Scope, other: Scope) -> bool:
    """By the map itself: the same node or one above the other; named sites meet by name, and lie where their scope says."""
    if one.sites and other.sites:
        return bool(set(one.sites) & set(other.sites))
    if one.sites or other.sites:
        sited, whole = (one, other) if one.sites else (other, one)
        return whole.territory in _up(story, sited.territory)
    return other.territory in _up(story, one.territory) or one.territory in _up(story, other.territory)


def _up(story: Story, node: str | None) -> set[str]:
    found = set()
    while node is not None:
        found.add(node)
        node = story.rules.above[node]
    return found


def one_state(story: Story) -> None:
    """Every leg is in exactly one state, one live leg a tier, and a live claim is listed once."""
    for file in story.files():
        keys = [key for key, claim in file.claims.items() if any(leg.state in LIVE for leg in claim.legs)]
        law("a live line is listed once", holds=sorted(file.live) == sorted(keys), found=file.live)
        for claim in file.claims.values():
            tiers = Counter(leg.tier for leg in claim.legs if leg.state in LIVE)
            law("one live leg a tier", holds=max(tiers.values(), default=1) == 1, found=claim)
            for leg in claim.legs:
                law("a state of a leg", holds=leg.state in LIVE | ENDS, found=leg)
                suspended = leg.suspended_by is not None or bool(leg.paused)
                fits = suspended == (leg.state is LegState.SUSPENDED) or leg.state in ENDS
                law("suspended while something suspends it", holds=fits, found=leg)
                dated = leg.window_to is not None or leg.state not in {LegState.PROTECTED, LegState.SUSPENDED}
                law("what is protected has an end", holds=dated, found=leg)


def one_place(story: Story) -> None:
    """A claim stands in one open file, whatever was merged, undone and split, and its registration leads there."""
    files = [file for file in story.files() if file.closed_into is None]
    places = Counter(key for file in files for key in file.claims)
    law("a claim stands in one file", holds=max(places.values(), default=1) == 1, found=places.most_common(1))
    held = {key[0]: file.customer for file in files for key in file.claims}
    for registration, customer in held.items():
        filed = story.ledger.states.state(REGISTRATION, StreamId(registration)).customer
        law("a registration leads to its file", holds=_now(story, filed) == customer, found=(registration, filed))
    facts = (fact.event for _, came in story.asked for fact in came.facts)
    entered = {event.registration for event in facts if isinstance(event, ClaimEntered)}
    law("no claim is lost", holds=entered <= held.keys(), found=entered - held.keys())


def _now(story: Story, customer: UUID) -> UUID:
    """Who a customer is by now, merge after merge."""
    into = story.ledger.states.state(CUSTOMER, StreamId(customer)).into
    return customer if into is None else _now(story, into)


def nobody_waits_for_nothing(story: Story) -> None:
    """A contested claim is in an open conflict, a pending one in review, a queued one leaves some day."""
    for file in story.files():
        for claim in file.living():
            if claim.state_is(LegState.CONTESTED):
                law("contested in an open conflict", holds=claim.conflict in file.conflicts, found=claim)
            if claim.state_is(LegState.QUEUED) and claim.offer_to is None:
                law("an entry leaves some day", holds=claim.leaves_at is not None, found=claim)
            if claim.offer_to is not None:
                waits = claim.state_is(LegState.QUEUED) or (claim.state_is(LegState.PENDING) and claim.in_review)
                law("an offer is of a line that waits, or that was taken and is reviewed", holds=waits, found=claim)


def windows_end(story: Story) -> None:
    """A window never outlives its hard stop, grace begins at its end and not before."""
    for claim in story.claims():
        for leg in claim.legs:
            if leg.state is LegState.PROTECTED and leg.window_to is not None:
                law("a hard stop", holds=leg.hard_stop_at is not None, found=leg)
                stop = leg.hard_stop_at or leg.window_to
                law("within the hard stop", holds=leg.window_to <= stop, found=leg)
                inside = leg.grace_to is None or leg.window_to <= leg.grace_to <= stop
                law("grace within the hard stop", holds=inside, found=leg)


def clause_or_actor(story: Story) -> None:
    """No fact without somebody who asked, and what the clock brought about alone is under a clause."""
    for _, came, _ in story.last:
        for fact in came.facts:
            actor, clause = fact.meta.actor, getattr(fact.event, "clause", None)
            law("somebody asked", holds=bool(actor.subject), found=fact)
            named = clause is None or CLAUSE.fullmatch(clause) is not None
            law("a clause that there is", holds=named, found=fact)
            alone = actor.role is Role.CLOCK and clause is None
            known = fact.event.NAME in BY_ITSELF or fact.event.AGGREGATE in {"conflict", "special_price"}
            law("under a clause", holds=not alone or known, found=(fact.event.NAME, fact.event))


def reads_only_the_past(story: Story) -> None:
    """What a decision rests on is what was there right before it; nothing takes effect after it was decided."""
    for request, came, before in story.last:
        made: Counter[StreamId] = Counter()
        for fact in came.facts:
            read = {stream: before.get(StreamId(UUID(stream)), 0) for stream in fact.meta.read}
            law("rests on what was there", holds=fact.meta.read == read, found=fact)
            made[fact.originator_id] += 1
            follows = before.get(fact.originator_id, 0) + made[fact.originator_id]
            law("follows what was there", holds=fact.originator_version == follows, found=fact)
            early = fact.meta.effective_at <= story.now or fact.event.AGGREGATE in AHEAD
            law("takes effect by now", holds=early, found=(request, fact))


def asked_twice_decides_once(story: Story) -> None:
    """The same request again answers the same and records nothing."""
    for request, came, _ in list(story.last):
        if came.answer is None or not came.facts:
            continue
        again = story.ledger.ask(request, story.now)
        law("asked twice, decided once", holds=again.facts == (), found=again.facts)
        # What the clock brought about in the file of a customer that was absorbed is remembered in the other file.
        same = again.answer == came.answer or request.actor.role is Role.CLOCK
        law("asked twice, the same answer", holds=same, found=again.answer)


class Watch:
    """Goes along with every file, fact by fact: what a leg may become, and what is left of its time."""

    def __init__(self) -> None:
        self._files: dict[StreamId, CustomerFile] = {}
        self._stopped: dict[tuple[Any, ...], tuple[dt.timedelta | None, Any, Any]] = {}

    def __call__(self, story: Story) -> None:
        """Take the facts of the last askings into account."""
        for _, came, _ in story.last:
            for fact in came.facts:
                if fact.event.AGGREGATE == FILE.name:
                    self._fact(story, fact)

    def _fact(self, story: Story, fact: Recorded) -> None:
        before = self._files.get(fact.originator_id, FILE.initial)
        after = FILE.evolve(before, fact.event)
        self._files[fact.originator_id] = after
        for key, claim in after.claims.items():
            if claim is not before.claims.get(key):
                self._became(fact, before.claims.get(key), claim)
        if fact.event.NAME in {"leg_suspended.v1", "leg_returned.v1"}:
            self._time_left(story, fact.event, before, after)

    def _became(self, fact: Recorded, before: Claim | None, after: Claim) -> None:
        if fact.event.NAME == "claim_entered.v1" and before is not None:
            law("who reopens stands at the end", holds=not before.live and after.entry > before.entry, found=fact.event)
            law(
                "and takes its own time",
                holds=after.priority_at > before.priority_at or after.priority_at == fact.meta.effective_at,
                found=fact.event,
            )
            return
        was = {(leg.tier, leg.partner, n): leg.state for n, leg in enumerate(before.legs)} if before else {}
        for number, leg in enumerate(after.legs):
            old = was.get((leg.tier, leg.partner, number), leg.state)
            allowed = leg.state is old or old not in ENDS or fact.event.NAME in RETURNS
            law("an end is final", holds=allowed, found=(fact.event, old, leg))
            back = old in HOLDING and leg.state in WAITING
            law("what holds does not wait again", holds=not back, found=(fact.event, old, leg))

    def _time_left(self, story: Story, event: Any, before: CustomerFile, after: CustomerFile) -> None:
        """Conserved by an override that stops the clock, used up by every other suspension."""
        one = (event.registration, event.line, event.tier, event.partner)
        was, leg = _leg(before, event), _leg(after, event)
        if event.NAME == "leg_suspended.v1":
            if event.override is None:
                law("no other suspension stops the clock", holds=event.left_seconds is None, found=event)
                law("the window runs on", holds=(leg.window_to, leg.hard_stop_at) == (was.window_to, was.hard_stop_at))
                return
            stops = next(known.stops_clock for known in before.overrides if known.override == event.override)
            left = (was.grace_to or was.window_to) - event.suspended_at if stops else None
            said = None if event.left_seconds is None else dt.timedelta(seconds=event.left_seconds)
            law("what is left at the suspension", holds=said == left, found=event)
            self._stopped[one] = (left, was.window_to, was.hard_stop_at)
            return
        if event.override is None:
            law(
                "used up", holds=(event.window_to, event.hard_stop_at) == (was.window_to, was.hard_stop_at), found=event
            )
            return
        left, window_to, hard_stop = self._stopped.pop(one)
        if left is None:
            law("the clock ran on", holds=(event.window_to, event.hard_stop_at) == (window_to, hard_stop), found=event)
            return
        end = _day_end(event.returned_at + max(left, dt.timedelta()), story.rules.zone)
        moved = _local(end, story.rules.zone) - _local(window_to, story.rules.zone)
        law(
            "hard stop moves alike",
            holds=_local(event.hard_stop_at, story.rules.zone) - _local(hard_stop, story.rules.zone) == moved,
            found=(event, end),
        )
        law("time left conserved", holds=event.window_to == min(end, event.hard_stop_at), found=(event, end, left))


def _leg(file: CustomerFile, event: Any) -> Any:
    claim = file.claims[event.registration, event.line]
    return next(leg for leg in claim.legs if (leg.tier, leg.partner) == (event.tier, event.partner))


def _local(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _day_end(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Midnight of the zone: the instant itself where it is one, else the next."""
    local = _local(at, zone)
    if local.time() == dt.time():
        return at
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), zone)
    return midnight.astimezone(dt.UTC)


LAWS: tuple[Callable[[Story], None], ...] = (
    one_holder,
    one_state,
    one_place,
    nobody_waits_for_nothing,
    windows_end,
    clause_or_actor,
    reads_only_the_past,
    asked_twice_decides_once,
)
"""All of them; ``Watch`` is one more, which remembers."""


def broken(story: Story, laws: tuple[Callable[[Story], None], ...]) -> Iterator[str]:
    """The laws that do not hold."""
    for one in laws:
        try:
            one(story)
        except Broken as error:
            yield str(error)
