"""Whether two claims are in each other's place, each by the map of its own version (rules.md section 1a, C38)."""

from uuid import UUID

from dealreg.engagement.maps import lines_overlap, places_overlap, related_lines, same_map
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.file.state import Claim
from dealreg.process.case import Case
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.ids import rulebook_stream


def map_of(case: Case, claim: Claim) -> RulebookDocument:
    """The version whose map counts for the claim: that of its approval, before it that of its completeness."""
    rulebook = case.situation.of(RULEBOOK, rulebook_stream(case.situation.program))
    approved = rulebook.version(claim.rulebook_version) if claim.rulebook_version is not None else None
    return approved or rulebook.in_force(claim.completed_at) or case.rules


def in_place_of(case: Case, claim: Claim, there: Claim) -> bool:
    """Whether both are on one product line and their scopes overlap."""
    ours, theirs = map_of(case, claim), map_of(case, there)
    if not lines_overlap(ours, claim.line, theirs, there.line):
        return False
    return places_overlap(ours, claim.scope, theirs, there.scope)


def on_the_line(case: Case, line: str) -> list[Claim]:
    """The live claims on a line, and on those that it was split from or that were split from it, in order of acceptance."""
    lines = related_lines(case.rules, line)
    if len(lines) == 1:
        return case.file.living(line)
    return [claim for claim in case.file.living() if claim.line in lines]


def claim_on(case: Case, registration: UUID, line: str) -> Claim | None:
    """The claim of a registration on a line, or on one that it was split from: its party in a conflict over that line."""
    found = case.file.claims.get((registration, line))
    if found is not None:
        return found
    others = (case.file.claims.get((registration, other)) for other in related_lines(case.rules, line))
    return next((claim for claim in others if claim is not None), None)


def map_changed(case: Case) -> bool:
    """Whether the program ever had another map than that of the rules of the case: then a scope by itself says too little."""
    rulebook = case.situation.of(RULEBOOK, rulebook_stream(case.situation.program))
    return not all(same_map(case.rules, version) for version in rulebook.versions.values())
