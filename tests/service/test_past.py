"""The past by every way of asking: recorded, effective, both, by size of the log; what differs and why; since when a thing is known."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.past.digesting import aggregates_at, digest_at
from dealreg.service.past.flattening import flat
from dealreg.service.past.history import history
from dealreg.service.past.moment import When
from dealreg.service.past.subject import Kind, Subject, named
from dealreg.service.past.walking import told
from dealreg.service.projecting.asking import Reading
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.projector import Projector
from dealreg.service.replay import Replay
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import desk_reader
from dealreg.vocabulary.refused import NotAllowed, Refused, Unknown
from tests.fix_past import PROGRAM, asks, claims_of, insight
from tests.fix_past import told as told_story

GOLDEN = Path(__file__).parents[1] / "golden_past" / "story.json"
STEP = timedelta(microseconds=1)
SAME = {"kind", "id"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def subjects(story) -> list[Subject]:
    ids = story.ids
    return [
        Subject(Kind.REGISTRATION, ids["R1"]),
        Subject(Kind.REGISTRATION, ids["R2"]),
        Subject(Kind.REGISTRATION, ids["R3"]),
        Subject(Kind.CUSTOMER, ids["acme"]),
        Subject(Kind.CONFLICT, ids["conflict"]),
        Subject(Kind.PARTNER, "claus"),
    ]


def seen(ledger, subject: Subject, when: When) -> dict[str, Any]:
    try:
        return flat(told(insight(ledger), subject, when))
    except Unknown:
        return {}


def as_written(diff, base: int) -> list[dict[str, Any]]:
    """Without what the database's clock and the migrations before it decide."""
    return [
        {
            **one.model_dump(mode="json", exclude={"because"}),
            "because": [
                {**cause.model_dump(mode="json", exclude={"recorded_at"}), "position": cause.position - base}
                for cause in one.because
            ],
        }
        for one in diff.changes
    ]


def test_requirement_23_the_past_is_rebuilt_and_differs_from_now_in_a_listed_way(story, audited, request):
    """State at any past size against golden files, and the list of what differs from it to now, with the fact behind each."""
    found: dict[str, Any] = {}
    for subject in subjects(story):
        states: list[Any] = []
        for size in [story.base, *story.sizes]:
            state = seen(audited, subject, When(size=size))
            if not states or states[-1]["state"] != state:
                states.append({"at_size": size - story.base, "state": state})
        name = (
            f"{subject.kind} {next((n for n, one in story.ids.items() if one == subject.identity), subject.identity)}"
        )
        first = next(one["at_size"] for one in states if one["state"]) + story.base
        differs = asks(audited).diff(subject, When(size=first), When(size=story.sizes[-1]))
        found[name] = {"states": states, "differs": as_written(differs, story.base)}
        # What is listed is all: put onto the state then, it gives the state now.
        then = seen(audited, subject, When(size=first))
        put = {**then, **{one.field: one.after for one in differs.changes}}
        now = seen(audited, subject, When(size=story.sizes[-1]))
        assert {path: value for path, value in put.items() if value is not None} == {
            path: value for path, value in now.items() if value is not None
        }
    if request.config.getoption("--write-golden") and not GOLDEN.exists():
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_requirement_23_two_replays_of_one_log_give_one_digest(story, audited):
    replay = Replay(audited)
    half, whole = story.size_of("claim_queued.v1"), story.sizes[-1]
    first = digest_at(audited, story.url, replay.moment(When(size=half)))
    assert first.final
    assert {one.name for one in first.models} >= {"my_deals", "protection_intervals", "registration_history"}
    assert {one.name for one in first.aggregates} >= {"registration", "file", "partner", "facts"}
    # Nothing that comes later, no live read model and no order of rows on disk is in it.
    Projector(story.url).catch_up()
    with connect(story.url) as connection:
        connection.execute("UPDATE my_deals_g1.my_deals SET state = 'lapsed'")
        for one in first.models:
            connection.execute(f"DROP SCHEMA {one.name}_at{half} CASCADE")
        connection.execute("DELETE FROM projection.past")
    assert digest_at(audited, story.url, replay.moment(When(size=half))) == first
    later = digest_at(audited, story.url, replay.moment(When(size=whole)))
    assert later.digest != first.digest
    changed = {one.name for one in first.models} - {one.name for one in first.models if one in later.models}
    assert "my_deals" in changed


def test_a_digest_sees_one_byte_of_one_fact(story, audited):
    size = story.sizes[-1]
    before = list(aggregates_at(audited, size, lambda *_: None))
    assert before == list(aggregates_at(audited, size, lambda *_: None))
    said = {one.name: one.digest for one in before}
    earlier = {one.name: one.digest for one in aggregates_at(audited, size - 1, lambda *_: None)}
    assert said["file"] != earlier["file"]
    assert said["partner"] == earlier["partner"]


