"""What accounts of the CRM do to end customers ends alike, whatever comes first and how often (ROE-24, decision record 24)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.account.commands import AccountMessage, FoldAccount, FollowAccount
from dealreg.account.state import ACCOUNT
from dealreg.customer.commands import NameParentCompany, UndoMerge
from dealreg.customer.state import CUSTOMER, IDENTIFIER
from dealreg.process import deciding
from dealreg.process.account_parents import CIRCLE
from dealreg.service.scenario import reading
from dealreg.service.scenario.memory import MemoryLedger
from dealreg.service.scenario.world import CORE, World
from dealreg.vocabulary.crm_record import Change, Identifier
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import ProgramId, StreamId, account_id, identifier_stream

WRITTEN = reading.text_of(reading.folder() / reading.WORLD)
T = datetime(2026, 3, 2, 9, tzinfo=UTC)
SET_OUT = World(WRITTEN, {}, {})
SET_OUT.set_out(set())


class Crm:
    """A feed of accounts into a program of its own; each record has a number of its own in another register, unless it is told."""

    def __init__(self):
        self.world = SET_OUT
        self.ledger = MemoryLedger(CORE, deciding.AGGREGATES)
        self.ledger.states.append(SET_OUT.ledger.facts)
        self.ledger.facts.extend(SET_OUT.ledger.facts)
        self.said = self.followed = 0

    def tell(self, *messages, minutes=None):
        """The answers; every message arrives a minute after the one before."""
        answers = []
        for message in messages:
            self.said += 1
            asked = Request(
                id=message.digest,
                program=ProgramId(self.world.program),
                actor=self.world.who("crm", "by"),
                command=FoldAccount(message=message),
            )
            at = T + timedelta(minutes=self.said if minutes is None else minutes)
            answers.append(self._ask(asked, at))
            left = list(answers[-1].get("left", ()))
            while left:
                self.followed += 1
                follow = FollowAccount(source="crm", record=left.pop())
                left += self._ask(asked.model_copy(update={"id": f"f-{self.followed}", "command": follow}), at).get(
                    "left", ()
                )
        return answers

    def _ask(self, asked, at):
        came = self.ledger.ask(asked, at)
        if came.refused is not None:
            raise came.refused
        return came.answer

    def desk(self, command):
        self.said += 1
        asked = Request(
            id=f"desk-{self.said}",
            program=ProgramId(self.world.program),
            actor=self.world.who("dana", "by"),
            command=command,
        )
        came = self.ledger.ask(asked, T + timedelta(minutes=self.said))
        if came.refused is not None:
            raise came.refused
        return came

    def account(self, record):
        return self.ledger.states.state(ACCOUNT, StreamId(account_id("crm", record)))

    def customer(self, record):
        """Whom the record's id names after all merges; ``None`` where nobody knows."""
        found = self.ledger.states.state(IDENTIFIER, identifier_stream("crm:crm", record)).customer
        while found is not None and self.state(found).into is not None:
            found = self.state(found).into
        return found

    def state(self, customer):
        return self.ledger.states.state(CUSTOMER, StreamId(customer))

    def above(self, record):
        """The accounts of the company above that of a record, in the far future."""
        customer = self.customer(record)
        parent = None if customer is None else self.state(customer).parents.at(T + timedelta(days=9999))
        while parent is not None and self.state(parent).into is not None:
            parent = self.state(parent).into
        return frozenset(one for one in RECORDS if parent is not None and self.customer(one) == parent)

    def same(self):
        """Which records are one company."""
        groups: dict = {}
        for record in RECORDS:
            if self.customer(record) is not None:
                groups.setdefault(self.customer(record), set()).add(record)
        return frozenset(frozenset(group) for group in groups.values())

    def picture(self):
        """All that is to be the same: no id of a customer, which is that of whoever opened it."""
        accounts = {record: self.account(record) for record in RECORDS}
        refused = {record: dict(state.refused).get("parent") for record, state in accounts.items()}
        folded = {record: (state.values, state.deleted, state.stale) for record, state in accounts.items()}
        return self.same(), {record: self.above(record) for record in RECORDS}, folded, refused


