"""Folded answers by caller: the desk and auditors see everything of their program, a manager its region, a partner its own words.

What a caller may not see is answered exactly like what does not exist.
"""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.customer.state import CUSTOMER
from dealreg.partner.state import PARTNER
from dealreg.rulebook.state import RULEBOOK
from dealreg.service import telling
from dealreg.service.deciding_again.asking import Decisions
from dealreg.service.deciding_again.told import DecisionTold
from dealreg.service.explaining import CLAUSES, Explanation, explain
from dealreg.service.past import party_telling
from dealreg.service.past.moment import Moment, When
from dealreg.service.past.party_telling import CustomerTold, PartnerTold
from dealreg.service.replay import RegistrationThen, Replay, no_registration, readers_of
from dealreg.service.telling import ConflictTold, FileTold, OverrideTold, RegistrationTold
from dealreg.service.tokens import Claims
from dealreg.service.wording import RegistrationWords, words
from dealreg.vocabulary.fact import PARTNER_ROLES, Role
from dealreg.vocabulary.ids import desk_reader, partner_stream, rulebook_stream
from dealreg.vocabulary.refused import NotAllowed, Unknown

WHOLE_PROGRAM = frozenset({Role.DEAL_DESK, Role.AUDITOR})
"""Who reads decisions with everything that they looked at, whosever it is (architecture D9)."""

Then = datetime | When | None
"""An instant of recording, or a past as it is asked for; ``None`` is now."""

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

    def registration(self, registration: UUID, at: Then) -> RegistrationTold:
        """A registration as the manufacturer's people read it. Raises ``Unknown`` and ``Unavailable``."""
        moment = self.moment(at)
        return telling.registration(self._visible(registration, moment), moment, self.zone(moment))

    def own_registration(self, registration: UUID, at: Then) -> RegistrationWords:
        """A partner's registration as it was, in the words of its own rows. Raises ``Unknown`` and ``Unavailable``."""
        moment = self.moment(at)
        upper = None if self._claims.role is Role.DEALER else self._claims.partner
        return words(self._visible(registration, moment), moment, upper=upper)

    def explanation(self, registration: UUID, at: Then) -> Explanation:
        """Why a registration stands where it stands, for the manufacturer's people. Raises ``Unknown`` and ``Unavailable``."""
        moment = self.moment(at)
        then, again = self._visible(registration, moment), self._claims.role in WHOLE_PROGRAM
        return explain(self._replay, self._claims.program, then, moment, again=again)

    def decisions(self, identity: str, at: Then) -> tuple[DecisionTold, ...]:
        """Decisions explained and made again, by the id of a fact or of what they are about: for the desk and auditors.

        Raises ``NotAllowed`` for everybody else, ``Unknown`` and ``Unavailable``.
        """
        if self._claims.role not in WHOLE_PROGRAM:
            raise NotAllowed(
                "a decision with all that it looked at is for the deal desk and auditors; explain a registration instead"
            )
        return Decisions(self._replay, self._claims.program, self.moment(at), CLAUSES).named(identity)

    def sees_registration(self, registration: UUID) -> bool:
        """Whether the caller may know that a registration exists. Raises ``Unavailable``."""
        try:
            self._visible(registration, self._replay.moment())
        except Unknown:
            return False
        return True

    def conflict(self, conflict: UUID, at: Then) -> ConflictTold:
        """A conflict of the caller's region. Raises ``Unknown`` and ``Unavailable``."""
        moment = self.moment(at)
        found, _ = self._replay.conflict(self._claims.program, conflict, moment)
        if found.detected is None or self._reader not in found.detected.managers:
            raise Unknown("there is no such conflict; check its id and the instant")
        return telling.conflict(found, moment)

    def customer_file(self, customer: UUID, at: Then) -> FileTold:
        """The claims on a customer that lie in the caller's region. Raises ``Unavailable``."""
        moment = self.moment(at)
        found = self._replay.customer_file(self._claims.program, customer, moment)
        return telling.file(customer, found, moment, self.zone(moment), self._reader)

    def override(self, override: UUID, at: Then) -> OverrideTold:
        """An override; a manager sees those that it proposed. Raises ``Unknown`` and ``Unavailable``."""
        moment = self.moment(at)
        found, _ = self._replay.override(self._claims.program, override, moment)
        told = telling.override(override, found, moment)
        if self._claims.role is Role.CHANNEL_MANAGER and told.proposed_by != self._claims.sub:
            raise Unknown("there is no such override; check its id")
        return told

    def partner(self, partner: str, at: Then) -> PartnerTold:
        """A partner as it stood: for the desk and auditors. Raises ``NotAllowed``, ``Unknown`` and ``Unavailable``."""
        self._require_whole_program("a partner's record")
        moment = self.moment(at)
        stream = partner_stream(self._claims.program, partner)
        found, _ = self._replay.of_program(self._claims.program, PARTNER, stream, moment)
        return party_telling.partner(found, moment, self._stands_at(moment))

    def customer(self, customer: UUID, at: Then) -> FileTold | CustomerTold:
        """A customer: to the desk and auditors with who it is, to a manager the claims of its region. Raises as ``customer_file``."""
        claims = self.customer_file(customer, at)
        if self._claims.role not in WHOLE_PROGRAM:
            if not claims.claims:
                raise Unknown("there is no such customer in your region; check its id and the instant")
            return claims
        moment = self.moment(at)
        program = self._claims.program
        found, _ = self._replay.state(CUSTOMER, customer, moment)
        own = any(told.recorded.meta.program == program for told in self._replay.facts([customer], moment))
        # Who a customer is, is one for all programs; whether it has anything to do with this one is not (architecture D16).
        return party_telling.customer(
            found if own or claims.claims else CUSTOMER.initial, claims, self._stands_at(moment)
        )

    def moment(self, at: Then) -> Moment:
        """Where the past that is asked for lies. Raises ``NotAllowed``: how long the log is, is not for everybody (architecture D9)."""
        if isinstance(at, When) and at.size is not None:
            self._require_whole_program("the past by a size of the log")
        return self._replay.moment(at)

    def require_insider(self) -> None:
        """Raise ``NotAllowed`` for partners: by whom and why is not told to them."""
        if self._claims.role in PARTNER_ROLES:
            raise NotAllowed(
                "when a thing was first known is for the manufacturer's people; ask for the history instead"
            )

    def _require_whole_program(self, what: str) -> None:
        if self._claims.role not in WHOLE_PROGRAM:
            raise NotAllowed(f"{what} is for the deal desk and auditors")

    def _stands_at(self, moment: Moment) -> datetime:
        """The business instant that an answer is of, where what it tells was said to begin or end at instants."""
        return moment.effective or moment.asked or self._replay.recorded_at(moment) or datetime.now(UTC)

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

    def zone(self, moment: Moment) -> ZoneInfo:
        """The program's time zone as the rulebook in force said it; UTC before the first."""
        rules, _ = self._replay.state(RULEBOOK, self._rulebook, moment)
        document = rules.in_force(self._stands_at(moment))
        return document.zone if document is not None else ZoneInfo("UTC")
