"""The partners of an invented program: tracks, tiers, where they sell and through whom they buy."""

from collections.abc import Sequence
from dataclasses import dataclass

from dealreg.partner.commands import EnrolPartner
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.simulating.chance import Chance, sealed
from dealreg.service.simulating.names import company
from dealreg.service.simulating.plan import Plan
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import PartnerTier, Tier, Track

SHARES = {
    Track.DISTRIBUTOR: 0.12, Track.INTEGRATOR: 0.12, Track.SERVICE: 0.05, Track.OEM: 0.05, Track.SPECIFIER: 0.03,
}  # fmt: skip
"""Of all partners; dealers are the rest. Invented: no program publishes them."""

TIERS = {PartnerTier.AUTHORIZED: 0.55, PartnerTier.PREMIER: 0.30, PartnerTier.ELITE: 0.15}


@dataclass(frozen=True, slots=True)
class Party:
    """A partner: where it sells (``home``), through whom it buys, and what it may claim."""

    key: PartnerId
    track: Track
    tier: PartnerTier
    home: str
    territories: tuple[str, ...]
    lines: tuple[str, ...]
    specialisations: tuple[str, ...]
    parents: tuple[PartnerId, ...]
    leg: Tier | None
    role: Role

    @property
    def actor(self) -> Actor:
        """Somebody who works there."""
        return Actor(role=self.role, subject=f"{self.key}-sales", partner=self.key)


class Parties:
    """All of them, parents first; ``sellers`` are those who file."""

    def __init__(self, plan: Plan) -> None:
        """Draw them from the plan's seed."""
        self._plan = plan
        self._chance = Chance(plan.seed, "partners")
        self.homes = _homes(plan)
        self.all: list[Party] = []
        self.names: dict[PartnerId, str] = {}
        self._draw()
        self.by_key = {party.key: party for party in self.all}
        self.sellers = [party for party in self.all if party.leg is not None and party.tier is not PartnerTier.MASTER]
        self.masters = [party for party in self.all if party.tier is PartnerTier.MASTER]

    def of_home(self, home: str, leg: Tier | None = None) -> list[Party]:
        """Those that sell there, at a tier if named."""
        return [party for party in self.sellers if party.home == home and leg in {None, party.leg}]

    def enrolment(self, party: Party) -> tuple[EnrolPartner, PersonalRow]:
        """The command that takes it into the program, and its name, which is kept beside the ledger."""
        shown, row = sealed(f"partner:{self._plan.program}:{party.key}", self.names[party.key])
        command = EnrolPartner(
            partner=party.key,
            effective_from=self._plan.begins,
            track=party.track,
            tier=party.tier,
            lines=party.lines,
            territories=party.territories,
            specialisations=party.specialisations,
            parents=party.parents,
            display_name=shown,
        )
        return command, row

    def _draw(self) -> None:
        number = self._plan.partners
        self._one(Track.DISTRIBUTOR, self._roots()[0], (), master=True)
        distributors = max(2 * len(self.homes), round(SHARES[Track.DISTRIBUTOR] * number))
        for place in range(distributors):
            above = (self.all[0].key,) if self._chance.happens(0.4) else ()
            self._one(Track.DISTRIBUTOR, self.homes[place % len(self.homes)], above)
        for track, share in SHARES.items():
            if track is not Track.DISTRIBUTOR:
                for _ in range(max(1, round(share * number))):
                    self._below(track, self._chance.one(self.homes))
        for place in range(max(2 * len(self.homes), number - len(self.all))):
            self._below(Track.DEALER, self.homes[place % len(self.homes)])

    def _below(self, track: Track, home: str) -> None:
        """One that buys from a distributor of its home, every fourth from two; an OEM and a specifier from none."""
        suppliers = [party.key for party in self.all if party.track is Track.DISTRIBUTOR and party.home == home]
        first = self._chance.one(suppliers)
        parents: Sequence[PartnerId] = () if track in {Track.OEM, Track.SPECIFIER} else (first,)
        if parents and self._chance.happens(0.25):
            parents = (first, *(key for key in suppliers if key != first))[:2]
        self._one(track, home, tuple(parents))

    def _one(self, track: Track, home: str, parents: tuple[PartnerId, ...], *, master: bool = False) -> None:
        rules, chance = self._plan.rules, self._chance
        own = rules.track(track)
        leg = Tier.MASTER if master else own.leg if own is not None else None
        asked = sorted({line.specialisation for line in rules.product_lines if line.specialisation})
        above = rules.above[home]
        wide = above is not None and (track is Track.DISTRIBUTOR or chance.happens(0.2))
        key = PartnerId(f"{'master' if master else track.value}-{len(self.all) + 1:04d}")
        open_lines = tuple(line.line for line in rules.product_lines if track in line.tracks)
        territories = self._roots() if master else (above or home,) if wide else (home,)
        tier = PartnerTier.MASTER if master else chance.weighted(TIERS)
        role = {Tier.MASTER: Role.MASTER, Tier.DISTRIBUTOR: Role.DISTRIBUTOR}.get(leg or Tier.DEALER, Role.DEALER)
        specialised = tuple(asked) if track is Track.DISTRIBUTOR else chance.some(asked, 0.35)
        self.all.append(Party(key, track, tier, home, territories, open_lines, specialised, parents, leg, role))
        self.names[key] = company(chance, len(self.all))

    def _roots(self) -> tuple[str, ...]:
        return tuple(node for node, above in self._plan.rules.above.items() if above is None)


def _homes(plan: Plan) -> list[str]:
    """Leaves of the territory tree, as many as there are partners for: two distributors and a few dealers each."""
    within = set(plan.rules.above.values())
    leaves = [node for node in plan.rules.above if node not in within]
    return leaves[: max(1, min(len(leaves), plan.partners // 10))]