RECORDS = ("a", "b", "c", "d", "e")


def message(record, number, change=Change.UPDATED, **said):
    return AccountMessage(
        source="crm",
        record=record,
        digest=f"{RECORDS.index(record) * 1000 + number:064x}",
        order=f"{number:05d}",
        change=change,
        changed_at=T,
        **said,
    )


def created(record, number=1, *, duns=True, **said):
    numbers = (Identifier(scheme="duns", value=f"15048378{RECORDS.index(record)}"),) if duns else ()
    return message(
        record, number, Change.CREATED, name=f"Firma {record}", country="DE", place="Bonn", identifiers=numbers, **said
    )


@pytest.fixture
def crm():
    return Crm()


def test_an_account_opens_its_customer_and_names_it(crm):
    (told,) = crm.tell(created("a"))
    customer = crm.state(crm.customer("a"))
    assert told["customer"] == str(customer.customer)
    assert (customer.name, customer.place) == ("Firma a", "Bonn")
    assert set(customer.identifiers) == {("crm:crm", "a"), ("duns", "150483780")}


def test_an_account_without_name_and_identifier_is_nobody_until_it_has_one(crm):
    (told,) = crm.tell(message("a", 2, place="Bonn"))
    assert (told["did"], told["customer"], crm.customer("a")) == ("folded", None, None)
    crm.tell(created("a"))
    assert crm.state(crm.customer("a")).name == "Firma a"


def test_two_accounts_of_one_number_are_one_company_and_a_later_number_names_it_too(crm):
    same = (Identifier(scheme="duns", value="150489999"),)
    crm.tell(created("a", duns=False), message("a", 2, identifiers=same))
    crm.tell(message("b", 1, Change.CREATED, name="Anders", identifiers=same))
    assert crm.same() == {frozenset({"a", "b"})}


def test_an_identifier_that_is_none_is_told_and_names_nobody(crm):
    mail = Identifier(scheme="domain", value="gmail.com")
    crm.tell(message("a", 1, Change.CREATED, name="Acme", identifiers=(mail,)))
    facts = [fact.event for fact in crm.ledger.facts if fact.event.NAME == "account_changed.v1"]
    assert [one.field for one in facts[0].unusable] == ["identifier:domain"]
    assert crm.state(crm.customer("a")).identifiers == (("crm:crm", "a"),)


def test_what_is_too_long_for_a_street_is_kept_and_compared_with_nothing(crm):
    """Salesforce lets people write 255 characters there, and a name of any script."""
    crm.tell(message("a", 1, Change.CREATED, name="株式会社" * 50, place="Łódź", street="x\n" * 120))
    assert crm.account("a").values.street == "x\n" * 120
    customer = crm.state(crm.customer("a"))
    assert (customer.name, customer.street) == ("株式会社" * 50, None)


def test_a_parent_stands_above_once_both_are_known(crm):
    crm.tell(created("a", parent="b"))
    assert crm.above("a") == frozenset()
    assert crm.account("b").awaited_by == {"a"}
    crm.tell(created("b"))
    assert crm.above("a") == {"b"}
    assert crm.account("b").awaited_by == frozenset()
    crm.tell(message("a", 2, nulled=("parent",)))
    assert crm.above("a") == frozenset()


def test_a_parent_is_named_once_however_often_it_is_said(crm):
    crm.tell(created("a"), created("b", parent="a"), message("b", 2, parent="a"), message("b", 3, place="Köln"))
    named = [fact for fact in crm.ledger.facts if fact.event.NAME == "parent_company_named.v1"]
    assert len(named) == 2  # On both streams, once.


def test_hundreds_that_wait_for_one_account_follow_it_some_at_a_time(crm):
    """A holding whose own account comes last; a decision reads a bounded number of streams."""
    for number in range(250):
        below = AccountMessage(
            source="crm", record=f"x{number}", digest=f"{7000 + number:064x}", order="1", change=Change.CREATED, changed_at=T,
            name=f"Werk {number * 7919}", parent="a", identifiers=(Identifier(scheme="duns", value=f"{200000000 + number}"),),
        )  # fmt: skip
        crm.tell(below)
    assert len(crm.account("a").awaited_by) == 250
    crm.tell(created("a"))
    assert crm.account("a").awaited_by == frozenset()
    assert len(crm.state(crm.customer("a")).below) == 250
    assert crm.followed == 12


