"""What is true of a partner at an instant."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from dealreg.partner import events as facts
from dealreg.vocabulary.dated import Dated
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import PartnerTier, Standing, Track


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a partner may claim (ROE-1); a territory stands for all below it."""

    lines: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    specialisations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bar:
    """An override that bars the partner, half-open; no lines or territories means all of them."""

    override: UUID
    lines: frozenset[str]
    territories: frozenset[str]
    barred_from: datetime
    barred_to: datetime

    def covers(self, at: datetime, line: str, territories: Collection[str]) -> bool:
        """Whether it bars a claim on this line in one of these territories."""
        if not self.barred_from <= at < self.barred_to or (self.lines and line not in self.lines):
            return False
        return not self.territories or not self.territories.isdisjoint(territories)


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner with its history; every question is asked at an instant, ``None`` before the enrolment."""

    partner: PartnerId | None = None
    track: Track | None = None
    enrolled_from: datetime | None = None
    tiers: Dated[PartnerTier] = field(default_factory=Dated)
    parents: Dated[tuple[PartnerId, ...]] = field(default_factory=Dated)
    standings: Dated[Standing] = field(default_factory=Dated)
    authorisations: Dated[Authorisation] = field(default_factory=Dated)
    bars: tuple[Bar, ...] = ()
    unsupported: frozenset[UUID] = frozenset()
    unsupported_in: str | None = None

    @property
    def exists(self) -> bool:
        """Whether it was ever enrolled."""
        return self.partner is not None

    def track_at(self, at: datetime) -> Track | None:
        """Its category by role."""
        return self.track if self.enrolled_from is not None and self.enrolled_from <= at else None

    def tier_at(self, at: datetime) -> PartnerTier | None:
        """Its tier in the program."""
        return self.tiers.at(at)

    def parents_at(self, at: datetime) -> tuple[PartnerId, ...]:
        """Through whom it buys; empty where nobody is named."""
        return self.parents.at(at) or ()

    def parents_since(self, at: datetime) -> frozenset[PartnerId]:
        """Through whom it buys at the instant or is already said to buy later."""
        return frozenset(parent for parents in self.parents.since(at) for parent in parents)

    def standing_at(self, at: datetime) -> Standing | None:
        """Whether it may claim."""
        return self.standings.at(at)

    def authorisation_at(self, at: datetime) -> Authorisation:
        """What it may claim; nothing before its enrolment."""
        return self.authorisations.at(at) or Authorisation()

    def barred_at(self, at: datetime, line: str, territories: Collection[str]) -> UUID | None:
        """The override that bars it, first recorded first, or ``None``.

        ``territories`` are all nodes that overlap what is claimed: ``dealreg.engagement.territory.touching``.
        """
        return next((bar.override for bar in self.bars if bar.covers(at, line, territories)), None)


def evolve(state: Partner, event: Event) -> Partner:
    """The partner after the event."""
    match event:
        case facts.PartnerEnrolled():
            return _enrolled(event)
        case facts.PartnerParentsNamed():
            return replace(state, parents=state.parents.then(event.parents_from, event.parents))
        case facts.PartnerTierChanged():
            return replace(state, tiers=state.tiers.then(event.tier_from, event.tier))
        case facts.PartnerAuthorised():
            return replace(
                state, authorisations=state.authorisations.then(event.authorised_from, _authorisation(event))
            )
        case facts.PartnerStandingChanged():
            return replace(state, standings=state.standings.then(event.standing_from, event.standing))
        case facts.PartnerBarred():
            return replace(state, bars=(*state.bars, _bar(event)))
        case facts.PartnerBarLifted():
            return replace(state, bars=tuple(_lifted(bar, event) for bar in state.bars))
        case facts.UnsupportedClaimNoted():
            before = state.unsupported if state.unsupported_in == event.month else frozenset()
            return replace(state, unsupported=before | {event.registration}, unsupported_in=event.month)
        case _:
            return state


def _enrolled(event: facts.PartnerEnrolled) -> Partner:
    start = event.enrolled_from
    return Partner(
        partner=event.partner,
        track=event.track,
        enrolled_from=start,
        tiers=Dated(((start, event.tier),)),
        standings=Dated(((start, Standing.GOOD),)),
        authorisations=Dated(((start, _authorisation(event)),)),
    )


def _authorisation(event: facts.PartnerEnrolled | facts.PartnerAuthorised) -> Authorisation:
    return Authorisation(frozenset(event.lines), frozenset(event.territories), frozenset(event.specialisations))


def _bar(event: facts.PartnerBarred) -> Bar:
    return Bar(event.override, frozenset(event.lines), frozenset(event.territories), event.barred_from, event.barred_to)


def _lifted(bar: Bar, event: facts.PartnerBarLifted) -> Bar:
    """It keeps what it barred until then, so that a claim of an earlier day is judged as it stood."""
    return replace(bar, barred_to=min(bar.barred_to, event.lifted_from)) if bar.override == event.override else bar


PARTNER = Aggregate("partner", Partner(), evolve)