def test_a_late_fact_changes_what_was_true_and_not_what_was_known(story, audited):
    """R3 was won on 6 April at 13:00 UTC, which was told on the 20th."""
    deal, told_at = Subject(Kind.REGISTRATION, story.ids["R3"]), story.size_of("leg_fulfilled.v1", -1)
    before = When(size=story.size_of("outcome_reported.v1") - 1)
    leg = "claims.relays.legs.dealer.gerda.state"
    on_the_10th = at("2026-04-10T12:00")
    assert seen(audited, deal, before)[leg] == "protected"
    assert seen(audited, deal, When(effective=on_the_10th))[leg] == "fulfilled", "as true then, as known now"
    known_then = When(size=before.size, effective=on_the_10th)
    assert seen(audited, deal, known_then)[leg] == "protected", "as true then, as known then"
    won = at("2026-04-06T13:00")
    assert seen(audited, deal, When(effective=won - STEP))[leg] == "protected"
    assert seen(audited, deal, When(effective=won))[leg] == "fulfilled"
    correction = asks(audited).diff(deal, known_then, When(size=told_at, effective=on_the_10th))
    changed = {one.field: (one.before, one.after, [cause.event for cause in one.because]) for one in correction.changes}
    assert changed[leg] == ("protected", "fulfilled", ["leg_fulfilled.v1"])
    by_effective = asks(audited).diff(deal, When(effective=won - STEP), When(effective=won))
    assert leg in {one.field for one in by_effective.changes}


def test_recorded_instants_and_sizes_say_the_same_and_what_is_final(story, audited):
    replay, deal = Replay(audited), Subject(Kind.REGISTRATION, story.ids["R1"])
    rows = audited.notifications(story.base, 10_000)
    by_save: dict[datetime, int] = {}
    for row in rows:
        by_save[row.recorded_at] = row.position
    for instant, size in list(by_save.items())[-12:]:
        assert seen(audited, deal, When(instant)) == seen(audited, deal, When(size=size))
        assert replay.moment(When(instant)).final
        assert replay.moment(When(instant - STEP)).position < size
    newest = max(by_save)
    for late in (When(newest + STEP), When(at("2199-01-01T00:00")), When(size=by_save[newest] + 1)):
        moment = replay.moment(late)
        assert (moment.position, moment.final) == (by_save[newest], False)
        assert told(insight(audited), deal, late).model_dump()["as_of"]["final"] is False
    assert replay.moment(When(size=by_save[newest])).final
    assert replay.moment(When(size=0)).position == replay.moment(When(at("1901-01-01T00:00"))).position == 0
    assert seen(audited, deal, When(size=0)) == {}
    for wrong in ({"at": newest, "size": 1}, {"size": -1}):
        with pytest.raises(Refused):
            When(**wrong)


def test_between_the_facts_of_one_save_only_a_size_can_stand(story, audited):
    """Filed, completed, entered and approved in one save: one instant, four sizes."""
    entered = story.size_of("claim_entered.v1")
    deal = Subject(Kind.REGISTRATION, story.ids["R1"])
    assert seen(audited, deal, When(size=entered))["state"] == "pending"
    assert seen(audited, deal, When(size=entered + 1))["state"] == "protected"
    instant = audited.notifications(entered - 1, 1)[0].recorded_at
    assert seen(audited, deal, When(instant))["state"] == "protected"
    assert seen(audited, deal, When(instant - STEP)) == {}
    differs = asks(audited).diff(deal, When(size=entered), When(size=entered + 1))
    assert {cause.event for one in differs.changes for cause in one.because} == {"line_approved.v1"}


def test_a_diff_names_the_event_the_actor_the_clause_and_the_reason(story, audited):
    deal = Subject(Kind.REGISTRATION, story.ids["R1"])
    differs = asks(audited).diff(deal, When(size=story.sizes[-2]), When())
    changed = {one.field: one for one in differs.changes}
    leg = changed["claims.drives.legs.dealer.bauer.state"]
    assert (leg.before, leg.after) == ("protected", "withdrawn")
    (cause,) = leg.because
    assert (cause.event, cause.actor_role, cause.reason) == ("leg_withdrawn.v1", "dealer", "The plant was sold.")
    grace = asks(audited).diff(
        deal, When(size=story.size_of("grace_began.v1") - 1), When(size=story.size_of("grace_began.v1"))
    )
    (only,) = [one for one in grace.changes if one.field.endswith("dealer.bauer.grace_to")]
    assert (only.before, [cause.actor for cause in only.because]) == (None, ["clock"])
    assert asks(audited).diff(deal, When(size=story.sizes[-1]), When(size=story.sizes[-1])).changes == ()
    with pytest.raises(Unknown):
        asks(audited).diff(deal, When(size=0), When(size=1))