def test_what_the_desk_named_stays_until_the_crm_says_something_of_it(crm):
    crm.tell(created("a"), created("b"), created("c"))
    crm.desk(NameParentCompany(customer=crm.customer("a"), parent=crm.customer("b")))
    crm.tell(message("a", 2, place="Köln"), message("a", 3, nulled=("parent",)))
    assert crm.above("a") == {"b"}
    crm.tell(message("a", 4, parent="c"))
    assert crm.above("a") == {"c"}


@pytest.mark.parametrize("arriving", [("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")])
def test_a_circle_of_parents_is_told_and_nobody_in_it_stands_above_another(crm, arriving):
    above = {"a": "b", "b": "c", "c": "a"}
    answers = crm.tell(*(created(record, parent=above[record]) for record in arriving))
    assert [bool(answer.get("refused")) for answer in answers] == [False, False, True]
    assert CIRCLE in answers[2]["refused"][0]
    assert all(crm.above(record) == frozenset() for record in above)
    assert {crm.account(record).refused["parent"] for record in above} == {(n, CIRCLE) for n in "abc"}
    (told,) = crm.tell(message("b", 2, nulled=("parent",)))
    assert "refused" not in told
    assert (crm.above("a"), crm.above("b"), crm.above("c")) == ({"b"}, frozenset(), {"a"})
    assert not any(crm.account(record).refused for record in above)


def test_what_is_refused_is_said_once(crm):
    crm.tell(created("a", parent="b"), created("b", parent="a"))
    (told,) = crm.tell(message("b", 2, place="Köln"))
    assert "refused" not in told
    assert len([fact for fact in crm.ledger.facts if fact.event.NAME == "account_link_refused.v1"]) == 2


def test_a_company_whose_parent_is_merged_into_it_stands_above_itself_no_more(crm):
    crm.tell(created("a"), created("d", parent="a"), message("d", 2, nulled=("parent",)), message("a", 2, parent="d"))
    assert crm.above("a") == {"d"}
    crm.tell(message("d", 3, Change.DELETED, merged_into="a"))
    assert crm.same() == {frozenset({"a", "d"})}
    assert crm.above("a") == frozenset()


def test_a_circle_that_the_disorder_made_is_gone_with_the_message_that_was_late(crm):
    """In the CRM there never was one: a lost its parent before b got a for its own."""
    crm.tell(created("a", parent="b"), created("b"))
    late = message("a", 2, nulled=("parent",))
    crm.tell(message("b", 3, parent="a"))
    assert crm.above("b") == frozenset()
    crm.tell(late)
    assert (crm.above("a"), crm.above("b")) == (frozenset(), {"a"})


def test_a_parent_that_is_the_same_company_says_nothing(crm):
    same = (Identifier(scheme="duns", value="150489999"),)
    one, other = (message(r, 1, Change.CREATED, name="Acme", identifiers=same) for r in ("a", "b"))
    answers = crm.tell(one, other, message("a", 2, parent="b"))
    assert not any("refused" in answer for answer in answers)
    assert crm.above("a") == frozenset()


def test_more_levels_than_a_group_may_have_are_refused_with_the_reason(crm):
    """By the record that the CRM knows; eleven companies above one another."""
    others = [f"x{number}" for number in range(12)]
    for number, record in enumerate(others):
        said = AccountMessage(
            source="crm", record=record, digest=f"{9000 + number:064x}", order="1", change=Change.CREATED,
            changed_at=T, name=f"Firma {record}", parent=others[number - 1] if number else None,
        )  # fmt: skip
        (told,) = crm.tell(said)
        assert ("refused" in told) is (number > 10), number
    assert "more than 10 companies" in told["refused"][0]


