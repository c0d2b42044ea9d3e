"""What a person's ruling means: who prevails, joins or shares, and which part each has. Raises ``NotAllowed`` where it is not said."""

from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.events import Part, PartyStanding, Ruling
from dealreg.conflict.state import Conflict
from dealreg.engagement.territory import scopes_overlap, within
from dealreg.process.case import Case
from dealreg.process.propose_ruling import claim_of
from dealreg.vocabulary.refused import NotAllowed


class Wanted(NamedTuple):
    """A ruling that names its parties."""

    ruling: Ruling
    awarded: UUID
    parts: tuple[Part, ...]


def wanted(case: Case, state: Conflict, command: RuleOnConflict) -> Wanted:
    """The ruling with its party: the incumbent, or the challenger that is named, or the only one there is."""
    incumbent = state.parties[0].registration
    if command.parts and command.ruling is not Ruling.SPLIT_LINES:
        raise NotAllowed("only 'split_lines' names parts")
    if command.ruling is Ruling.UPHOLD_INCUMBENT:
        if command.awarded not in {None, incumbent}:
            raise NotAllowed("upholding the incumbent awards the incumbent; leave 'awarded' out")
        return Wanted(command.ruling, incumbent, ())
    if command.ruling is Ruling.SPLIT_LINES:
        return (
            Wanted(command.ruling, command.parts[0].registration, _parts(case, state, command.parts))
            if (command.parts)
            else _nothing_named()
        )
    challengers = [party.registration for party in state.parties[1:]]
    awarded = command.awarded or (challengers[0] if len(challengers) == 1 else None)
    if awarded not in challengers:
        raise NotAllowed("name in 'awarded' the challenging registration that prevails")
    return Wanted(command.ruling, awarded, ())


def _nothing_named() -> Wanted:
    raise NotAllowed("name in 'parts' which party has which part of the scope")


def _parts(case: Case, state: Conflict, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Each part lies inside its party's own scope, no party has two, and no two parts overlap."""
    if len({part.registration for part in parts}) != len(parts):
        raise NotAllowed("a party has one part of the line; name it once")
    for part in parts:
        party = state.party(part.registration)
        claim = claim_of(case, state, party) if party is not None else None
        if party is None or claim is None or party.standing is not PartyStanding.CLAIM:
            raise NotAllowed("name in 'parts' claims that are parties of the conflict")
        if not within(case.rules, part.scope, claim.scope):
            raise NotAllowed("a part lies inside the scope that its party claimed; nobody gets more than it asked for")
    for one, other in combinations(parts, 2):
        if scopes_overlap(case.rules, one.scope, other.scope):
            raise NotAllowed("two parts overlap; name territories or sites that lie apart")
    return parts
