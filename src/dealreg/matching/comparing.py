"""Whether two companies are one end customer: same, possible, or different, with the reasons in words (architecture D13, ROE-24).

Never *same* on name and place alone: an identifier, a domain, or a house (street, number, postcode) must agree. What speaks against is
looked at first: numbers of one register that differ tell two companies apart whatever they are called.
"""

from dataclasses import dataclass
from enum import StrEnum

from dealreg.matching.addresses import Address, address
from dealreg.matching.alike import alike, figures
from dealreg.matching.apart import TELLING, told_apart
from dealreg.matching.core_name import CoreName, core_name
from dealreg.matching.profile import Profile

METHOD = "names-2026.11"
"""Goes by value into every fact that rests on a comparison; another text for every change that can move a score or a verdict."""

SAME_NAME = 0.88
"""Names this much alike are one company where a domain or a house agrees as well."""

POSSIBLE_NAME = 0.80
"""Names this much alike are worth a person's look."""

POSSIBLE_NEAR = 0.62
"""The same where a domain or a house agrees."""


class Verdict(StrEnum):
    """What a comparison says; only ``possible`` asks a person."""

    SAME = "same"
    POSSIBLE = "possible"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks ``for`` or against, in words a reviewer reads."""

    text: str
    speaks_for: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """``score`` is from 0 to 1 and orders candidates; only the verdict decides."""

    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]
    method: str = METHOD


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What agrees and what does not."""

    names: float
    number: str
    domain: str
    house: bool
    place: bool | None
    postcode: bool | None
    apart: bool
    countries: bool | None
    forms: bool
    figures: bool


def compare(one: Profile, other: Profile) -> Comparison:
    """Whether the two are one end customer. The order of the two does not matter."""
    ours, theirs = core_name(one.name), core_name(other.name)
    here, there = _address(one), _address(other)
    common = sorted(set(one.identifiers) & set(other.identifiers))
    found = _Evidence(
        names=alike(ours, theirs),
        number=next((scheme for scheme, _ in common if scheme.partition(":")[0] in TELLING), ""),
        domain=next((value for scheme, value in common if scheme == "domain"), ""),
        house=here.exact and here == there,
        place=_agree(here.place, there.place),
        postcode=_agree(here.postcode, there.postcode),
        apart=told_apart(one.identifiers, other.identifiers),
        countries=_agree(_country(one), _country(other)),
        forms=bool(ours.form and theirs.form) and ours.form != theirs.form,
        figures=bool(ours.words and theirs.words) and figures(ours.words) != figures(theirs.words),
    )
    return Comparison(_score(found), _verdict(found), tuple(_reasons(found, ours, theirs, here)))


def _address(profile: Profile) -> Address:
    return address(profile.street, profile.postcode, profile.place)


def _country(profile: Profile) -> str:
    return (profile.country or "").strip().upper()


def _agree(one: str, other: str) -> bool | None:
    """Whether they are equal; ``None`` where one is not known."""
    return one == other if one and other else None


def _verdict(found: _Evidence) -> Verdict:
    if found.apart:
        return Verdict.POSSIBLE if found.number else Verdict.DIFFERENT
    if found.number:
        return Verdict.SAME
    if found.countries is False and not found.domain:
        return Verdict.DIFFERENT
    near = bool(found.domain) or found.house
    doubt = found.forms or found.figures or found.countries is False
    if near and found.names >= SAME_NAME and not doubt:
        return Verdict.SAME
    return Verdict.POSSIBLE if found.names >= (POSSIBLE_NEAR if near else POSSIBLE_NAME) else Verdict.DIFFERENT


def _score(found: _Evidence) -> float:
    """The names first; then what else agrees brings it nearer to one, what does not takes off."""
    if found.apart:
        return 0.0
    if found.number:
        return 1.0
    score = found.names
    for agrees, share in ((bool(found.domain), 0.5), (found.house, 0.5), (found.postcode, 0.2), (found.place, 0.1)):
        score += (1 - score) * share if agrees else 0.0
    score -= 0.05 * (found.place is False) + 0.05 * (found.postcode is False) + 0.05 * found.forms
    return round(max(0.0, min(score, 0.4 if found.countries is False else 0.99)), 4)


def _reasons(found: _Evidence, ours: CoreName, theirs: CoreName, here: Address) -> list[Reason]:
    told = [
        (found.apart, "one register has a number of its own for each", False),
        (bool(found.number), f"the same {found.number.partition(':')[0].upper()} number", True),
        (bool(found.domain), f"the same domain {found.domain}", True),
        (found.house, f"the same house: {here.street} {here.number}, {here.postcode}", True),
        (found.names >= POSSIBLE_NEAR, f"the names agree to {found.names:.0%}: {ours.text} / {theirs.text}", True),
        (found.names < POSSIBLE_NEAR, f"the names agree to {found.names:.0%} only: {ours.text} / {theirs.text}", False),
        (found.figures, "the figures in the names differ", False),
        (found.forms, f"the legal forms differ: {ours.form} / {theirs.form}", False),
        (found.countries is False, "they are in different countries", False),
        (found.postcode is True and not found.house, f"the same postcode {here.postcode}", True),
        (found.place is True, f"the same place: {here.place}", True),
        (found.place is False, "they are in different places", False),
    ]
    return [Reason(text, speaks) for is_so, text, speaks in told if is_so]