def test_messages_of_one_instant_or_an_earlier_one_take_the_place_of_what_was_said(crm):
    """A batch has one instant, and what a broker delivers again has an older one: the source's order counts."""
    crm.tell(created("a"), created("b"), created("c"), minutes=5)
    crm.tell(message("a", 2, parent="b"), message("a", 3, parent="c"), minutes=5)
    assert crm.above("a") == {"c"}
    crm.tell(message("a", 4, parent="b"), minutes=1)
    assert crm.above("a") == {"b"}


def test_of_two_accounts_of_one_company_the_newest_word_counts(crm):
    same = (Identifier(scheme="duns", value="150489999"),)
    crm.tell(*(message(r, 1, Change.CREATED, name="Acme", identifiers=same) for r in ("a", "b")))
    crm.tell(created("c"), created("d"), message("b", 3, parent="d"), message("a", 2, parent="c"))
    assert crm.above("a") == {"d"}
    crm.tell(message("b", 4, Change.DELETED))
    assert crm.above("a") == {"c"}


def test_the_word_goes_to_and_fro_between_two_accounts_of_one_company(crm):
    same = (Identifier(scheme="duns", value="150489999"),)
    crm.tell(*(message(r, 1, Change.CREATED, name="Acme", identifiers=same) for r in ("a", "b")))
    crm.tell(created("c"), created("d"), message("a", 2, parent="c"), message("b", 3, parent="d"))
    for number in (4, 6):
        crm.tell(message("b", number, Change.DELETED))
        assert crm.above("a") == {"c"}
        crm.tell(message("b", number + 1, Change.UNDELETED))
        assert crm.above("a") == {"d"}


def test_merged_accounts_are_one_customer_whichever_is_heard_of_first(crm):
    merged = message("a", 2, Change.DELETED, merged_into="b")
    crm.tell(created("a"), merged)
    assert crm.same() == {frozenset({"a"})}
    crm.tell(created("b"))
    assert crm.same() == {frozenset({"a", "b"})}
    assert crm.account("a").merged[0] == "b"


def test_an_account_that_nobody_knew_before_its_merge_is_another_name_of_the_survivor(crm):
    crm.tell(message("a", 2, Change.DELETED, merged_into="b"), created("c", parent="a"), created("b"))
    assert crm.same() == {frozenset({"a", "b"}), frozenset({"c"})}
    assert crm.above("c") == {"a", "b"}
    crm.tell(created("a"))
    assert ("duns", "150483780") in crm.state(crm.customer("b")).identifiers


def test_an_account_that_is_brought_back_is_parted_again(crm):
    crm.tell(created("a"), created("b"), message("a", 2, Change.DELETED, merged_into="b"))
    crm.tell(message("a", 3, Change.UNDELETED))
    assert crm.same() == {frozenset({"a"}), frozenset({"b"})}
    assert crm.account("a").merged is None
    crm.tell(message("a", 4, Change.DELETED, merged_into="b"))
    assert crm.same() == {frozenset({"a", "b"})}


def test_a_merge_that_the_desk_undid_is_not_made_again_by_a_repeat(crm):
    crm.tell(created("a"), created("b"), message("a", 2, Change.DELETED, merged_into="b"))
    crm.desk(UndoMerge(customer=crm.account("a").customer, reason="two companies"))
    crm.tell(message("a", 3, Change.DELETED, merged_into="b"))
    assert crm.same() == {frozenset({"a"}), frozenset({"b"})}
    crm.tell(message("a", 4, Change.UNDELETED))
    assert crm.account("a").merged is None


def test_a_merge_that_a_later_one_rests_on_is_not_parted_without_a_person(crm):
    crm.tell(created("a"), created("b"), created("c"), message("a", 2, Change.DELETED, merged_into="b"))
    crm.tell(message("b", 2, Change.DELETED, merged_into="c"))
    (told,) = crm.tell(message("a", 3, Change.UNDELETED))
    assert "undo the later merge first" in told["refused"][0]
    assert crm.same() == {frozenset({"a", "b", "c"})}


def test_accounts_that_say_each_that_it_is_the_other_are_one(crm):
    crm.tell(created("a"), created("b"))
    crm.tell(message("a", 2, Change.DELETED, merged_into="b"), message("b", 2, Change.DELETED, merged_into="a"))
    assert crm.same() == {frozenset({"a", "b"})}


