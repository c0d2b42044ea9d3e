"""The deal desk says who is a partner, through whom it buys, what it may claim and in what standing it is."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import JsonValue

from dealreg.partner import events as facts
from dealreg.partner.commands import (
    AuthorisePartner,
    ChangeStanding,
    ChangeTier,
    EnrolPartner,
    ImportPartner,
    NameParents,
    OfPartner,
    PastChange,
)
from dealreg.partner.state import PARTNER
from dealreg.process import permit
from dealreg.process.case import need_partners, partner_of
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import PartnerId, partner_stream, rulebook_stream
from dealreg.vocabulary.refused import Closed, Refused, Unknown
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Track

LEVELS = 4
"""Partners above one another: a dealer, its distributor, a master, and one more for a region's master."""


def decide(command: OfPartner, request: Request, situation: Situation) -> dict[str, JsonValue]:
    """Decide any command on a partner. Raises ``NotAllowed``, ``Unknown``, ``Closed`` and ``Refused``."""
    permit.of_desk(request.actor, "write who the partners are")
    start = command.effective_from or situation.at
    if isinstance(command, EnrolPartner):
        _enrol(situation, command, start)
    else:
        _change(situation, command, start)
    return {"partner": command.partner, "effective_from": start.isoformat()}


def _enrol(situation: Situation, command: EnrolPartner, start: datetime) -> None:
    """A partner that is new here may have been one before, so its first day may be past; nothing was judged by it yet."""
    if partner_of(situation, command.partner).exists:
        raise Closed(f"partner {command.partner!r} is enrolled; change its tier, parents, authorisation or standing")
    _names_are_known(situation, command)
    _parents_fit(situation, command.partner, command.parents, start)
    _record(
        situation,
        facts.PartnerEnrolled(
            partner=command.partner,
            track=command.track,
            tier=command.tier,
            lines=command.lines,
            territories=command.territories,
            specialisations=command.specialisations,
            display_name=command.display_name,
            enrolled_from=start,
        ),
        start,
    )
    if command.parents:
        _record(situation, _parents(command.partner, command.parents, start), start)
    if isinstance(command, ImportPartner):
        _changed_since(situation, command)


def _changed_since(situation: Situation, command: ImportPartner) -> None:
    """What changed before this service knew the partner, each from its own instant on."""
    for past in command.changes:
        if past.since > situation.at:
            raise Refused(f"{past.since.isoformat()} is still to come; an import tells of the past")
        for event in _past_facts(situation, command, past):
            _record(situation, event, past.since)


def _past_facts(situation: Situation, command: ImportPartner, past: PastChange) -> Iterator[facts.PartnerEvent]:
    partner, since = command.partner, past.since
    if past.parents is not None:
        _parents_fit(situation, partner, past.parents, since)
        yield _parents(partner, past.parents, since)
    if past.tier is not None:
        yield facts.PartnerTierChanged(partner=partner, tier=past.tier, tier_from=since)
    if (past.lines, past.territories, past.specialisations) != (None, None, None):
        before = partner_of(situation, partner).authorisation_at(since)
        allowed = AuthorisePartner(
            partner=partner,
            lines=tuple(before.lines) if past.lines is None else past.lines,
            territories=tuple(before.territories) if past.territories is None else past.territories,
            specialisations=tuple(before.specialisations) if past.specialisations is None else past.specialisations,
        )
        yield _changed(situation, allowed, since)
    if past.standing is not None:
        yield facts.PartnerStandingChanged(partner=partner, standing=past.standing, standing_from=since)


def _change(situation: Situation, command: OfPartner, start: datetime) -> None:
    """A change holds from now or later: what was decided by the past stays decided by it (rules.md section 1a)."""
    state = partner_of(situation, command.partner)
    if not state.exists or state.enrolled_from is None:
        raise Unknown(f"there is no partner {command.partner!r}; enrol it first")
    if start < situation.at:
        raise Closed(f"{start.isoformat()} is past; a change holds from now or from a later instant")
    if start < state.enrolled_from:
        raise Closed(f"the partner is enrolled from {state.enrolled_from.isoformat()}; change it from then on")
    _record(situation, _changed(situation, command, start), start)


