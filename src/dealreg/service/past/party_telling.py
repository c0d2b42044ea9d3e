"""A partner and an end customer as they were: to the deal desk and auditors, who read a whole program."""

from datetime import datetime
from uuid import UUID

from dealreg.customer.state import Customer
from dealreg.partner.state import Partner
from dealreg.service.past.moment import Moment
from dealreg.service.telling import AsOf, FileTold, as_of
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Instant, Key, Model, PartnerTier, Standing, Track


class BarTold(Model):
    """An override that bars the partner, half-open; no lines or territories means all of them (ROE-21)."""

    override: UUID
    lines: tuple[Key, ...]
    territories: tuple[Key, ...]
    barred_from: Instant
    barred_to: Instant


class PartnerTold(Model):
    """A partner as it stood at the instant ``stands_at``: category, tier, parents, what it may claim, its standing, the bars on it."""

    as_of: AsOf
    partner: Key
    stands_at: Instant
    track: Track | None
    enrolled_from: Instant | None
    tier: PartnerTier | None
    parents: tuple[Key, ...]
    standing: Standing | None
    lines: tuple[Key, ...]
    territories: tuple[Key, ...]
    specialisations: tuple[Key, ...]
    bars: tuple[BarTold, ...]


class IdentifierTold(Model):
    """What names a customer: a DUNS, a VAT number, a domain."""

    scheme: Key
    value: Key


class CustomerTold(FileTold):
    """Every claim on a customer, with who it is; ``into`` is the customer that it was merged into."""

    name: str | None
    country: str | None
    place: str | None
    identifiers: tuple[IdentifierTold, ...]
    into: UUID | None
    absorbed: tuple[UUID, ...]
    parent: UUID | None


def partner(found: Partner, moment: Moment, stands_at: datetime) -> PartnerTold:
    """A partner as the desk reads it. Raises ``Unknown`` when it was not enrolled yet."""
    if found.partner is None:
        raise Unknown("there is no such partner; check its name and the instant")
    may = found.authorisations.at(stands_at)
    return PartnerTold(
        as_of=as_of(moment),
        partner=found.partner,
        stands_at=stands_at,
        track=found.track_at(stands_at),
        enrolled_from=found.enrolled_from,
        tier=found.tier_at(stands_at),
        parents=found.parents_at(stands_at),
        standing=found.standings.at(stands_at),
        lines=tuple(sorted(may.lines)) if may else (),
        territories=tuple(sorted(may.territories)) if may else (),
        specialisations=tuple(sorted(may.specialisations)) if may else (),
        bars=tuple(
            BarTold(
                override=bar.override,
                lines=tuple(sorted(bar.lines)),
                territories=tuple(sorted(bar.territories)),
                barred_from=bar.barred_from,
                barred_to=bar.barred_to,
            )
            for bar in found.bars
        ),
    )


def customer(found: Customer, claims: FileTold, stands_at: datetime) -> CustomerTold:
    """A customer as the desk reads it: who it is, and every claim on it. Raises ``Unknown`` when it was not opened yet."""
    if not found.exists:
        raise Unknown("there is no such customer; check its id and the instant")
    return CustomerTold(
        **{name: getattr(claims, name) for name in FileTold.model_fields},
        name=found.name,
        country=found.country,
        place=found.place,
        identifiers=tuple(IdentifierTold(scheme=scheme, value=value) for scheme, value in found.identifiers),
        into=found.into,
        absorbed=found.absorbed,
        parent=found.parents.at(stands_at),
    )