def test_the_company_above_moves_with_a_merge(crm):
    crm.tell(created("a", parent="b"), created("b"), created("c"), message("b", 2, Change.DELETED, merged_into="c"))
    assert crm.above("a") == {"b", "c"}
    crm.tell(created("d", parent="a"), message("c", 2, parent="d"))  # c stands below a, which stands below c.
    assert crm.account("c").refused["parent"] == ("d", CIRCLE)
    assert crm.above("a") == frozenset()


def test_who_stood_below_a_merged_account_stands_below_it_when_it_is_back(crm):
    crm.tell(created("a"), created("b"), created("c"), message("a", 2, Change.DELETED, merged_into="b"))
    crm.tell(message("c", 2, parent="a"))
    assert crm.above("c") == {"a", "b"}
    crm.tell(message("a", 3, Change.UNDELETED))
    assert crm.above("c") == {"a"}
    crm.tell(message("a", 4, Change.DELETED, merged_into="b"), message("c", 3, parent="b"))
    crm.tell(message("a", 5, Change.UNDELETED))
    assert crm.above("c") == {"b"}


def test_a_gap_is_told_and_a_repeat_does_nothing(crm):
    gap = message("a", 2, Change.GAP)
    assert [told["did"] for told in crm.tell(created("a"), gap)] == ["folded", "stale"]
    assert crm.account("a").stale
    assert crm.tell(gap)[0]["did"] == "stale"  # The answer that it had.
    (told,) = crm.tell(message("a", 3, Change.READ, name="Firma a"))
    assert told["did"] == "folded"
    assert not crm.account("a").stale


def _twist(draw, record, number, merges, records):
    """What may happen to an account after it was created."""
    kinds = ["parent", "alone", "rename", "gone", "back", "gap", *(["merged"] if merges else [])]
    match draw(st.sampled_from(kinds)):
        case "parent":
            above = draw(st.sampled_from([one for one in records if one != record]))
            return message(record, number, parent=above)
        case "alone":
            return message(record, number, nulled=("parent",))
        case "rename":
            return message(record, number, name=f"Werk {record}")
        case "gone":
            return message(record, number, Change.DELETED)
        case "gap":
            return message(record, number, Change.GAP)
        case "merged":
            return message(record, number, Change.DELETED, merged_into=draw(st.sampled_from(merges)))
        case _:
            return message(record, number, Change.UNDELETED)


@st.composite
def feeds(draw):
    """Accounts that are created, stand below one another, go, come back, are merged and parted; as they were said, and as they arrive.

    What was merged into others may come back; those others are not merged on, for that a person has to part. Of some only updates are
    heard; who those are is never known, so they are not merged.
    """
    said = []
    records = draw(st.sampled_from([RECORDS, ("a", "c", "e"), ("a", "c")]))  # Fewer meet one another more often.
    for record in records:
        if told := draw(st.integers(0, 9)):
            said.append(created(record))
        merges = [one for one in records if one in "ab"] if told and record not in "ab" else []
        said += [_twist(draw, record, number, merges, records) for number in range(2, 2 + draw(st.integers(0, 3)))]
    again = draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    return said, draw(st.permutations(said + again))


@settings(max_examples=150, deadline=None)
@given(feeds())
def test_every_order_of_arrival_ends_with_the_same_companies(feed):
    said, arriving = feed
    in_order, in_disorder = Crm(), Crm()
    in_order.tell(*said)
    in_disorder.tell(*arriving)
    assert in_disorder.picture() == in_order.picture()


@settings(max_examples=60, deadline=None)
@given(st.permutations([created(r) for r in RECORDS] + [
    message("a", 2, Change.DELETED, merged_into="b"),
    message("b", 2, Change.DELETED, merged_into="c"),
    message("c", 2, parent="d"),
    message("d", 2, Change.DELETED, merged_into="c"),
    message("e", 2, parent="a"),
]))  # fmt: skip
def test_chains_of_merges_end_alike_too(arriving):
    crm = Crm()
    crm.tell(*arriving)
    assert crm.same() == {frozenset("abcd"), frozenset("e")}
    assert (crm.above("e"), crm.above("c")) == (frozenset("abcd"), frozenset())
