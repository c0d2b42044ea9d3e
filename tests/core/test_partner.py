from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealreg.customer.state import IDENTIFIER, NAME_KEY
from dealreg.partner.commands import AuthorisePartner, ChangeStanding, ChangeTier, EnrolPartner, NameParents, OfPartner
from dealreg.partner.events import EVENTS, PartnerBarLifted, PartnerBarred, UnsupportedClaimNoted
from dealreg.partner.state import PARTNER
from dealreg.process.enrol_partner import decide
from dealreg.process.publish_rulebook import decide as publish
from dealreg.rulebook.commands import PublishRulebook
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.dated import Dated
from dealreg.vocabulary.fact import Event, Role
from dealreg.vocabulary.ids import partner_stream
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused, Unknown
from dealreg.vocabulary.values import PartnerTier, Standing, Track

T = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BAR, OTHER = UUID(int=1), UUID(int=2)


def words(kind, partner, **fields):
    """A command or a fact of a partner, from plain words."""
    return kind.model_validate({"partner": partner, **fields})


@pytest.fixture
def program(streams):
    """A master, a distributor below it, and what asks and shows."""

    class Program:
        def ask(self, command, at=T, role=Role.DEAL_DESK):
            return streams.ask(decide, command, at, role)

        def enrol(self, partner, track=Track.DISTRIBUTOR, **said):
            return self.ask(words(EnrolPartner, partner, track=track, **{"effective_from": T - 10 * DAY, **said}))

        def of(self, partner):
            return streams.of(PARTNER, partner_stream("reference", partner))

        def say(self, event):
            stream = partner_stream("reference", event.partner)
            return streams.decide(lambda situation: situation.record(PARTNER, stream, event), T)

    return Program()


def test_nobody_is_a_partner_before_the_enrolment(program):
    before = program.of("bauer")
    assert not before.exists
    assert (before.track_at(T), before.tier_at(T), before.standing_at(T), before.parents_at(T)) == (
        None,
        None,
        None,
        (),
    )
    assert before.authorisation_at(T).lines == frozenset()


def test_an_enrolled_partner_is_what_was_said_from_its_first_day(program):
    program.enrol("nord")
    answer = program.enrol(
        "bauer", Track.DEALER, tier=PartnerTier.PREMIER, lines=("drives",), territories=("DE",), parents=("nord",)
    )
    bauer = program.of("bauer")
    assert answer == {"partner": "bauer", "effective_from": (T - 10 * DAY).isoformat()}
    assert (bauer.exists, bauer.track_at(T), bauer.tier_at(T)) == (True, Track.DEALER, PartnerTier.PREMIER)
    assert (bauer.standing_at(T), bauer.parents_at(T)) == (Standing.GOOD, ("nord",))
    assert bauer.authorisation_at(T).territories == {"DE"}
    early = T - 11 * DAY
    assert (bauer.track_at(early), bauer.tier_at(early), bauer.standing_at(early)) == (None, None, None)
    assert (bauer.parents_at(early), bauer.authorisation_at(early).lines) == ((), frozenset())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DEAL_DESK])
def test_only_the_deal_desk_writes_who_the_partners_are(program, role):
    with pytest.raises(NotAllowed, match="deal desk"):
        program.ask(words(EnrolPartner, "bauer", track=Track.DEALER), role=role)


def test_a_partner_is_enrolled_once(program):
    program.enrol("nord")
    with pytest.raises(Closed, match="is enrolled"):
        program.enrol("nord")


def test_who_is_no_partner_cannot_be_changed(program):
    with pytest.raises(Unknown, match="enrol it first"):
        program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE))


def test_every_change_holds_from_its_instant_and_not_before(program):
    program.enrol("nord")
    program.enrol("sued")
    program.enrol("bauer", Track.DEALER, parents=("nord",), lines=("drives",))
    start = T + DAY
    for command in (
        words(NameParents, "bauer", parents=("sued", "nord"), effective_from=start),
        words(ChangeTier, "bauer", tier=PartnerTier.ELITE, effective_from=start),
        words(AuthorisePartner, "bauer", lines=("spares",), territories=("FR",), effective_from=start),
        words(ChangeStanding, "bauer", standing=Standing.HOLD, effective_from=start),
    ):
        program.ask(command)
    bauer, before = program.of("bauer"), start - timedelta(microseconds=1)
    assert (bauer.parents_at(before), bauer.parents_at(start)) == (("nord",), ("sued", "nord"))
    assert (bauer.tier_at(before), bauer.tier_at(start)) == (PartnerTier.AUTHORIZED, PartnerTier.ELITE)
    assert (bauer.standing_at(before), bauer.standing_at(start)) == (Standing.GOOD, Standing.HOLD)
    assert (bauer.authorisation_at(before).lines, bauer.authorisation_at(start).lines) == ({"drives"}, {"spares"})


