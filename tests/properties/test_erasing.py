"""Whatever is sealed, held, lifted, erased and retired, in any order: what is held is never gone, what is erased never shown, facts never change."""

from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dealreg.service.erasing.erase import UnderHold
from dealreg.service.erasing.holds import lift
from dealreg.service.erasing.retention import apply
from dealreg.service.erasing.shown import NOWHERE, personal_of
from dealreg.service.ledger.audit_facts import RetentionApplied, SubjectErased
from tests.fix_erasing import Office, by
from tests.fix_histories import PROGRAM

PEOPLE = ("ada", "bea", "cy")


class Lives(RuleBasedStateMachine):
    """A model beside the database: who is where, under which holds, and what has gone."""

    office: Office
    numbers = count(1)

    @initialize()
    def begin(self):
        # One database for all runs: each has deals and people of its own, and lifts its holds when it ends.
        self.run = next(Lives.numbers)
        self.values: dict[str, tuple[str, object, str]] = {}
        self.held: dict[str, bool] = {}
        self.holds: dict[UUID, tuple[str, object]] = {}
        self.gone: set[str] = set()
        self.letters: dict[int, str] = {}
        self.deals: list[object] = []
        self.facts = self.office.ledger.notifications(0, 100_000)

    def person(self, name):
        return f"{name} {self.run}"

    @rule(name=st.sampled_from(PEOPLE))
    def files(self, name):
        deal, ref = self.office.filed(self.person(name), self.person(name).title())
        self.deals.append(deal)
        self.values[ref] = (name, deal, self.person(name).title())

    @rule(name=st.sampled_from(PEOPLE), form=st.sampled_from(['{{"contact": "{}"}}', "no JSON: {}"]))
    def cannot_be_decided(self, name, form):
        self.letters[self.office.letter(form.format(self.person(name)).encode())] = name

    @rule(name=st.sampled_from(PEOPLE))
    def holds_a_person(self, name):
        self.holds[self.office.hold("subject", self.person(name)).hold] = ("subject", name)

    @rule(data=st.data())
    def holds_a_deal(self, data):
        if self.deals:
            deal = data.draw(st.sampled_from(self.deals))
            self.holds[self.office.hold("deal", deal).hold] = ("deal", deal)

    @rule(program=st.sampled_from([PROGRAM, "another"]))
    def holds_a_program(self, program):
        self.holds[self.office.hold("program", program).hold] = ("program", program)

    @rule(data=st.data())
    def lifts(self, data):
        if self.holds:
            hold = data.draw(st.sampled_from(list(self.holds)))
            assert lift(self.office.auditor, hold, by=by())
            del self.holds[hold]

    @rule(name=st.sampled_from(PEOPLE))
    def erases(self, name):
        wanted = {ref for ref, (whose, _, _) in self.values.items() if whose == name} - self.gone
        letters = {number for number, whose in self.letters.items() if whose == name}
        covered = any(self.covers(ref) for ref in wanted) or any(self.keeps(number) for number in letters)
        try:
            done = self.office.erase(self.person(name))
        except UnderHold:
            assert covered
        else:
            assert not covered
            assert (done.refs, done.letters) == (len(wanted), len(letters))
            self.gone |= wanted
            for number in letters:
                del self.letters[number]

    @rule()
    def retires_contacts(self):
        apply(self.office.auditor, "registrations", self.office.ledger.clock(), by())
        self.gone |= {ref for ref in self.values if not self.covers(ref)}

    @rule()
    def retires_messages(self):
        # Looked at before: what goes cannot be read any more.
        kept = {number: whose for number, whose in self.letters.items() if self.keeps(number)}
        apply(self.office.auditor, "dead_letters", self.office.ledger.clock(), by())
        self.letters = kept

    def covers(self, ref):
        """Whether a hold stands over a value, by the words of docs/erasure.md."""
        name, deal, _ = self.values[ref]
        return bool({("subject", name), ("deal", deal), ("program", PROGRAM)} & set(self.holds.values()))

    def keeps(self, number):
        """Whether a hold keeps a message: any but one on a person; and one on a person that it names, or where it cannot be read."""
        kinds = {kind for kind, _ in self.holds.values()}
        if kinds - {"subject"}:
            return True
        body = self.office.letters()[number]
        return bool(kinds) and (body.startswith(b"no JSON") or ("subject", self.letters[number]) in self.holds.values())

    @invariant()
    def what_is_held_is_there_and_what_is_gone_is_not_shown(self):
        told = personal_of(self.office.ledger, self.values)
        for ref, (_, _, value) in self.values.items():
            if ref in self.gone:
                assert told[ref].value is None
                assert value not in told[ref].told
                assert told[ref].told != NOWHERE
            else:
                assert told[ref].value == value
        bodies = self.office.letters()
        assert all(bodies[number] for number in self.letters)

    @invariant()
    def no_fact_ever_changes_and_none_says_a_name(self):
        now = self.office.ledger.notifications(0, 100_000)
        assert now[: len(self.facts)] == self.facts
        for row in now[len(self.facts) :]:
            assert not any(self.person(name).encode() in row.state.lower() for name in PEOPLE)
        self.facts = now

    @invariant()
    def every_deletion_has_one_fact(self):
        facts = [*self.office.facts(SubjectErased), *self.office.facts(RetentionApplied)]
        said = [ref for fact in facts if isinstance(fact, SubjectErased | RetentionApplied) for ref in fact.refs]
        assert len(said) == len(set(said))
        assert set(self.values) & set(said) == self.gone

    def teardown(self):
        for hold in self.holds:
            lift(self.office.auditor, hold, by=by())


@pytest.fixture
def lives(office):
    return type("OfThisTest", (Lives,), {"office": office})


def test_what_is_held_is_never_gone_and_what_is_erased_never_shown(lives):
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