def test_a_diff_backwards_takes_away_what_it_brought(story, audited):
    deal = Subject(Kind.REGISTRATION, story.ids["R1"])
    there = asks(audited).diff(deal, When(size=story.sizes[-2]), When(size=story.sizes[-1]))
    back = asks(audited).diff(deal, When(size=story.sizes[-1]), When(size=story.sizes[-2]))
    assert {(one.field, one.before, one.after) for one in back.changes} == {
        (one.field, one.after, one.before) for one in there.changes
    }
    assert all(one.because for one in back.changes)
    early, late = When(size=story.size_of("line_approved.v1")), When()
    there, back = asks(audited).diff(deal, early, late), asks(audited).diff(deal, late, early)
    causes = {one.field: [cause.fact for cause in one.because] for one in there.changes}
    assert {one.field: [cause.fact for cause in one.because][::-1] for one in back.changes} == causes
    # From one pair of times to another: what counted then as known then, to all that is known.
    mixed = asks(audited).diff(
        deal, When(size=story.sizes[-1], effective=at("2026-03-10T00:00")), When(size=story.size_of("grace_began.v1"))
    )
    assert {one.field for one in mixed.changes} >= {"claims.drives.legs.dealer.bauer.grace_to"}


def test_what_was_said_ahead_changes_with_no_fact_of_that_day(story, audited):
    """The tier of claus was changed on 2 April from the 10th on."""
    partner = Subject(Kind.PARTNER, "claus")
    ninth, tenth = at("2026-04-09T00:00"), at("2026-04-10T00:00")
    assert seen(audited, partner, When(effective=ninth))["tier"] == "premier"
    assert seen(audited, partner, When(effective=tenth))["tier"] == "elite"
    known = asks(audited).first_known(partner, "tier", "elite")
    assert known.first is not None
    assert known.first.known_from.actor == "dana"


def test_when_it_was_first_known(story, audited):
    past, deal = asks(audited), Subject(Kind.REGISTRATION, story.ids["R1"])
    protected = past.first_known(deal, "state", "protected")
    assert protected.first is not None
    assert protected.first.field in {"state", "claims.drives.state", "claims.drives.legs.dealer.bauer.state"}
    assert protected.first.known_from.event == "line_approved.v1"
    dealer = past.first_known(deal, "legs.dealer.bauer.state", None)
    assert [spell.value for spell in dealer.spells] == ["pending", "protected", "withdrawn"]
    assert [one.known_to.fact if one.known_to else None for one in dealer.spells[:-1]] == [
        one.known_from.fact for one in dealer.spells[1:]
    ]
    assert dealer.spells[-1].known_to is None
    waits = past.first_known(Subject(Kind.REGISTRATION, story.ids["R2"]), "claims.drives.state", "QUEUED")
    assert [spell.value for spell in waits.spells] == ["queued"]
    assert past.first_known(deal, "state", "released").first is None
    with pytest.raises(Unknown, match="never had a field"):
        past.first_known(deal, "weather", None)
    with pytest.raises(Unknown, match="no such customer"):
        past.first_known(Subject(Kind.CUSTOMER, "5b0c1f52-0d3b-5a2e-9d60-0f4ad6a0a001"), "name", None)


def test_everything_that_happened_to_each_kind_of_thing(story, audited):
    replay, auditor = Replay(audited), claims_of(Role.AUDITOR)
    for subject in subjects(story):
        facts = history(replay, auditor, subject, When())
        assert [fact.position for fact in facts] == sorted({fact.position for fact in facts})
        assert all(fact.actor_subject and fact.build for fact in facts)
        some = history(replay, auditor, subject, When(size=facts[-1].position - 1))
        assert some == facts[: len(some)]
        assert len(some) == len(facts) - 1
        assert named(replay, PROGRAM, subject.identity) == subject
    deal = [fact.event for fact in history(replay, auditor, subjects(story)[0], When())]
    assert deal[:4] == ["registration_submitted", "registration_completed", "claim_entered", "line_approved"]
    assert "conflict_ruled" in deal, "the conflicts that it was a party of are its own history"
    of_another = story.ids["R2"]
    assert all(
        fact.registration != fact.stream.__class__(of_another) or fact.event.startswith("conflict")
        for fact in history(replay, auditor, subjects(story)[0], When())
    )


