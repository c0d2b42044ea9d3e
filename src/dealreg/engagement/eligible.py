"""ROE-1: the partner is active and authorised for product line, territory and track, with the specialisation the line asks for."""

from dealreg.engagement.clause import Checked, Refusal
from dealreg.engagement.rulebook import RulebookDocument, TrackRules
from dealreg.engagement.territory import ancestors
from dealreg.vocabulary.values import Standing, Tier, Track

CLAUSE = "ROE-1"

STANDINGS = {
    Standing.HOLD: "the partner is on hold: no new claims, what runs, runs",
    Standing.SUSPENDED: "the partner is suspended",
    Standing.TERMINATED: "the partner has left the program",
}


def ineligible(rules: RulebookDocument, *, line: str, territory: str, tier: Tier, partner: Checked) -> Refusal | None:
    """The first thing that the partner lacks for a leg at ``tier`` of ``line`` in ``territory``, or ``None``."""
    if not rules.clauses.eligibility.in_force:
        return None
    return (
        _standing(partner)
        or _track(rules, line, tier, partner.track)
        or _authorised(rules, line, territory, partner)
        or _specialised(rules, line, partner)
    )


def _refused(code: str, reason: str) -> Refusal:
    return Refusal(CLAUSE, reason, code)


def _standing(partner: Checked) -> Refusal | None:
    if partner.standing is None or partner.track is None:
        return _refused("not_enrolled", "the partner was not in the program on that day")
    if partner.standing is Standing.GOOD:
        return None
    return _refused(f"standing_{partner.standing}", STANDINGS[partner.standing])


def _track(rules: RulebookDocument, line: str, tier: Tier, track: Track | None) -> Refusal | None:
    """The product line and the track must allow each other, and the track must claim at this tier."""
    product = rules.product_line(line)
    known = rules.track(track) if track is not None else None
    if product is None:
        return _refused("line_unknown", f"the program has no product line {line!r}")
    if known is None or track not in product.tracks or (known.lines and line not in known.lines):
        return _refused("track", f"partners of track {track} may not claim product line {line!r}")
    if tier not in tiers_of(known):
        return _refused("tier", f"partners of track {track} do not claim at {tier} tier")
    return None


def tiers_of(track: TrackRules) -> frozenset[Tier]:
    """At which tiers a track claims: a wholesale distributor as master too, a specifier at none (rules.md section 1, Tracks)."""
    if track.leg is None:
        return frozenset()
    if track.track is Track.DISTRIBUTOR and track.leg is Tier.DISTRIBUTOR:
        return frozenset({Tier.DISTRIBUTOR, Tier.MASTER})
    return frozenset({track.leg})


def _authorised(rules: RulebookDocument, line: str, territory: str, partner: Checked) -> Refusal | None:
    if line not in partner.lines:
        return _refused("line", f"the partner is not authorised for product line {line!r}")
    if territory not in rules.above:
        return _refused("territory_unknown", f"the program has no territory {territory!r}")
    if partner.territories.isdisjoint((territory, *ancestors(rules, territory))):
        return _refused("territory", f"the partner is not authorised for territory {territory!r}")
    return None


def _specialised(rules: RulebookDocument, line: str, partner: Checked) -> Refusal | None:
    product = rules.product_line(line)
    wanted = product.specialisation if product is not None else None
    if wanted is None or wanted in partner.specialisations:
        return None
    return _refused("specialisation", f"product line {line!r} asks for the specialisation {wanted!r}")
