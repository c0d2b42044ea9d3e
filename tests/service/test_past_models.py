"""Whole read models of the past: built in a schema of their own, for auditors, kept an hour, compared row by row (D18)."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dealreg.service.past.models import Models
from dealreg.service.past.moment import When
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.errors import UnknownQuestion
from dealreg.service.projecting.past import build_past, drop_expired
from dealreg.service.projecting.projector import Projector
from dealreg.service.replay import Replay
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import desk_reader
from dealreg.vocabulary.refused import NotAllowed
from tests.fix_past import PROGRAM, claims_of


@pytest.fixture
def models(story) -> Models:
    return Models(story.url, claims_of(Role.AUDITOR))


def test_what_is_built_up_to_the_newest_fact_is_what_is_live(story, audited):
    Projector(story.url).catch_up()
    for name in ("protected_customers", "protection_intervals", "registration_history"):
        built = build_past(story.url, name, story.sizes[-1])
        with connect(story.url) as connection:
            for one in built.tables:
                live = connection.execute(f"SELECT count(*) FROM {name}_g1.{one.table}").fetchone()
                assert live == (one.rows,), one.table
                differs = connection.execute(
                    f"(TABLE {name}_g1.{one.table} EXCEPT ALL TABLE {built.schema}.{one.table}) UNION ALL"
                    f" (TABLE {built.schema}.{one.table} EXCEPT ALL TABLE {name}_g1.{one.table})"
                ).fetchall()
                assert differs == [], one.table


def test_a_model_as_of_a_size_is_what_it_said_then(story, audited, models):
    """What stood live when the log had that size, kept, and what is built of it later."""
    Projector(story.url).catch_up()
    moment = Replay(audited).moment(When(size=story.size_of("claim_queued.v1")))
    (queued,) = {
        row["state"]
        for row in models.rows("protected_customers", moment, "protected_customers")
        if row["filed_by"] == "dorn"
    }
    assert queued == "queued"
    told = models.at("protected_customers", moment)
    assert (told.at_size, told.final) == (moment.position, True)
    assert told == models.at("protected_customers", moment).model_copy(update={"kept_to": told.kept_to})
    with pytest.raises(UnknownQuestion, match="has no table"):
        list(models.rows("protected_customers", moment, "legs"))
    for name in ("their_deals", "dead_letters"):
        with pytest.raises(UnknownQuestion, match="has a past"):
            models.at(name, moment)
    with pytest.raises(UnknownQuestion, match="facts"):
        build_past(story.url, "my_deals", story.sizes[-1] + 1000)


def test_two_pasts_of_a_model_differ_row_by_row(story, audited, models):
    replay = Replay(audited)
    before, after = (
        replay.moment(When(size=size)) for size in (story.size_of("leg_fulfilled.v1") - 1, story.sizes[-1])
    )
    desk = str(desk_reader(PROGRAM))
    own = [
        one for one in models.diff("protected_customers", before, after)
        if one.table == "protected_customers" and one.key["reader"] == desk and one.key["registration"] == story.ids["R3"]
    ]  # fmt: skip
    assert {one.key["tier"] for one in own} == {"dealer", "distributor"}
    states = [(part.before, part.after) for one in own for part in one.fields if part.field == "state"]
    assert states == [("protected", "fulfilled")] * 2
    assert list(models.diff("protected_customers", after, after)) == []
    came = list(models.diff("my_deals", replay.moment(When(size=0)), before))
    assert {one.change for one in came} == {"came"}
    went = list(models.diff("my_deals", before, replay.moment(When(size=0))))
    assert ({one.change for one in went}, len(went)) == ({"went"}, len(came))


def test_only_auditors_ask_and_only_their_role_reads(story, audited, models):
    for role, more in (
        (Role.DEAL_DESK, {}),
        (Role.CHANNEL_MANAGER, {"region": "DE"}),
        (Role.DEALER, {"partner": "bauer"}),
    ):
        with pytest.raises(NotAllowed):
            Models(story.url, claims_of(role, **more))
    built = build_past(story.url, "protected_customers", story.sizes[-1])
    with connect(story.url, "dealreg_auditor") as connection:
        rows = connection.execute(f"SELECT count(DISTINCT reader) FROM {built.schema}.protected_customers").fetchone()
        assert rows is not None
        assert rows[0] > 2, "every reader's rows"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"DELETE FROM {built.schema}.protected_customers")
    for role_name in ("dealreg_reader", "dealreg_app", "dealreg_sealer"):
        with connect(story.url, role_name) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT 1 FROM {built.schema}.protected_customers")


def test_it_is_kept_an_hour_after_it_was_last_asked_for(story, audited):
    built = build_past(story.url, "my_deals", story.sizes[-1])
    now = datetime.now(UTC)
    assert now + timedelta(minutes=50) < built.kept_to < now + timedelta(minutes=70)
    with connect(story.url) as connection:
        connection.execute("UPDATE projection.past SET asked_at = now() - interval '59 minutes'")
        assert drop_expired(connection) == []
        connection.execute("UPDATE projection.past SET asked_at = now() - interval '61 minutes'")
    Projector(story.url).catch_up()
    with connect(story.url) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [built.schema]).fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM projection.past").fetchone() == (0,)


def test_a_build_that_was_cut_off_is_not_taken_for_whole(story, audited):
    whole = build_past(story.url, "my_deals", story.sizes[-1])
    with connect(story.url) as connection:
        connection.execute("UPDATE projection.past SET digest = ''")
        connection.execute(f"DELETE FROM {whole.schema}.my_deals")
    again = build_past(story.url, "my_deals", story.sizes[-1])
    assert (again.digest, again.tables) == (whole.digest, whole.tables)
