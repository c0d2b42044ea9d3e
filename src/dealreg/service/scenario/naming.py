"""Short names of a case and the ids behind them: ``R1``, ``C1``, ``O1`` ↔ derived ids, both ways and always the same."""

from uuid import UUID

from dealreg.conflict.events import ChallengerJoined, ConflictDetected
from dealreg.customer.report_events import AccountReported
from dealreg.feed.events import FeedGapReported
from dealreg.file.account_events import DirectOpportunityRecorded
from dealreg.file.events import ClaimEntered, JoiningAsked
from dealreg.override.events import OverrideProposed
from dealreg.pricing.events import SpecialPriceRequested
from dealreg.registration.events import RegistrationSubmitted, RegistrationSupplemented
from dealreg.service.ledger.recorded import Recorded


class Unnamed(Exception):
    """A short name that nothing in the case has, at the place where it is used."""

    exit_code = 2


class Names:
    """What every short name means so far; learnt from the facts that a named step made."""

    def __init__(self) -> None:
        """Nothing is named yet."""
        self._ids: dict[str, UUID] = {}
        self._words: dict[UUID, str] = {}

    def learn(self, name: str, facts: tuple[Recorded, ...]) -> None:
        """The registration, override or joining that a step ``as: name`` made."""
        for fact in facts:
            match fact.event:
                case RegistrationSubmitted() as event:
                    self.call(name, event.registration)
                case OverrideProposed() as event:
                    self.call(name, event.override)
                case AccountReported() as event:
                    self.call(name, event.report)
                case DirectOpportunityRecorded() as event:
                    self.call(name, event.opportunity)
                case FeedGapReported() as event:
                    self.call(name, event.gap)
                case SpecialPriceRequested() as event:
                    self.call(name, event.special_price)
                case JoiningAsked() as event if event.invited:
                    self.call(name, event.joining)
                case _:
                    pass

    def customers(self, name: str, facts: tuple[Recorded, ...]) -> None:
        """The end customer that a registration was filed on or that was told of, by the name that the case gave it.

        After a merge the first keeps its name.
        """
        for fact in facts if not self.knows(name) else ():
            match fact.event:
                case (
                    RegistrationSubmitted(customer=UUID() as customer)
                    | RegistrationSupplemented(customer=UUID() as customer)
                ):
                    self.call(name, customer)
                case AccountReported() as event:
                    self.call(name, event.customer)
                case _:
                    pass

    def call(self, name: str, meant: UUID) -> None:
        """Give a name; two names of one thing are both read, the first is shown."""
        self._ids[name] = meant
        self._words.setdefault(meant, name)

    def id(self, name: str, path: str) -> UUID:
        """What a name means. Raises ``Unnamed`` with the path in the case."""
        if name not in self._ids:
            known = ", ".join(sorted(self._ids)) or "nothing yet"
            raise Unnamed(f"{path}: nothing is named {name!r} here; named so far: {known}")
        return self._ids[name]

    def knows(self, name: str) -> bool:
        """Whether something has this name."""
        return name in self._ids

    def word(self, meant: UUID) -> str:
        """The short name of an id, else the id."""
        return self._words.get(meant, str(meant))

    def learn_conflicts(self, facts: tuple[Recorded, ...]) -> None:
        """``R2/drives`` names the conflict that R2's claim on drives is a party of, and R1's with it."""
        for fact in facts:
            match fact.event:
                case ConflictDetected() as event:
                    for party in (event.challenger, event.incumbent):
                        self._ids[f"{self.word(party.registration)}/{event.line}"] = event.conflict
                case ChallengerJoined() as event:
                    self._ids[f"{self.word(event.challenger.registration)}/{self._line(event.conflict)}"] = (
                        event.conflict
                    )
                case _:
                    pass

    def _line(self, conflict: UUID) -> str:
        return next(name.split("/")[1] for name, meant in self._ids.items() if meant == conflict)

    def learn_joinings(self, facts: tuple[Recorded, ...]) -> None:
        """``joining R1/drives`` names the latest joining that is asked of R1's line; ``joining R2/drives`` of its challenger."""
        for fact in facts:
            if isinstance(fact.event, JoiningAsked):
                for registration in (fact.event.registration, fact.event.challenger):
                    if registration is not None:
                        self._ids[f"joining {self.word(registration)}/{fact.event.line}"] = fact.event.joining

    def entered(self, facts: tuple[Recorded, ...]) -> None:
        """Everything that facts say of names, whatever step made them."""
        self.learn_conflicts(facts)
        self.learn_joinings(facts)


def lines_entered(facts: tuple[Recorded, ...]) -> list[ClaimEntered]:
    """The claims that a step brought into a file."""
    return [fact.event for fact in facts if isinstance(fact.event, ClaimEntered)]
