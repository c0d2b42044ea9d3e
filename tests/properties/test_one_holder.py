"""Many partners, one customer, clocks that jump to edges: whatever they ask in whatever order, the rules hold (architecture D4)."""

import datetime as dt
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.state import CONFLICT
from dealreg.engagement.parameters import Clauses
from dealreg.engagement.rulebook import ProductLine, RulebookDocument, Territory
from dealreg.engagement.territory import scopes_overlap
from dealreg.file.commands import BringFileToDue
from dealreg.file.evolve import FILE
from dealreg.file.state import CustomerFile, LegState
from dealreg.override.commands import ApproveOverride, ProposeOverride, RevokeOverride
from dealreg.partner.commands import EnrolPartner
from dealreg.process import deciding
from dealreg.registration.commands import (
    AnswerJoining,
    AnswerOffer,
    ApproveRegistration,
    FileRegistration,
    RecordProgress,
    ReportOutcome,
    WithdrawRegistration,
)
from dealreg.registration.state import REGISTRATION
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.sitting import Core
from dealreg.service.scenario.memory import Came, MemoryLedger
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId, StreamId, file_stream

PROGRAM = ProgramId("reference")
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
EDGES = (0, 1, 59, 60, 61, 86_399, 86_400, 5 * 86_400, 30 * 86_400, 60 * 86_400, 61 * 86_400, 90 * 86_400, 270 * 86_400)
"""Seconds that the clock jumps: within an instant, and to both sides of the ends of answers, windows, grace and the hard stop."""

PARTNERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "master": ("distributor", "master", ()),
    "north": ("distributor", "authorized", ("master",)),
    "south": ("distributor", "premier", ()),
    "anna": ("dealer", "authorized", ("north",)),
    "bert": ("dealer", "premier", ("north",)),
    "carl": ("dealer", "authorized", ("south",)),
    "dora": ("dealer", "authorized", ("north", "south")),
}
RULES = RulebookDocument(
    program=PROGRAM,
    version="1",
    force_from=SINCE,
    territories=(
        Territory(territory="world"),
        Territory(territory="DE", within="world"),
        Territory(territory="FR", within="world"),
    ),
    product_lines=(ProductLine(line="drives"), ProductLine(line="relays")),
    clauses=Clauses.model_validate({"ROE-2": {"required": ["customer", "distributor"]}}),
)
DESK = Actor(role=Role.DEAL_DESK, subject="dana")
FILERS = (("anna", "north"), ("bert", "north"), ("carl", "south"), ("dora", "north"), ("dora", "south"))


