"""Folded answers by caller: the desk and auditors see everything of their program, a manager its region, a partner its own words.

What a caller may not see is answered exactly like what does not exist.
"""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.rulebook.state import RULEBOOK
from dealreg.service import telling
from dealreg.service.deciding_again.asking import Decisions
from dealreg.service.deciding_again.told import DecisionTold
from dealreg.service.explaining import CLAUSES, Explanation, explain
from dealreg.service.replay import Moment, RegistrationThen, Replay, no_registration, readers_of
from dealreg.service.telling import ConflictTold, FileTold, OverrideTold, RegistrationTold
from dealreg.service.tokens import Claims
from dealreg.service.wording import RegistrationWords, words
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import desk_reader, rulebook_stream
from dealreg.vocabulary.refused import NotAllowed, Unknown

WHOLE_PROGRAM = frozenset({Role.DEAL_DESK, Role.AUDITOR})
"""Who reads decisions with everything that they looked at, whosever it is (architecture D9)."""

_ROWS_OF = {Role.DEALER: "dealers", Role.DISTRIBUTOR: "distributors", Role.MASTER: "distributors"}
"""Whose list of readers counts for a role (``RegistrationSubmitted.readers``); ``managers`` for everybody else."""


class Insight:
    """Questions to a replay, by one caller."""

    def __init__(self, replay: Replay, claims: Claims) -> None:
        """``claims`` say who asks."""
        self._replay, self._claims = replay, claims

    @property
    def role(self) -> Role:
        """As what the caller asks."""
        return self._claims.role

    def registration(self, registration: UUID, at: datetime | None) -> RegistrationTold:
        """A registration as the manufacturer's people read it. Raises ``Unknown`` and ``Unavailable``."""
        moment = self._replay.moment(at)
        return telling.registration(self._visible(registration, moment), moment, self._zone(moment))

    def own_registration(self, registration: UUID, at: datetime) -> RegistrationWords:
        """A partner's registration as it was, in the words of its own rows. Raises ``Unknown`` and ``Unavailable``."""
        moment = self._replay.moment(at)
        upper = None if self._claims.role is Role.DEALER else self._claims.partner
        return words(self._visible(registration, moment), moment, upper=upper)

    def explanation(self, registration: UUID, at: datetime | None) -> Explanation:
        """Why a registration stands where it stands, for the manufacturer's people. Raises ``Unknown`` and ``Unavailable``."""
        moment = self._replay.moment(at)
        then, again = self._visible(registration, moment), self._claims.role in WHOLE_PROGRAM
        return explain(self._replay, self._claims.program, then, moment, again=again)

    def decisions(self, identity: str, at: datetime | None) -> tuple[DecisionTold, ...]:
        """Decisions explained and made again, by the id of a fact or of what they are about: for the desk and auditors.

        Raises ``NotAllowed`` for everybody else, ``Unknown`` and ``Unavailable``.
        """
        if self._claims.role not in WHOLE_PROGRAM:
            raise NotAllowed(
                "a decision with all that it looked at is for the deal desk and auditors; explain a registration instead"
            )
        return Decisions(self._replay, self._claims.program, self._replay.moment(at), CLAUSES).named(identity)

    def sees_registration(self, registration: UUID) -> bool:
        """Whether the caller may know that a registration exists. Raises ``Unavailable``."""
        try:
            self._visible(registration, self._replay.moment())
        except Unknown:
            return False
        return True

    def conflict(self, conflict: UUID, at: datetime | None) -> ConflictTold:
        """A conflict of the caller's region. Raises ``Unknown`` and ``Unavailable``."""
        moment = self._replay.moment(at)
        found, _ = self._replay.conflict(self._claims.program, conflict, moment)
        if found.detected is None or self._reader not in found.detected.managers:
            raise Unknown("there is no such conflict; check its id and the instant")
        return telling.conflict(found, moment)

    def customer_file(self, customer: UUID, at: datetime | None) -> FileTold:
        """The claims on a customer that lie in the caller's region. Raises ``Unavailable``."""
        moment = self._replay.moment(at)
        found = self._replay.customer_file(self._claims.program, customer, moment)
        return telling.file(customer, found, moment, self._zone(moment), self._reader)

    def override(self, override: UUID, at: datetime | None) -> OverrideTold:
        """An override; a manager sees those that it proposed. Raises ``Unknown`` and ``Unavailable``."""
        moment = self._replay.moment(at)
        found, _ = self._replay.override(self._claims.program, override, moment)
        told = telling.override(override, found, moment)
        if self._claims.role is Role.CHANNEL_MANAGER and told.proposed_by != self._claims.sub:
            raise Unknown("there is no such override; check its id")
        return told

    @property
    def _reader(self) -> UUID:
        return self._claims.reader or desk_reader("")

    @property
    def _rulebook(self) -> UUID:
        return rulebook_stream(self._claims.program)

    def _visible(self, registration: UUID, moment: Moment) -> RegistrationThen:
        then = self._replay.registration(self._claims.program, registration, moment)
        rows = _ROWS_OF.get(self._claims.role, "managers")
        if self._claims.reader is None or self._claims.reader not in readers_of(then)[rows]:
            raise no_registration()
        return then

    def _zone(self, moment: Moment) -> ZoneInfo:
        """The program's time zone as the rulebook in force said it; UTC before the first."""
        rules, _ = self._replay.state(RULEBOOK, self._rulebook, moment)
        document = rules.in_force(moment.asked or datetime.now(UTC))
        return document.zone if document is not None else ZoneInfo("UTC")
