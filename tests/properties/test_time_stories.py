"""The stories of ``test_one_holder`` with everything that time does: extensions, progress, reviews, gaps in a feed (ROE-12 to 15, 22).

The laws of the file hold, and the clock is told of exactly the instants at which the core would do something by itself.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from dealreg.engagement.parameters import Clauses
from dealreg.file.commands import BringFileToDue
from dealreg.file.ends import ends_at, protected_to, runs
from dealreg.file.state import LIVE, Claim, Leg, LegState
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.process.progress_clock import stands
from dealreg.registration.commands import (
    AddEvidence,
    AskExtension,
    DecideExtension,
    DecideStaleLeg,
    ReconcileRegistration,
    ReturnRegistration,
    SupplementRegistration,
)
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.projecting.asking import Reading
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import PartnerId, StreamId
from tests.fix_histories import another_database
from tests.properties.test_one_holder import FILERS, RULES, Program
from tests.properties.test_rebuild_equals_live import (
    FIRM,
    _project_in_pieces,
    _rebuilt_alike,
    _rows_say_what_the_state_says,
    _what_falls_due_is_what_the_core_waits_for,
)

CRM = Actor(role=Role.CRM, subject="crm")


class Timed(Program):
    """Partners that ask for time, people that decide late or never, a feed with gaps."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[str, str, str]] = []
        self.told = 0

    @initialize(progress=st.sampled_from([False, False, True]), extended=st.sampled_from([1, 3]))
    def set_out(self, *, progress: bool, extended: int) -> None:
        """With ROE-14 no window outlasts fifty idle days: some programs are without it."""
        clauses = {"ROE-2": {"required": ["customer", "distributor"]}, "ROE-14": {"in_force": progress}}
        drawn = Clauses.model_validate({**clauses, "ROE-13": {"times": extended}})
        self.ask(PublishRulebook(document=RULES.model_copy(update={"clauses": drawn})))
        self.enrol()

    def _say(self, record: str, change: str, **fields: Any) -> Any:
        self.told += 1
        message = {
            "source": "crm",
            "record": record,
            "digest": f"{self.told:064x}",
            "order": f"{self.told:09d}",
            "change": change,
            "changed_at": self.now,
            **fields,
        }
        return self.ask(FoldOpportunity.model_validate({"message": message}), CRM, request=f"m{self.told}")

    @rule(filer=st.sampled_from(FILERS), value=st.sampled_from(["50000", "100000.01"]))
    def filed_by_the_crm(self, filer: tuple[str, str], value: str) -> None:
        """A record that names a partner files a registration."""
        dealer, distributor = filer
        record = f"006{len(self.records)}"
        came = self._say(
            record,
            "created",
            partner=dealer,
            distributor=distributor,
            lines=["drives"],
            territory="DE",
            amount=value,
            currency="EUR",
            identifiers=[{"scheme": "domain", "value": "acme.example"}],
            customer_name="Acme",
        )
        if came.answer is not None and "registration" in came.answer:
            registration = str(came.answer["registration"])
            self.customer = str(self.ledger.states.state(REGISTRATION, StreamId(UUID(registration))).customer)
            self.filed.append((registration, dealer))
            self.records.append((record, registration, dealer))

    @precondition(lambda self: self.records)
    @rule(data=st.data(), what=st.sampled_from(["gap", "gap", "read", "late", "won", "lost", "open"]))
    def the_crm_says(self, data: st.DataObject, what: str) -> None:
        record, _, _ = data.draw(st.sampled_from(self.records))
        match what:
            case "gap":
                self._say(record, "gap")
            case "read":
                self._say(record, "read", stage="proposal")
            case "lost" | "open":
                self._say(record, "updated", outcome=what)
            case "late":
                self._say(record, "updated", stage="negotiation")
            case _:
                self._say(record, "read", outcome="won")

    def held(self, *states: LegState) -> list[tuple[Claim, Leg]]:
        """Legs that hold, of those that ask for time or are asked about."""
        return [(claim, leg) for claim in self.state().living() for leg in claim.legs if leg.state in states]

    @precondition(lambda self: self.held(LegState.PROTECTED))
    @rule(data=st.data(), days=st.sampled_from([0, 1, 2, 11]), grant=st.sampled_from([None, True, False]))
    def extend(self, data: st.DataObject, days: int, *, grant: bool | None) -> None:
        """Asked in the last second of a window, as early as now, or too late; decided some days later, or by nobody."""
        claim, leg = data.draw(st.sampled_from(self.held(LegState.PROTECTED)))
        if leg.window_to is not None and leg.window_to > self.now and data.draw(st.booleans()):
            self.now = leg.window_to - dt.timedelta(seconds=1)
        said = {"registration": claim.registration, "partner": leg.partner, "lines": [claim.line]}
        role = Role.DEALER if leg.tier == "dealer" else Role.DISTRIBUTOR
        self.ask(AskExtension.model_validate(said), Actor(role=role, subject="d", partner=PartnerId(leg.partner)))
        self.now += dt.timedelta(days=days)
        if grant is not None:
            self.ask(DecideExtension.model_validate({**said, "grant": grant, "reason": "drawn"}))

    @precondition(lambda self: self.held(LegState.PROTECTED, LegState.SUSPENDED))
    @rule(data=st.data())
    def to_the_next_due(self, data: st.DataObject) -> None:
        """The clock jumps to an instant at which something falls due, or to just before it."""
        ends = [end for _, leg in self.held(LegState.PROTECTED, LegState.SUSPENDED) if (end := ends_at(leg))]
        coming = [end for end in ends if end > self.now]
        if coming:
            self.now = min(coming) - dt.timedelta(seconds=data.draw(st.sampled_from([0, 0, 1])))
            self.ask(
                BringFileToDue.model_validate({"customer": self.customer}), Actor(role=Role.CLOCK, subject="clock")
            )

    @precondition(lambda self: self.filed)
    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        registration, partner = data.draw(st.sampled_from(self.filed))
        proof = {"kind": "survey", "dated_on": self.now.date(), "digest": "0" * 64}
        actor = Actor(role=Role.DEALER, subject=partner, partner=PartnerId(partner))
        self.ask(AddEvidence.model_validate({"registration": registration, "evidence": proof}), actor)

    @precondition(lambda self: self.filed)
    @rule(data=st.data(), answered=st.booleans())
    def return_for_more(self, data: st.DataObject, *, answered: bool) -> None:
        registration, partner = data.draw(st.sampled_from(self.filed))
        if answered:
            actor = Actor(role=Role.DEALER, subject=partner, partner=PartnerId(partner))
            said = {"registration": registration, "close_on": "2027-01-01"}
            self.ask(SupplementRegistration.model_validate(said), actor)
        else:
            self.ask(ReturnRegistration.model_validate({"registration": registration, "reason": "drawn"}))

    @precondition(lambda self: any(claim.time.stale_since for claim in self.state().living()))
    @rule(data=st.data(), how=st.sampled_from(["reconcile", "run", "release"]))
    def answer_for_the_feed(self, data: st.DataObject, how: str) -> None:
        stale = [claim for claim in self.state().living() if claim.time.stale_since]
        registration = data.draw(st.sampled_from(stale)).registration
        base = {"registration": registration, "reason": "drawn"}
        if how == "reconcile":
            self.ask(ReconcileRegistration.model_validate(base))
        else:
            tier = data.draw(st.sampled_from(["dealer", "distributor"]))
            self.ask(DecideStaleLeg.model_validate({**base, "line": "drives", "tier": tier, "decision": how}))

    @invariant()
    def nothing_passes_the_hard_stop(self) -> None:
        """Whatever protects a leg past its window, grace and holds do not add up and end with the hard stop."""
        for claim in self.state().living():
            for leg in claim.legs:
                end = protected_to(leg)
                if leg.state in LIVE and end is not None and leg.hard_stop_at is not None:
                    assert end <= leg.hard_stop_at
                    due = ends_at(leg)
                    assert due is not None
                    assert due <= leg.hard_stop_at
                    assert not (leg.time.frozen and runs(leg)) or due == leg.hard_stop_at

    @invariant()
    def a_clock_that_stands_has_a_reason(self) -> None:
        """Progress is not watched only while the facts are stale or an override has stopped the clock of a leg."""
        for claim in self.state().living():
            if claim.holds and claim.time.stood_at is not None:
                assert stands(claim), claim

    @invariant()
    def nobody_is_frozen_for_nothing(self) -> None:
        for claim in self.state().living():
            assert claim.time.stale_since is not None or not any(leg.time.frozen for leg in claim.legs), claim

    @invariant()
    def what_is_asked_is_asked_of_a_leg_that_holds(self) -> None:
        for claim in self.state().living():
            for leg in claim.legs:
                waits = leg.time.asked is not None and leg.state in LIVE
                assert not waits or leg.state in {LegState.PROTECTED, LegState.SUSPENDED}, leg


Timed.TestCase.settings = settings(Program.TestCase.settings, max_examples=200, stateful_step_count=50)
TestTimed = Timed.TestCase


def test_the_clock_is_told_of_every_instant_that_the_core_waits_for(servers, _template):  # noqa: PT019 - its value is used
    class Projected(Timed):
        def teardown(self) -> None:
            if self.customer is None:
                return
            with another_database(servers, _template) as url, Ledger(url) as ledger:
                _project_in_pieces(url, ledger, self.ledger.facts, [1, 7, 3], strict=True)
                _rebuilt_alike(url)
                with Reading(url) as reading:
                    _rows_say_what_the_state_says(self.state(), reading)
                    _what_falls_due_is_what_the_core_waits_for(self.state(), UUID(self.customer), reading)

    chosen = settings(max_examples=12, stateful_step_count=60, **FIRM)
    run_state_machine_as_test(Projected, settings=chosen)