def test_who_may_ask_what_of_the_past(story, audited):
    deal, acme = Subject(Kind.REGISTRATION, story.ids["R1"]), Subject(Kind.CUSTOMER, story.ids["acme"])
    region: dict[str, Any] = {"role": Role.CHANNEL_MANAGER, "region": "FR"}
    for ask in (
        lambda past: past.diff(deal, When(effective=at("2026-03-01T00:00")), When()),
        lambda past: past.first_known(deal, "state", None),
    ):
        with pytest.raises(Unknown):
            ask(asks(audited, **region))
    of_de = asks(audited, Role.CHANNEL_MANAGER, region="DE")
    assert of_de.diff(acme, When(effective=at("2026-03-03T00:00")), When()).changes
    with pytest.raises(NotAllowed, match="size of the log"):
        of_de.diff(acme, When(size=0), When())
    with pytest.raises(NotAllowed):
        insight(audited, Role.CHANNEL_MANAGER, region="DE").partner("claus", None)
    bauer = asks(audited, Role.DEALER, partner="bauer")
    own = bauer.diff(deal, When(effective=at("2026-03-03T00:00")), When())
    changed = {one.field: one for one in own.changes}
    assert (
        changed["legs.drives.dealer.bauer.state"].after == "withdrawn"
        if "legs.drives.dealer.bauer.state" in changed
        else own.changes
    )
    assert all(one.because == () for one in own.changes), "by whom and why is not told to partners"
    with pytest.raises(NotAllowed):
        bauer.diff(acme, When(), When())
    with pytest.raises(NotAllowed):
        bauer.first_known(deal, "state", None)
    with pytest.raises(Unknown):
        asks(audited, Role.DEALER, partner="dorn").diff(deal, When(effective=at("2026-03-03T00:00")), When())


@pytest.mark.parametrize("name", ["R1", "Łódź – 東京", "'; DROP TABLE x --", "no such thing"])
def test_a_name_that_names_nothing_is_answered_in_words(story, audited, name):
    subject = named(Replay(audited), PROGRAM, name)
    assert subject.kind is Kind.PARTNER
    with pytest.raises(Unknown, match="no such partner"):
        told(insight(audited), subject, When())


MERGED = [
    {"at": "2026-03-02 09:00", "as": "R1", "FileRegistration": {"filed_by": "bauer", "customer": "acme", "lines": {"drives": {"distributor": "nordwind", "dealer": "bauer"}}}},
    {"at": "2026-03-09 09:00", "as": "R3", "FileRegistration": {"filed_by": "gerda", "customer": "brandt", "lines": {"relays": {"in": "DE-SOUTH", "distributor": "nordwind", "dealer": "gerda"}}}},
    {"at": "2026-03-20 09:00", "by": "dana", "reason": "One company since the takeover.", "MergeCustomers": {"customer": "acme", "absorbed": "brandt", "reason": "One company since the takeover."}},
]  # fmt: skip


def test_a_customer_that_was_merged_before_and_after(projected_url):
    """Its claims stand in the survivor's file since; the past before the merge is as it was, by every way of asking."""
    story = told_story(projected_url, MERGED)
    with Ledger(projected_url, role="dealreg_auditor") as ledger:
        acme, brandt = (Subject(Kind.CUSTOMER, story.ids[name]) for name in ("acme", "brandt"))
        deal = Subject(Kind.REGISTRATION, story.ids["R3"])
        before, then = When(size=story.size_of("customers_merged.v1") - 1), When(effective=at("2026-03-19T00:00"))

        def claims(subject: Subject, when: When) -> set[str]:
            return {path.split(".")[1] for path in seen(ledger, subject, when) if path.startswith("claims.")}

        for when in (before, then):
            assert (claims(acme, when), claims(brandt, when)) == ({story.ids["R1"]}, {story.ids["R3"]})
            assert seen(ledger, brandt, when)["into"] is None
            assert seen(ledger, deal, when)["state"] == "protected"
        now = When()
        assert claims(acme, now) == {story.ids["R1"], story.ids["R3"]}
        assert seen(ledger, brandt, now)["into"] == story.ids["acme"]
        assert seen(ledger, deal, now)["state"] == "protected"
        known = asks(ledger).first_known(brandt, "into", None)
        assert known.first is not None
        assert (known.first.known_from.event, known.first.known_from.actor) == ("customers_merged.v1", "dana")
        Projector(projected_url, models=["protection_intervals"]).catch_up()
        with Reading(projected_url) as reading:
            found = {}
            for day in ("2026-03-19", "2026-03-21"):
                params = {"from": at(f"{day}T00:00"), "to": at(f"{day}T00:00") + STEP}
                rows = reading.ask("protection_intervals", "protected", desk_reader(PROGRAM), Role.DEAL_DESK, params)
                found[day] = {str(row["customer"]) for row in rows if str(row["registration"]) == story.ids["R3"]}
        assert found == {"2026-03-19": {story.ids["brandt"]}, "2026-03-21": {story.ids["acme"]}}