def test_a_fact_counts_from_its_instant(program, streams):
    program.enrol("nord")
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE, effective_from=T + DAY))
    assert [fact.effective_at for fact in streams.facts] == [T - 10 * DAY, T + DAY]


def test_a_change_is_never_past(program):
    program.enrol("nord")
    with pytest.raises(Closed, match="past"):
        program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE, effective_from=T - timedelta(microseconds=1)))
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE, effective_from=T))
    program.ask(words(ChangeStanding, "nord", standing=Standing.HOLD))
    assert (program.of("nord").tier_at(T), program.of("nord").standing_at(T)) == (PartnerTier.ELITE, Standing.HOLD)


def test_a_change_does_not_come_before_the_enrolment(program):
    program.enrol("nord", effective_from=T + 5 * DAY)
    with pytest.raises(Closed, match="enrolled from"):
        program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE, effective_from=T + DAY))


def test_at_one_instant_the_later_word_holds(program):
    program.enrol("nord")
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE))
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.PREMIER))
    assert program.of("nord").tier_at(T) is PartnerTier.PREMIER


def test_a_change_said_later_may_hold_earlier(program):
    program.enrol("nord")
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.ELITE, effective_from=T + 9 * DAY))
    program.ask(words(ChangeTier, "nord", tier=PartnerTier.PREMIER, effective_from=T + DAY))
    nord = program.of("nord")
    assert [nord.tier_at(T + n * DAY) for n in (0, 1, 8, 9)] == ["authorized", "premier", "premier", "elite"]


def test_a_parent_is_an_enrolled_distributor(program):
    program.enrol("dorn", Track.DEALER)
    program.enrol("late", effective_from=T + DAY)
    for parents, word, kind in (
        (("nobody",), "not enrolled", Unknown),
        (("late",), "not enrolled", Unknown),
        (("dorn",), "only a distributor", Refused),
        (("bauer",), "its own parent", Refused),
        (("late", "late"), "twice", Refused),
    ):
        with pytest.raises(kind, match=word):
            program.enrol("bauer", Track.DEALER, parents=parents)
    assert not program.of("bauer").exists


def test_nobody_is_above_itself(program):
    program.enrol("a")
    program.enrol("b", parents=("a",))
    program.enrol("c", parents=("b",))
    for partner, parents, circle in (
        ("a", ("b",), "a → b → a"),
        ("a", ("c",), "a → c → b → a"),
        ("b", ("c",), "b → c → b"),
    ):
        with pytest.raises(Refused, match=f"above itself.*: {circle};"):
            program.ask(words(NameParents, partner, parents=parents))


def test_nobody_will_be_above_itself_by_what_is_already_said(program):
    program.enrol("a")
    program.enrol("b")
    program.ask(words(NameParents, "b", parents=("a",), effective_from=T + 9 * DAY))
    with pytest.raises(Refused, match=r"above itself.*already said: a → b → a"):
        program.ask(words(NameParents, "a", parents=("b",), effective_from=T + DAY))
    program.ask(words(NameParents, "b", parents=(), effective_from=T + 9 * DAY))
    program.ask(words(NameParents, "a", parents=("b",), effective_from=T + DAY))
    assert program.of("a").parents_at(T + 9 * DAY) == ("b",)


def test_a_hierarchy_has_four_levels(program):
    program.enrol("top")
    program.enrol("region", parents=("top",))
    program.enrol("nord", parents=("region",))
    program.enrol("bauer", Track.DEALER, parents=("nord",))
    with pytest.raises(Refused, match="more than 4 levels: dorn → deep → nord → region → top;"):
        program.enrol("deep", parents=("nord",)) and program.enrol("dorn", Track.DEALER, parents=("deep",))
    assert program.of("deep").exists
    assert not program.of("dorn").exists


