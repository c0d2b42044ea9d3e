"""The rulebook: a versioned document that says which clauses are in force, in which order, with which parameters (architecture D6).

Every number of the reference program is a default here, so that a program's YAML names only what differs. Days are calendar days in
the program's time zone unless a field says business days or hours. Source of the numbers: design, rules.md section 2.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache, cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from dealreg.engagement.guards.custom_fields import CustomFieldRules
from dealreg.engagement.parameters import Clauses, Doctrine, Pending
from dealreg.engagement.public_holidays import calendar_of
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.values import Currency, Day, Instant, Key, Model, Ratio, Text, Tier, Track


@cache
def _zones() -> frozenset[str]:
    """Asked of the database once: every version that is read back is checked again."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    """A window's end is an instant in this zone, so a misspelt one is refused when the rulebook is checked."""
    if name not in _zones():
        raise ValueError(f"{name!r} is not a time zone of the IANA database, such as Europe/Berlin")
    return name


ZoneName = Annotated[Key, AfterValidator(_known_zone)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Calendar(Model):
    """Business hours of the program: country and subdivision name the public holidays (by the holidays library)."""

    country: Key = "DE"
    subdivision: Key | None = None
    opens: Clock = "09:00"
    closes: Clock = "17:00"

    @model_validator(mode="after")
    def _has_hours_and_holidays(self) -> Self:
        calendar_of(self.country, self.subdivision)
        if self.opens >= self.closes:
            raise ValueError(f"closes at {self.closes}, which is not after it opens at {self.opens}")
        return self


class Territory(Model):
    """A node of the territory tree; ``within`` is the node above it, ``None`` at the root.

    ``split_from`` is the territory of an earlier version that it was cut out of, where that is not the node above it. Later versions
    repeat it while claims of that time may run.
    """

    territory: Key
    within: Key | None = None
    split_from: Key | None = None


class ProductLine(Model):
    """A product line: which tracks may claim it and which specialisation it asks for (ROE-1).

    ``split_from`` is the line of an earlier version that it was part of: a claim on that one, of a version that did not have this line,
    goes on covering it until it ends (C10, C38). Later versions repeat it while claims of that time may run.
    """

    line: Key
    split_from: Key | None = None
    tracks: tuple[Track, ...] = tuple(Track)
    specialisation: Key | None = None


class Rate(Model):
    """An exchange rate as recorded: one unit of ``from_currency`` is ``rate`` units of ``to_currency`` from ``day``."""

    from_currency: Currency
    to_currency: Currency
    rate: Ratio
    day: Day
    source: Text


class TrackRules(Model):
    """At which tier a track claims, and its window in days where the track, not the partner's tier, sets it."""

    track: Track
    leg: Tier | None
    window_days: Annotated[int, Field(gt=0, le=3660)] | None = None
    lines: tuple[Key, ...] = ()


REFERENCE_TRACKS = (
    TrackRules(track=Track.DISTRIBUTOR, leg=Tier.DISTRIBUTOR),
    TrackRules(track=Track.DEALER, leg=Tier.DEALER),
    TrackRules(track=Track.INTEGRATOR, leg=Tier.DEALER, window_days=90),
    TrackRules(track=Track.SERVICE, leg=Tier.DEALER),
    TrackRules(track=Track.OEM, leg=Tier.DISTRIBUTOR, window_days=180),
    TrackRules(track=Track.SPECIFIER, leg=None),
)


class Trust(StrEnum):
    """Whose clock gives the priority time of a feed (architecture D17)."""

    DOOR = "door"
    SOURCE = "source"


class SourceRules(Model):
    """What the program trusts one CRM organisation with; ``skew_hours`` bounds how old a trusted instant may be on receipt."""

    source: Key
    priority_clock: Trust = Trust.DOOR
    skew_hours: Annotated[int, Field(ge=0, le=200_000)] = 72


class Contradiction(ValueError):
    """Two settings that cannot both be meant; ``place`` is the way to the one that is named."""

    def __init__(self, said: str, *place: str | int) -> None:
        """Keep the place, for whoever has the text and can say the line."""
        super().__init__(said)
        self.place = place


class RulebookDocument(Model):
    """One version of a program's rules of engagement."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    program: ProgramId
    version: Key
    force_from: Instant
    title: Text = ""
    time_zone: ZoneName = "Europe/Berlin"
    currency: Currency = "EUR"
    calendar: Calendar = Calendar()
    territories: Annotated[tuple[Territory, ...], Field(min_length=1)]
    product_lines: Annotated[tuple[ProductLine, ...], Field(min_length=1)]
    tracks: tuple[TrackRules, ...] = REFERENCE_TRACKS
    stages: Annotated[tuple[Key, ...], Field(min_length=1)] = ("prospecting", "qualified", "proposal", "negotiation")
    rates: tuple[Rate, ...] = ()
    sources: tuple[SourceRules, ...] = ()
    custom_fields: Annotated[tuple[CustomFieldRules, ...], Field(max_length=200)] = ()
    clauses: Clauses = Clauses()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        """A name that nothing defines is refused here, not on the day on which a claim meets it."""
        nodes = {node.territory for node in self.territories}
        for number, node in enumerate(self.territories):
            if node.within is not None and node.within not in nodes:
                said = f"territory {node.within!r} is named by 'within' but not defined; add it to territories"
                raise Contradiction(said, "territories", number, "within")
        first: dict[str, int] = {}
        for number, node in enumerate(self.territories):
            if first.setdefault(node.territory, number) != number:
                raise Contradiction(
                    "a territory is defined twice; keep one of them", "territories", number, "territory"
                )
        self._no_cycle()
        self._no_circle_of_splits()
        late = self.clauses.lapse.late_stage
        if late is not None and late not in self.stages:
            said = f"ROE-12 names the late stage {late!r}, which is not among stages {list(self.stages)}"
            raise Contradiction(said, "clauses", "ROE-12", "late_stage")
        doctrine, pending = self.clauses.priority.doctrine, self.clauses.pending.while_pending
        if doctrine in {Doctrine.FIRST_APPROVED, Doctrine.MERIT} and pending is not Pending.SIDE_BY_SIDE:
            said = f"ROE-4 {doctrine} needs ROE-5 side_by_side; set while_pending: side_by_side"
            raise Contradiction(said, "clauses", "ROE-4", "doctrine")
        return self

    def _no_cycle(self) -> None:
        """A territory inside itself would make every scope overlap for ever."""
        above = self.above
        for start in above:
            node, steps = above[start], 0
            while node is not None and steps <= len(above):
                node, steps = above[node], steps + 1
            if steps > len(above):
                number = next(number for number, node in enumerate(self.territories) if node.territory == start)
                said = f"territory {start!r} lies within itself; break the cycle"
                raise Contradiction(said, "territories", number, "within")

    def _no_circle_of_splits(self) -> None:
        """What was cut out of another cannot be what that one was cut out of."""
        lines, nodes = [known.line for known in self.product_lines], [node.territory for node in self.territories]
        splits = (("product_lines", lines, self.line_origins), ("territories", nodes, self.territory_origins))
        for name, items, origins in splits:
            for number, start in enumerate(items):
                node: str | None = origins.get(start)
                for _ in range(len(origins)):
                    node = origins.get(node) if node is not None and node != start else node
                if node == start:
                    raise Contradiction(
                        f"{start!r} was split from itself; break the circle", name, number, "split_from"
                    )

    @cached_property
    def above(self) -> Mapping[str, str | None]:
        """Every territory and the one above it, ``None`` at a root."""
        return {node.territory: node.within for node in self.territories}

    @cached_property
    def line_origins(self) -> Mapping[str, str]:
        """Every line that was split from another, and which one that was."""
        return {known.line: known.split_from for known in self.product_lines if known.split_from is not None}

    @cached_property
    def territory_origins(self) -> Mapping[str, str]:
        """Every territory that was cut out of another, and which one that was."""
        return {node.territory: node.split_from for node in self.territories if node.split_from is not None}

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return ZoneInfo(self.time_zone)

    def product_line(self, line: str) -> ProductLine | None:
        """The product line of that name, or ``None``."""
        return next((known for known in self.product_lines if known.line == line), None)

    def track(self, track: Track) -> TrackRules | None:
        """What this program says of a track, or ``None`` where it does not know it."""
        return next((rules for rules in self.tracks if rules.track == track), None)

    def source(self, source: str) -> SourceRules:
        """What the program trusts a CRM organisation with; the door's clock where it says nothing."""
        return next((rules for rules in self.sources if rules.source == source), SourceRules(source=source))