class Program(RuleBasedStateMachine):
    """One customer that everybody chases."""

    def __init__(self) -> None:
        super().__init__()
        core = Core(deciding.decide, deciding.home, deciding.home_kind, "property")
        self.ledger = MemoryLedger(core, deciding.AGGREGATES)
        self.now = START
        self.asked = 0
        self.filed: list[tuple[str, str]] = []
        self.overrides: list[str] = []
        self.customer: str | None = None

    def ask(self, command: Command, actor: Actor = DESK, request: str | None = None) -> Came:
        """Ask once, and once more with the same id: the second time decides nothing."""
        self.asked += 1
        asking = Request(id=request or f"q{self.asked}", program=PROGRAM, actor=actor, command=command)
        came = self.ledger.ask(asking, self.now)
        if came.facts:
            again = self.ledger.ask(asking, self.now)
            assert again.facts == (), f"{type(command).__name__} decided twice"
        return came

    @initialize()
    def set_out(self) -> None:
        self.ask(PublishRulebook(document=RULES))
        self.enrol()

    def enrol(self) -> None:
        """Everybody who chases the customer."""
        for name, (track, tier, above) in PARTNERS.items():
            said: dict[str, Any] = {
                "partner": name,
                "track": track,
                "tier": tier,
                "parents": above,
                "lines": ("drives", "relays"),
                "territories": ("world",),
                "effective_from": SINCE,
            }
            self.ask(EnrolPartner.model_validate(said))

    @rule(
        filer=st.sampled_from(FILERS),
        alone=st.booleans(),
        line=st.sampled_from(["drives", "drives", "relays"]),
        territory=st.sampled_from(["DE", "DE", "FR", "world"]),
        value=st.sampled_from(["9999.99", "10000", "50000", "100000.01"]),
        early=st.booleans(),
    )
    def file(self, filer: tuple[str, str], line: str, territory: str, value: str, *, alone: bool, early: bool) -> None:
        """A dealer through a distributor, or the distributor alone; some with evidence of last month."""
        dealer, distributor = filer
        legs = [{"tier": "distributor", "partner": distributor}]
        if not alone:
            legs.append({"tier": "dealer", "partner": dealer})
        filed_by = distributor if alone else dealer
        proof = {"kind": "proposal", "dated_on": (self.now - dt.timedelta(days=20)).date(), "digest": "0" * 64}
        command = FileRegistration.model_validate(
            {
                "filed_by": filed_by,
                "customer": {"identifiers": [{"scheme": "domain", "value": "acme.example"}], "name": "Acme"},
                "lines": [{"line": line, "scope": {"territory": territory}, "legs": legs}],
                "value": {"amount": value, "currency": "EUR"},
                "evidence": [proof] if early else [],
            }
        )
        role = Role.DISTRIBUTOR if alone else Role.DEALER
        came = self.ask(command, Actor(role=role, subject=filed_by, partner=PartnerId(filed_by)))
        if came.answer is not None:
            registration = str(came.answer["registration"])
            self.customer = str(self.ledger.states.state(REGISTRATION, StreamId(UUID(registration))).customer)
            self.filed.append((registration, filed_by))

    @rule(seconds=st.sampled_from(EDGES), visited=st.booleans())
    def time_passes(self, seconds: int, *, visited: bool) -> None:
        """The clock role may be down meanwhile."""
        self.now += dt.timedelta(seconds=seconds)
        if visited and self.customer is not None:
            command = BringFileToDue.model_validate({"customer": self.customer})
            self.ask(command, Actor(role=Role.CLOCK, subject="clock"))

    @precondition(lambda self: self.filed)
    @rule(
        data=st.data(),
        what=st.sampled_from(["approve", "withdraw", "won", "lost", "reopened", "late", "refuse", "accept"]),
    )
    def move_on(self, data: st.DataObject, what: str) -> None:
        """Something happens to a registration; what cannot be asked is refused and changes nothing."""
        registration, partner = data.draw(st.sampled_from(self.filed))
        actor = Actor(role=Role.DEALER, subject=partner, partner=PartnerId(partner))
        base = {"registration": registration}
        if what == "approve":
            self.ask(ApproveRegistration.model_validate(base))
        elif what == "withdraw":
            self.ask(WithdrawRegistration.model_validate({**base, "partner": partner}), actor)
        elif what == "late":
            self.ask(RecordProgress.model_validate({**base, "stage": "negotiation"}), actor)
        elif what in {"refuse", "accept"}:
            said = {**base, "line": "drives", "partner": partner, "accept": what == "accept"}
            self.ask(AnswerOffer.model_validate(said), actor)
        else:
            self.ask(ReportOutcome.model_validate({**base, "outcome": what}), actor)

    @precondition(lambda self: self.joinings())
    @rule(data=st.data(), agree=st.booleans())
    def answer_joining(self, data: st.DataObject, *, agree: bool) -> None:
        joining = data.draw(st.sampled_from(self.joinings()))
        partner = joining.holder if joining.asks == "holder" else joining.partner
        said = {"registration": joining.host[0], "joining": joining.joining, "partner": partner, "agree": agree}
        self.ask(
            AnswerJoining.model_validate(said), Actor(role=Role.DEALER, subject=partner, partner=PartnerId(partner))
        )

    @precondition(lambda self: self.state().conflicts)
    @rule(data=st.data(), uphold=st.booleans())
    def rule_on_conflict(self, data: st.DataObject, *, uphold: bool) -> None:
        conflict = data.draw(st.sampled_from(sorted(self.state().conflicts)))
        parties = self.ledger.states.state(CONFLICT, StreamId(conflict)).parties
        said: dict[str, Any] = {"conflict": conflict, "reason": "drawn"}
        if uphold:
            said["ruling"] = "uphold_incumbent"
        else:
            said |= {"ruling": "award_challenger", "awarded": data.draw(st.sampled_from(parties)).registration}
        self.ask(RuleOnConflict.model_validate(said))

    @precondition(lambda self: self.customer is not None)
    @rule(
        verb=st.sampled_from(["suspend", "admit", "reassign"]),
        partner=st.sampled_from(["anna", "carl"]),
        days=st.sampled_from([1, 20, 100]),
    )
    def override(self, verb: str, partner: str, days: int) -> None:
        said = {
            "verb": verb,
            "ground": "customer_request",
            "reason": "drawn",
            "customer": self.customer,
            "line": "drives",
            "scope": {"territory": "DE"},
            "partners": [] if verb == "suspend" else [partner],
            "override_to": self.now + dt.timedelta(days=days),
        }
        came = self.ask(ProposeOverride.model_validate(said))
        if came.answer is None:
            return
        self.overrides.append(str(came.answer["override"]))
        for approver in ("dirk", "della"):
            command = ApproveOverride.model_validate({"override": self.overrides[-1]})
            self.ask(command, Actor(role=Role.DEAL_DESK, subject=approver))

    @precondition(lambda self: self.overrides)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        said = {"override": data.draw(st.sampled_from(self.overrides)), "reason": "drawn"}
        self.ask(RevokeOverride.model_validate(said))

    def state(self) -> CustomerFile:
        if self.customer is None:
            return FILE.initial
        found: CustomerFile = self.ledger.states.state(FILE, file_stream(PROGRAM, UUID(self.customer)))
        return found

    def joinings(self) -> list[Any]:
        return list(self.state().joinings)

    @invariant()
    def no_two_exclusive_claims_block_one_place(self) -> None:
        """The hard invariant: at most one for customer, product line, overlapping scope and tier; overrides let others in."""
        blocking = [c for c in self.state().living() if c.blocks and c.approved_clause != "ROE-21"]
        for place, one in enumerate(blocking):
            for other in blocking[place + 1 :]:
                assert one.line != other.line or not scopes_overlap(RULES, one.scope, other.scope), (one, other)

    @invariant()
    def every_waiting_claim_waits_for_something(self) -> None:
        """A contested claim is in an open conflict, a pending one in review: nobody waits for nothing."""
        state = self.state()
        for claim in state.living():
            if claim.state_is(LegState.CONTESTED):
                assert claim.conflict in state.conflicts, claim
            if claim.state_is(LegState.PENDING):
                assert claim.in_review, claim

    @invariant()
    def every_protected_leg_has_time_left_or_is_due(self) -> None:
        """A window never outlives its hard stop, nor grace; what is left of a grace after a stopped clock is the window too."""
        for claim in self.state().living():
            for leg in claim.legs:
                if leg.state is LegState.PROTECTED and leg.window_to is not None:
                    assert leg.hard_stop_at is not None
                    assert leg.window_to <= leg.hard_stop_at, leg
                    assert leg.grace_to is None or leg.window_to <= leg.grace_to <= leg.hard_stop_at, leg

    @invariant()
    def a_live_line_is_listed_once(self) -> None:
        state = self.state()
        assert sorted(state.live) == sorted(key for key, claim in state.claims.items() if claim.live)


Program.TestCase.settings = settings(
    max_examples=250,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestProgram = Program.TestCase