def test_a_name_that_no_rulebook_knows_is_refused(program, streams, rules):
    program.enrol("before", lines=("lamps",))
    streams.ask(publish, PublishRulebook(document=rules), T)
    for said, word in (
        ({"lines": ("lamps",)}, "product line 'lamps'"),
        ({"territories": ("MARS",)}, "territory 'MARS'"),
        ({"specialisations": ("magic",)}, "specialisation 'magic'"),
    ):
        with pytest.raises(Refused, match=word):
            program.enrol("nord", **said)
    program.enrol("nord", lines=("drives",), territories=("DE",), specialisations=("functional-safety",))
    with pytest.raises(Refused, match="MARS"):
        program.ask(words(AuthorisePartner, "nord", lines=("drives",), territories=("MARS",)))


def barred(override=BAR, lines=(), territories=(), barred_from=T, barred_to=T + 10 * DAY):
    return words(
        PartnerBarred,
        "nord",
        override=override,
        lines=lines,
        territories=territories,
        barred_from=barred_from,
        barred_to=barred_to,
    )


def test_a_bar_holds_from_its_first_instant_to_its_end(program):
    program.enrol("nord")
    program.say(barred())
    instants = (T - DAY, T, T + 10 * DAY - timedelta(microseconds=1), T + 10 * DAY)
    assert [program.of("nord").barred_at(at, "drives", {"DE"}) for at in instants] == [None, BAR, BAR, None]


def test_a_bar_is_kept_to_its_lines_and_territories(program):
    program.enrol("nord")
    program.say(barred(lines=("drives",), territories=("DE",)))
    nord = program.of("nord")
    assert nord.barred_at(T, "drives", {"EMEA", "DE", "DE-SOUTH"}) == BAR
    assert nord.barred_at(T, "spares", {"DE"}) is None
    assert nord.barred_at(T, "drives", {"EMEA", "FR"}) is None


def test_a_lifted_bar_barred_until_then_and_another_goes_on(program):
    program.enrol("nord")
    program.say(barred())
    program.say(barred(OTHER, lines=("spares",)))
    program.say(words(PartnerBarLifted, "nord", override=BAR, lifted_from=T + DAY))
    nord = program.of("nord")
    assert nord.barred_at(T, "drives", {"DE"}) == BAR
    assert nord.barred_at(T + DAY, "drives", {"DE"}) is None
    assert nord.barred_at(T + DAY, "spares", {"DE"}) == OTHER
    program.say(words(PartnerBarLifted, "nord", override=OTHER, lifted_from=T + 99 * DAY))
    assert program.of("nord").barred_at(T + 10 * DAY, "spares", {"DE"}) is None


def test_programs_do_not_share_partners(program):
    program.enrol("nord")
    assert partner_stream("reference", "nord") != partner_stream("other", "nord")


def test_every_fact_survives_its_stored_form(program, streams):
    program.enrol("nord")
    program.enrol("bauer", Track.DEALER, parents=("nord",), lines=("Größe",), territories=("東京",))
    program.ask(words(ChangeTier, "bauer", tier=PartnerTier.ELITE))
    program.ask(words(AuthorisePartner, "bauer", lines=(), territories=()))
    program.ask(words(ChangeStanding, "bauer", standing=Standing.TERMINATED))
    program.say(barred())
    program.say(words(PartnerBarLifted, "nord", override=BAR, lifted_from=T))
    noted = words(
        UnsupportedClaimNoted, "nord", registration=BAR, month="2026-03", count=1, shown=False, managers=(), noted_at=T
    )
    program.say(noted)
    assert {type(event) for event in streams.events} == set(EVENTS)
    for event in streams.events:
        assert type(event).model_validate_json(event.model_dump_json()) == event


STEPS = st.lists(st.tuples(st.integers(0, 20), st.integers()), max_size=20)


@given(STEPS, st.integers(-1, 21))
def test_what_holds_is_the_last_said_of_the_latest_that_has_come(steps, day):
    history: Dated[int] = Dated()
    for start, value in steps:
        history = history.then(T + start * DAY, value)
    said = dict(steps)
    come = [said[start] for start in sorted(said) if start <= day]
    assert history.at(T + day * DAY) == (come[-1] if come else None)
    assert list(history.since(T + day * DAY)) == come[-1:] + [said[start] for start in sorted(said) if start > day]


def test_what_is_no_command_on_a_partner_is_a_mistake_of_ours(program):
    program.enrol("nord")
    with pytest.raises(TypeError, match="OfPartner"):
        program.ask(words(OfPartner, "nord"))


@pytest.mark.parametrize("aggregate", [PARTNER, RULEBOOK, IDENTIFIER, NAME_KEY])
def test_a_fact_of_another_kind_changes_nothing(aggregate):
    assert aggregate.evolve(aggregate.initial, Event()) == aggregate.initial
