"""Many partners, customers and lines, clocks that jump to edges, a CRM in any order: whatever is asked, the laws hold (issue 3 item 9).

A command more is one small rule here. What must hold is in ``laws.py``; how anything is decided stands in neither.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.state import CONFLICT
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.override.commands import ApproveOverride, ProposeOverride, RevokeOverride
from dealreg.partner.commands import ChangeStanding, ChangeTier, NameParents
from dealreg.registration import commands as registrations
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.deciding_again.walking import decided_again
from dealreg.vocabulary.fact import Actor
from dealreg.vocabulary.ids import StreamId
from tests.properties import asking, laws
from tests.properties.story import (
    CLOCK,
    CONTACT,
    CRM,
    CUSTOMERS,
    DELLA,
    DESK,
    DIRK,
    MARTA,
    PARTNERS,
    TRUSTED,
    UNTRUSTED,
    Story,
    actor_of,
)

T = TypeVar("T")
SECOND = dt.timedelta(seconds=1)
FILERS = (
    ("anna", "north"), ("bert", "north"), ("carl", "south"), ("dora", "north"), ("dora", "south"), ("ina", "south"),
    ("anna", None), ("dora", None), (None, "north"), (None, "south"), (None, "otto"), (None, "master"),
)  # fmt: skip
Filer = tuple[str | None, str | None]
"""Dealer and distributor."""

PROGRAMS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"ROE-21": {"clock": "runs"}, "ROE-12": {"hard_stop_days": 70}},
    {"ROE-4": {"doctrine": "first_submitted"}, "ROE-5": {"while_pending": "refuses"}},
    {"ROE-4": {"doctrine": "first_approved"}, "ROE-5": {"while_pending": "side_by_side"}},
    {"ROE-4": {"doctrine": "graded"}},
    {"ROE-30": {"activation_days": 10, "by_rulebook_up_to": None}, "ROE-10": {"capped": False}},
    {"queue": {"in_use": False}, "ROE-5": {"while_pending": "refuses"}, "ROE-12": {"late_stage": None}},
)
"""What the clauses of the reference program are changed to, so that each doctrine and switch is met."""

drawn_line = st.sampled_from(["drives", "drives", "drives", "relays"])
drawn_scope = st.sampled_from(
    [
        {"territory": "DE"},
        {"territory": "DE"},
        {"territory": "FR"},
        {"territory": "world"},
        {"territory": "DE", "sites": ["hamburg"]},
        {"territory": "DE", "sites": ["hamburg", "bremen"]},
    ]
)


def pick(data: st.DataObject, items: Sequence[T]) -> T:
    """One of them, drawn by its place: a failing story is told in a line a step."""
    return items[data.draw(st.integers(0, len(items) - 1))]


class Stories(RuleBasedStateMachine):
    """Anybody asks anything at any time."""

    story: Story

    @initialize(
        clauses=st.sampled_from(PROGRAMS),
        first=st.sampled_from(FILERS),
        others=st.lists(st.sampled_from(FILERS), max_size=3),
        line=drawn_line,
        value=st.sampled_from(["50000", "50000", "100000.01"]),
    )
    def set_out(self, clauses: dict[str, Any], first: Filer, others: list[Filer], line: str, value: str) -> None:
        """A program, and what everything else is about: a claim, and perhaps some that meet it."""
        self.story = Story(clauses)
        self.watch = laws.Watch()
        self.versions = 1
        for who in (first, *others):
            self.files(who, line=line, value=value)
            self.story.now += 60 * SECOND

    # What partners ask.

    @rule(
        who=st.sampled_from(FILERS),
        customer=st.sampled_from(["acme", "acme", "acme", "brandt"]),
        line=drawn_line,
        scope=drawn_scope,
        value=st.sampled_from(["9999.99", "50000", "50000", "100000.01", None]),
        proof=st.sampled_from([None, None, 20, 400]),
        more=st.sampled_from(["", "", "both lines", "tender"]),
    )
    def file(self, who: Filer, **said: Any) -> None:
        """A dealer through a distributor, or either alone; some incomplete, some with evidence, some as a tender."""
        self.files(who, **said)

    def files(self, who: Filer, line: str, **drawn: Any) -> None:
        said = {"customer": "acme", "scope": {"territory": "DE"}, "proof": None, "more": "", **drawn}
        dealer, distributor = who
        parties = (("distributor" if distributor != "master" else "master", distributor), ("dealer", dealer))
        legs = [{"tier": tier, "partner": partner} for tier, partner in parties if partner is not None]
        filed_by = dealer or distributor or ""
        names = ("drives", "relays") if said["more"] == "both lines" else (line,)
        # An equipment maker names its programme as the site, else it stays incomplete.
        scope = {**said["scope"], "sites": ["press-line-7"]} if filed_by == "otto" else said["scope"]
        day = (self.story.now - dt.timedelta(days=said["proof"] or 0)).date()
        command = registrations.FileRegistration.model_validate(
            {
                "filed_by": filed_by,
                "customer": CUSTOMERS[said["customer"]],
                "lines": [{"line": name, "scope": scope, "legs": legs} for name in names],
                "registration_class": "tender" if said["more"] == "tender" else "exclusive",
                "value": {"amount": said["value"], "currency": "EUR"} if said["value"] else None,
                "evidence": [{"kind": "proposal", "dated_on": day, "digest": "0" * 64}] if said["proof"] else [],
            }
        )
        self.story.ask(command, actor_of(filed_by))

    @precondition(lambda self: self.story.registrations)
    @rule(
        data=st.data(),
        what=st.sampled_from(["withdraw", "won", "lost", "reopened", "late", "evidence", "supplement"]),
    )
    def say_more(self, data: st.DataObject, what: str) -> None:
        """A partner says how it goes, or gives its own leg up."""
        registration, partner = self.a_registration(data)
        of: dict[str, Any] = {"registration": registration}
        proof = {"kind": "proposal", "dated_on": self.story.now.date(), "digest": "1" * 64}
        commands = {
            "withdraw": lambda: registrations.WithdrawRegistration.model_validate({**of, "partner": partner}),
            "late": lambda: registrations.RecordProgress(**of, stage="negotiation"),
            "evidence": lambda: registrations.AddEvidence.model_validate({**of, "evidence": proof}),
            "supplement": lambda: registrations.SupplementRegistration.model_validate(
                {**of, "value": {"amount": "60000", "currency": "EUR"}, "contact": CONTACT}
            ),
        }
        outcome = {"won", "lost", "reopened"} & {what}
        command = registrations.ReportOutcome.model_validate({**of, "outcome": what}) if outcome else commands[what]()
        self.story.ask(command, actor_of(partner))

    @precondition(lambda self: any(claim.offer_to for claim in self.story.claims()))
    @rule(data=st.data(), accept=st.booleans())
    def answer_offer(self, data: st.DataObject, *, accept: bool) -> None:
        claim = pick(data, [claim for claim in self.story.claims() if claim.offer_to])
        said = {"registration": claim.registration, "line": claim.line, "partner": claim.filed_by, "accept": accept}
        self.story.ask(registrations.AnswerOffer.model_validate(said), actor_of(claim.filed_by))

    @precondition(lambda self: self.story.joinings())
    @rule(data=st.data(), agree=st.booleans())
    def answer_joining(self, data: st.DataObject, *, agree: bool) -> None:
        joining = pick(data, self.story.joinings())
        partner = joining.holder if joining.asks == "holder" else joining.partner
        said = {"registration": joining.host[0], "joining": joining.joining, "partner": partner, "agree": agree}
        self.story.ask(registrations.AnswerJoining.model_validate(said), actor_of(partner))

    @precondition(lambda self: self.story.claims())
    @rule(data=st.data(), partner=st.sampled_from(["anna", "bert", "carl", "dora", "north", "south"]))
    def invite(self, data: st.DataObject, partner: str) -> None:
        claim = pick(data, self.story.claims())
        tier = "distributor" if partner in {"north", "south"} else "dealer"
        said = {"registration": claim.registration, "line": claim.line, "tier": tier, "partner": partner}
        holder = next(leg.partner for leg in claim.legs)
        self.story.ask(registrations.InvitePartner.model_validate(said), actor_of(holder))

    # What the CRM says, in any order, repeated and late.

    @rule(
        source=st.sampled_from([TRUSTED, UNTRUSTED]),
        record=st.sampled_from(["r1", "r2"]),
        order=st.integers(1, 6),
        late=st.sampled_from([0, 60, 3600, 72 * 3600, 72 * 3600 + 1]),
        partner=st.sampled_from(["anna", "carl", "dora"]),
        said=st.sampled_from(
            [{}, {"stage": "negotiation"}, {"outcome": "won"}, {"outcome": "lost"}, {"outcome": "open"}]
        ),
    )
    def crm_tells(self, source: str, record: str, order: int, late: int, partner: str, said: dict[str, Any]) -> None:
        """A message of a record; its order says which is newer, whenever it comes."""
        changed_at = self.story.now - dt.timedelta(seconds=late)
        known = {
            "customer_name": "Acme",
            "identifiers": [{"scheme": "domain", "value": "acme.example"}],
            "partner": partner,
            "distributor": PARTNERS[partner]["parents"][0],
            "lines": ["drives"],
            "territory": "DE",
            "amount": "40000",
            "currency": "EUR",
        }
        written = f"{source}/{record}/{order}/{changed_at}/{partner}/{said}"
        message = {
            "source": source,
            "record": record,
            "digest": sha256(written.encode()).hexdigest(),
            "order": f"{order:04d}",
            "change": "updated",
            "changed_at": changed_at,
            **known,
            **said,
        }
        command = FoldOpportunity.model_validate({"message": message})
        if self.story.ask(command, CRM).answer is not None:
            self.story.messages.append(command)

    @precondition(lambda self: self.story.messages)
    @rule(data=st.data())
    def crm_tells_again(self, data: st.DataObject) -> None:
        """Redelivery changes nothing, however late."""
        came = self.story.ask(pick(data, self.story.messages), CRM)
        laws.law("redelivery changes nothing", holds=came.facts == (), found=came.facts)

    @precondition(lambda self: self.story.asked)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """A request of long ago, once more."""
        request, came = pick(data, [one for one in self.story.asked if one[1].facts][-12:])
        again = self.story.ledger.ask(request, self.story.now)
        laws.law("asked twice, decided once", holds=again.facts == (), found=again.facts)
        same = again.answer == came.answer or request.actor == CLOCK
        laws.law("asked twice, the same answer", holds=same, found=again.answer)

    # Time.

    @rule(seconds=st.sampled_from([0, 1, 60, 86_400, 5 * 86_400]), visited=st.booleans())
    def time_passes(self, seconds: int, *, visited: bool) -> None:
        """A little, or some days; the clock role may be down meanwhile."""
        self.story.now += dt.timedelta(seconds=seconds)
        if visited:
            self.story.visit()

    @rule(data=st.data(), side=st.sampled_from([-SECOND, 0 * SECOND, SECOND]), visited=st.booleans())
    def time_jumps_to_an_edge(self, data: st.DataObject, side: dt.timedelta, *, visited: bool) -> None:
        """To the last instant before something falls due, to the first after, or to its second: one that a state names."""
        edges = self.story.edges()[:12]
        if edges:
            self.story.now = max(self.story.now, pick(data, edges) + side)
        if visited:
            self.story.visit()

    @rule(data=st.data(), times=st.integers(1, 4))
    def weeks_pass(self, data: st.DataObject, times: int) -> None:
        """From one instant that a state names to one of the next, the clock role at work."""
        for _ in range(times):
            edges = self.story.edges()[:5]
            if edges:
                self.story.now = pick(data, edges)
                self.story.visit()

    # What the manufacturer's people ask.

    @precondition(lambda self: self.story.registrations)
    @rule(data=st.data(), what=st.sampled_from(["approve", "approve", "decline", "return"]))
    def review(self, data: st.DataObject, what: str) -> None:
        registration, _ = self.a_registration(data)
        of = {"registration": registration}
        commands = {
            "approve": registrations.ApproveRegistration.model_validate(of),
            "decline": registrations.DeclineRegistration.model_validate({**of, "clause": "ROE-30", "reason": "drawn"}),
            "return": registrations.ReturnRegistration.model_validate({**of, "reason": "drawn"}),
        }
        self.story.ask(commands[what], MARTA)

    @precondition(lambda self: self.open_conflicts())
    @rule(data=st.data(), how=st.sampled_from(["proposed", "uphold", "award"]))
    def rule_on_conflict(self, data: st.DataObject, how: str) -> None:
        conflict = pick(data, self.open_conflicts())
        state = self.story.ledger.states.state(CONFLICT, StreamId(conflict))
        said: dict[str, Any] = {"conflict": conflict, "reason": "drawn", "ruling": "uphold_incumbent"}
        if how == "proposed" and state.proposal is not None:
            said |= {"ruling": state.proposal.ruling, "awarded": state.proposal.awarded}
        elif how == "award":
            said |= {"ruling": "award_challenger", "awarded": pick(data, state.parties).registration}
        self.story.ask(RuleOnConflict.model_validate(said), DESK)

    @precondition(lambda self: self.story.customers)
    @rule(
        data=st.data(),
        verb=st.sampled_from(["suspend", "suspend", "admit", "reassign", "bar"]),
        partner=st.sampled_from(["anna", "carl", "south"]),
        scope=drawn_scope,
        days=st.sampled_from([1, 20, 100]),
        later=st.sampled_from([0, 3]),
        ground=st.sampled_from(["customer_request", "supply_constraint"]),
    )
    def depart_from_the_rules(self, data: st.DataObject, verb: str, partner: str, **said: Any) -> None:
        """Proposed by one, approved by two others; now and then one that names the one before it."""
        customer = pick(data, list(self.story.customers))
        begins = self.story.now + dt.timedelta(days=said["later"])
        on = {} if verb == "bar" else {"customer": customer, "line": "drives", "scope": said["scope"]}
        proposed = {
            "verb": verb,
            "ground": said["ground"],
            "reason": "drawn",
            **on,
            "partners": [] if verb == "suspend" else [partner],
            "override_from": begins,
            "override_to": begins + dt.timedelta(days=said["days"]),
            "replaces": self.story.overrides[-1] if self.story.overrides and said["days"] == 20 else None,
        }
        came = self.story.ask(ProposeOverride.model_validate(proposed))
        if came.answer is not None:
            for approver in (DIRK, DELLA):
                self.story.ask(ApproveOverride.model_validate({"override": self.story.overrides[-1]}), approver)

    @precondition(lambda self: self.story.overrides)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        said = {"override": pick(data, self.story.overrides), "reason": "drawn"}
        self.story.ask(RevokeOverride.model_validate(said))

    @rule(
        partner=st.sampled_from(["anna", "north", "dora"]),
        what=st.sampled_from(["good", "hold", "suspended", "terminated", "premier", "moved"]),
    )
    def say_who_partners_are(self, partner: str, what: str) -> None:
        """Standing, tier and hierarchy change under what runs."""
        if what == "moved":
            self.story.ask(NameParents.model_validate({"partner": "dora", "parents": ["south"]}))
        elif what == "premier":
            self.story.ask(ChangeTier.model_validate({"partner": partner, "tier": what}))
        else:
            self.story.ask(ChangeStanding.model_validate({"partner": partner, "standing": what}))

    @rule(clauses=st.sampled_from(PROGRAMS), days=st.sampled_from([0, 10]))
    def publish(self, clauses: dict[str, Any], days: int) -> None:
        """A new version moves nothing that runs."""
        self.versions += 1
        if self.versions <= 3:
            document = self.story.rules.model_copy(
                update={
                    "version": str(self.versions),
                    "force_from": self.story.now + dt.timedelta(days=days),
                    "clauses": type(self.story.rules.clauses).model_validate(
                        {"ROE-2": {"required": ["customer", "distributor", "value"]}, **clauses}
                    ),
                }
            )
            assert self.story.ask(PublishRulebook(document=document)).refused is None

    # What the clauses let anybody ask: a command more is an entry in asking.py.

    @precondition(lambda self: self.story.claimed())
    @rule(data=st.data(), what=st.sampled_from(sorted(asking.OF_CLAIM)), n=st.integers(0, 5))
    def ask_of_a_claim(self, data: st.DataObject, what: str, n: int) -> None:
        claims = (self.story.claims() if n else None) or self.story.claimed()
        self.asks(what, asking.OF_CLAIM[what](asking.Of(self.story, n, claim=pick(data, claims))))

    @precondition(lambda self: self.story.conflicts)
    @rule(data=st.data(), what=st.sampled_from(sorted(asking.OF_CONFLICT)), n=st.integers(0, 5))
    def ask_of_a_conflict(self, data: st.DataObject, what: str, n: int) -> None:
        conflict = pick(data, list(self.story.conflicts))
        parties = self.story.ledger.states.state(CONFLICT, StreamId(conflict)).parties
        if parties:
            party = pick(data, parties).registration
            self.asks(what, asking.OF_CONFLICT[what](asking.Of(self.story, n, conflict=conflict, party=party)))

    @rule(
        what=st.sampled_from(sorted(asking.OF_ACCOUNT)),
        customer=st.sampled_from(["acme", "acme", "brandt"]),
        n=st.integers(0, 5),
    )
    def ask_of_an_account(self, what: str, customer: str, n: int) -> None:
        self.asks(what, asking.OF_ACCOUNT[what](asking.Of(self.story, n, name=customer)))

    @precondition(lambda self: len(self.story.customers) > 1)
    @rule(what=st.sampled_from(sorted(asking.OF_CUSTOMER)), turned=st.booleans(), n=st.integers(0, 5))
    def ask_of_two_customers(self, what: str, n: int, *, turned: bool) -> None:
        one, other = list(self.story.customers)[:2]
        one, other = (other, one) if turned else (one, other)
        self.asks(what, asking.OF_CUSTOMER[what](asking.Of(self.story, n, one=one, other=other)))

    @precondition(lambda self: self.story.prices)
    @rule(
        data=st.data(),
        decision=st.sampled_from(["approve", "approve", "change", "reject"]),
        who=st.sampled_from(asking.PRICERS),
    )
    def decide_a_special_price(self, data: st.DataObject, decision: str, who: Actor) -> None:
        said = {"special_price": pick(data, self.story.prices), "decision": decision, "reason": "drawn"}
        self.asks("DecideSpecialPrice", ({**said, "discount": "0.08" if decision == "change" else None}, who))

    def asks(self, what: str, asked: asking.Asking) -> None:
        said, who = asked
        self.story.ask(asking.command(what, said), who)

    # What must hold.

    @invariant()
    def laws_hold(self) -> None:
        every: list[Callable[[Story], None]] = [*laws.LAWS, self.watch]
        for one in every:
            one(self.story)
        self.story.last.clear()

    def teardown(self) -> None:
        """Each decision, made again on the states as they were right before it, is the same: it reads nothing later."""
        for again in decided_again(self.story.ledger.facts):
            laws.law("decided again the same", holds=again.equal is True, found=(again.differs, again.unable))

    def a_registration(self, data: st.DataObject) -> tuple[UUID, str]:
        return pick(data, list(self.story.registrations.items()))

    def open_conflicts(self) -> list[UUID]:
        return [conflict for file in self.story.files() for conflict in file.conflicts]


Stories.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestStories = Stories.TestCase
