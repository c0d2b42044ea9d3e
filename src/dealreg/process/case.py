"""One customer file with all that a decision on it needs: the rules, the partners, the instant (rules.md section 1a)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealreg.customer.state import CUSTOMER
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.territory import ancestors
from dealreg.file.evolve import FILE
from dealreg.file.state import Claim, CustomerFile
from dealreg.partner.state import PARTNER, Partner
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import StreamId, desk_reader, file_stream, partner_stream, region_reader, rulebook_stream
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.situation import Situation, Unread


def rules_at(situation: Situation, at: datetime) -> RulebookDocument:
    """The rulebook version in force at an instant. Raises ``Unknown`` where the program has none."""
    document = situation.of(RULEBOOK, rulebook_stream(situation.program)).in_force(at)
    if document is None:
        raise Unknown(f"program {situation.program!r} has no rulebook in force at {at.isoformat()}; publish one first")
    return document


def partner_of(situation: Situation, partner: str) -> Partner:
    """A partner's state; one that was never enrolled does not ``exist``."""
    return situation.of(PARTNER, partner_stream(situation.program, partner))


def need_partners(situation: Situation, partners: Iterable[str]) -> None:
    """Have several partners read in one query."""
    situation.need(PARTNER.name, [partner_stream(situation.program, partner) for partner in partners])


MOST_LEVELS = 5
"""A hierarchy has at most four levels (architecture, issue 3); one more bounds a walk up it."""


def above(situation: Situation, partner: str, at: datetime) -> frozenset[str]:
    """Every partner above one in the hierarchy as it stood at ``at``."""
    found: set[str] = set()
    level = {partner}
    for _ in range(MOST_LEVELS):
        need_partners(situation, sorted(level))
        parents = {str(parent) for below in level for parent in partner_of(situation, below).parents_at(at)}
        level = parents - found
        found |= level
        if not level:
            break
    return frozenset(found)


def registration_of(situation: Situation, registration: UUID) -> Registration:
    """A registration's state. Raises ``Unknown`` where there is none."""
    state = situation.of(REGISTRATION, registration)
    if not state.exists:
        raise Unknown("there is no such registration; check its id")
    return state


def manager_readers(program: str, rules: RulebookDocument, territories: Iterable[str]) -> tuple[UUID, ...]:
    """The regions that contain the territories, and the desk: who among the manufacturer's people reads the rows."""
    nodes = {node for territory in territories for node in (territory, *ancestors(rules, territory))}
    return (desk_reader(program), *(region_reader(program, node) for node in sorted(nodes)))


MOST_MERGES = 5
"""A chain of merges is no longer (architecture D13): the merge that would make it longer is refused."""


def customer_now(situation: Situation, customer: UUID) -> UUID:
    """Who a customer is after all merges: registrations keep the one that they were filed on (architecture D13)."""
    for _ in range(MOST_MERGES):
        into = situation.of(CUSTOMER, customer).into
        if into is None:
            return customer
        customer = into
    return customer


def _need_file(situation: Situation, customer: UUID) -> None:
    """Have the customer and its file read together: nearly every decision needs both."""
    missing: dict[StreamId, str] = {}
    for kind, stream in ((CUSTOMER.name, customer), (FILE.name, file_stream(situation.program, customer))):
        try:
            situation.need(kind, [stream])
        except Unread as unread:
            missing |= unread.streams
    if missing:
        raise Unread(missing)


def file_now(situation: Situation, customer: UUID) -> CustomerFile:
    """The file in which the claims on a customer stand, for reading: a closed one names the file that took them over."""
    file: CustomerFile = situation.of(FILE, file_stream(situation.program, customer))
    for _ in range(MOST_MERGES):
        if file.closed_into is None:
            return file
        file = situation.of(FILE, file_stream(situation.program, file.closed_into))
    return file


@dataclass(frozen=True, slots=True)
class Case:
    """A customer file under decision at an instant."""

    situation: Situation
    customer: UUID
    rules: RulebookDocument

    @classmethod
    def at(cls, situation: Situation, customer: UUID, on_day: datetime | None = None) -> "Case":
        """The file under the rules of the decision's instant, or of ``on_day`` where that day's version counts.

        Of a customer that was merged it is the file of the one that it is now: every way from a registration to its file leads here.
        """
        _need_file(situation, customer)
        return cls(situation, customer_now(situation, customer), rules_at(situation, on_day or situation.at))

    @property
    def now(self) -> datetime:
        """The instant of the decision."""
        return self.situation.at

    @property
    def stream(self) -> UUID:
        """The stream of the file."""
        return file_stream(self.situation.program, self.customer)

    @property
    def file(self) -> CustomerFile:
        """The file as it stands, this decision's own facts included."""
        return self.situation.of(FILE, self.stream)

    def claim(self, registration: UUID, line: str) -> Claim:
        """A claim of this file. Raises ``Unknown`` where there is none."""
        claim = self.file.claims.get((registration, line))
        if claim is None:
            raise Unknown(f"the registration has no claim on line {line!r}; check the line's name")
        return claim

    def rules_of(self, claim: Claim) -> RulebookDocument:
        """The version under which the claim was approved: no later one touches a running window (rules.md section 1a)."""
        rulebook = self.situation.of(RULEBOOK, rulebook_stream(self.situation.program))
        approved = rulebook.version(claim.rulebook_version) if claim.rulebook_version is not None else None
        return approved or self.rules

    def rules_named(self, version: str) -> RulebookDocument:
        """A version by its name, or the rules of the case where the program has none of that name."""
        rulebook = self.situation.of(RULEBOOK, rulebook_stream(self.situation.program))
        return rulebook.version(version) or self.rules

    def again(self, claim: Claim) -> Claim:
        """The claim as it stands now."""
        return self.file.claims[claim.key]

    def record(self, event: Event, effective_at: datetime | None = None) -> None:
        """Make a fact in the file."""
        self.situation.record(FILE, self.stream, event, effective_at=effective_at)