def _changed(situation: Situation, command: OfPartner, start: datetime) -> facts.PartnerEvent:
    partner = command.partner
    match command:
        case NameParents():
            _parents_fit(situation, partner, command.parents, start)
            return _parents(partner, command.parents, start)
        case ChangeTier():
            return facts.PartnerTierChanged(partner=partner, tier=command.tier, tier_from=start)
        case AuthorisePartner():
            _names_are_known(situation, command)
            return facts.PartnerAuthorised(
                partner=partner,
                lines=command.lines,
                territories=command.territories,
                specialisations=command.specialisations,
                authorised_from=start,
            )
        case ChangeStanding():
            return facts.PartnerStandingChanged(partner=partner, standing=command.standing, standing_from=start)
        case _:
            raise TypeError(f"{type(command).__name__} is no command on a partner")


def _record(situation: Situation, event: facts.PartnerEvent, start: datetime) -> None:
    situation.record(PARTNER, partner_stream(situation.program, event.partner), event, effective_at=start)


def _parents(partner: PartnerId, parents: tuple[PartnerId, ...], start: datetime) -> facts.PartnerParentsNamed:
    return facts.PartnerParentsNamed(partner=partner, parents=parents, parents_from=start)


def _parents_fit(situation: Situation, partner: str, parents: tuple[PartnerId, ...], start: datetime) -> None:
    """Every parent is an enrolled distributor, named once, and no chain upwards comes back or grows beyond the levels."""
    if len(set(parents)) != len(parents):
        raise Refused("a parent is named twice; name each once")
    if partner in parents:
        raise Refused("a partner is not its own parent; leave it out")
    need_partners(situation, parents)
    for parent in parents:
        state = partner_of(situation, parent)
        if state.enrolled_from is None or state.enrolled_from > start:
            raise Unknown(f"parent {parent!r} is not enrolled on that day; enrol it first, from no later than then")
        if state.track is not Track.DISTRIBUTOR:
            raise Refused(f"parent {parent!r} is of track {state.track}; only a distributor supplies other partners")
    _no_cycle(situation, partner, parents, start)


def _no_cycle(situation: Situation, partner: str, parents: Iterable[str], start: datetime) -> None:
    """Walk up as the hierarchy stands from ``start`` on, planned changes included: none of them may close a circle."""
    level: dict[str, tuple[str, ...]] = {parent: (partner, parent) for parent in parents}
    for _ in range(LEVELS - 1):
        _not_above_itself(partner, level)
        need_partners(situation, sorted(level))
        level = {
            str(above): (*way, str(above))
            for below, way in sorted(level.items())
            for above in partner_of(situation, below).parents_since(start)
        }
    _not_above_itself(partner, level)
    if level:
        longest = " → ".join(level[min(level)])
        raise Refused(f"the hierarchy would have more than {LEVELS} levels: {longest}; name a parent nearer to the top")


def _not_above_itself(partner: str, level: Mapping[str, tuple[str, ...]]) -> None:
    if partner in level:
        raise Refused(
            f"the partner would be above itself, now or from a day that is already said: {' → '.join(level[partner])}; "
            "name another parent, or change one of these first"
        )


def _names_are_known(situation: Situation, command: EnrolPartner | AuthorisePartner) -> None:
    """A misspelt line or territory would make every claim ineligible; any published version of the rulebook may know it."""
    versions = situation.of(RULEBOOK, rulebook_stream(situation.program)).versions.values()
    if not versions:
        return
    lines = {line.line for version in versions for line in version.product_lines}
    nodes = {node.territory for version in versions for node in version.territories}
    asked = {line.specialisation for version in versions for line in version.product_lines}
    for what, named, known in (
        ("product line", command.lines, lines),
        ("territory", command.territories, nodes),
        ("specialisation", command.specialisations, asked),
    ):
        lost = next((name for name in named if name not in known), None)
        if lost is not None:
            raise Refused(
                f"the rulebook knows no {what} {lost!r}; see its spelling there, or publish a version with it first"
            )
