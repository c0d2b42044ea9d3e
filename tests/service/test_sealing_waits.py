"""Seal before acknowledgement: who waits, for how long, and what is said when there is nobody to wait for."""

import threading
import time

import psycopg
import pytest

from dealreg.service.sealing.settings import AT_ONCE
from dealreg.service.sealing.waiting import Seals
from dealreg.service.settings import Settings
from tests.fix_ledger import Put, ask
from tests.fix_web import PROGRAM, claim

PATIENT = 40.0
"""Longer than anything here takes on a busy machine: who waited so long waited for nothing."""

FIGHT = frozenset(AT_ONCE.split(","))


@pytest.fixture
def settings(database_url, tmp_path):
    """The app as it is shipped, but with more patience."""
    return Settings(
        DEALREG_DATA=tmp_path / "dealreg", DATABASE_URL=database_url, PROGRAM=PROGRAM, SEAL_WAIT_SECONDS=PATIENT
    )


@pytest.fixture
def seals(database_url):
    """What a process hears of the seal; it waits three seconds."""
    listening = Seals(database_url, 3.0)
    yield listening
    listening.close()


def quick(world, call):
    """The answer of a call that waits for nothing in vain."""
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < PATIENT / 2
    assert world.house.acknowledging.seals._given_up_for is None, "somebody waited in vain"
    return answer


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come about")


def test_what_another_server_may_lack_is_not_called_sealed(servers, sealing, seeded, seals):
    sealing(seconds=0.2, at_once=FIGHT)
    until(lambda: seals.covers(1))
    servers.postgres.kill()
    until(lambda: not seals.covers(1))
    servers.postgres.start()
    until(lambda: seals.covers(1))


def test_a_registration_is_sealed_before_it_is_answered(seeded, sealing):
    role = sealing(seconds=3600, at_once=FIGHT)
    until(lambda: seeded.house.ledger.run("SELECT 1 FROM seal.standing"))
    done = quick(seeded, lambda: seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH")))
    assert (done.status_code, done.headers["Dealreg-Sealed"]) == (201, "true")
    assert "sealed" not in done.json()
    sealed = seeded.house.ledger.run("SELECT max(size) AS size FROM seal.checkpoints")[0]["size"]
    last = seeded.house.ledger.run(
        "SELECT max(position) AS last FROM ledger.events WHERE topic = 'registration_submitted.v1'"
    )
    assert sealed >= last[0]["last"] > 0
    role.stop()


def test_what_nobody_fights_over_is_answered_at_once_and_sealed_soon(seeded, sealing):
    sealing(seconds=3600, at_once=FIGHT)
    until(lambda: seeded.house.ledger.run("SELECT 1 FROM seal.standing"))
    seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    done = quick(seeded, lambda: seeded["desk"].post("/partners/ALPHA/tier", {"tier": "premier"}))
    assert (done.status_code, done.headers["Dealreg-Sealed"]) == (200, "false")
    assert "sealed" not in done.json()


def test_where_no_sealer_ever_was_nobody_waits_and_it_is_said(seeded):
    done = quick(seeded, lambda: seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH")))
    assert (done.status_code, done.headers["Dealreg-Sealed"], done.json()["sealed"]) == (202, "false", False)
    assert "Location" in done.headers


def test_a_repeat_is_answered_the_same_and_is_sealed_when_the_sealer_is_back(seeded, sealing):
    body = claim("ALPHA", "NORTH")
    first = seeded["alpha"].post("/registrations", body, key="k")
    again = quick(seeded, lambda: seeded["alpha"].post("/registrations", body, key="k"))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    sealing(at_once=FIGHT)
    until(lambda: seeded["alpha"].post("/registrations", body, key="k").status_code == 201)
    sealed = seeded["alpha"].post("/registrations", body, key="k")
    assert sealed.headers["Dealreg-Sealed"] == "true"
    assert sealed.headers["Idempotent-Replayed"] == "true"
    assert {**sealed.json(), "sealed": False} == first.json()


def test_nobody_waits_for_a_sealer_that_halted(seeded, sealing, superuser):
    role = sealing(at_once=FIGHT)
    until(lambda: seeded.house.ledger.run("SELECT 1 FROM seal.checkpoints"))
    superuser.run("DELETE FROM ledger.events WHERE position = 2")
    role.join()
    assert role.failed is not None
    done = quick(seeded, lambda: seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH")))
    assert (done.status_code, done.json()["sealed"]) == (202, False)


def test_nobody_waits_for_a_sealer_that_was_not_heard_of(sealer, superuser, request):
    sealer.seal_all()
    sealer.close()
    superuser.run("UPDATE seal.standing SET beat_at = beat_at - interval '1 minute'")
    seeded = request.getfixturevalue("seeded")
    done = quick(seeded, lambda: seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH")))
    assert (done.status_code, done.json()["sealed"]) == (202, False)


def test_who_waited_in_vain_waited_for_all(seals, sealer, toys):
    """A sealer that lives and does not seal costs one wait, not one each; a checkpoint that covers it ends that."""
    sealer.beat()
    put = ask(Put(shelf="a"), "one")
    position = toys.decide_batch([put])[0].seen
    began = time.monotonic()
    assert not seals.wait(position)
    assert time.monotonic() - began >= 2.5
    again = time.monotonic()
    assert not any(seals.wait(position) for _ in range(20))
    assert time.monotonic() - again < 2.5
    sealer.beat()
    time.sleep(0.2)
    assert not seals.wait(position), "a beat is no newer checkpoint"
    sealer.seal_all()
    until(lambda: seals.covers(position))
    assert seals.wait(position)
    found = []
    waiting = threading.Thread(target=lambda: found.append(seals.wait(position + 1)))
    waiting.start()
    toys.decide_batch([ask(Put(shelf="a"), "two")])
    sealer.seal_all()
    waiting.join()
    assert found == [True], "after a newer checkpoint it is worth waiting again"


def test_a_halt_is_heard_by_those_who_would_wait(seals, sealer, toys):
    sealer.seal_all()
    assert seals.covers(sealer.own.size)
    sealer.halt("the fact at position 3 is not what was sealed")
    until(lambda: seals._halted)
    assert not seals.wait(toys.decide_batch([ask(Put(shelf="a"), "one")])[0].seen)
    assert seals._given_up_for is None, "nobody waited in vain"


def test_all_who_wait_share_one_listener(sealer, toys, database_url):
    seals = Seals(database_url, PATIENT)
    sealer.beat()
    position = toys.decide_batch([ask(Put(shelf="a"), "one")])[0].seen
    found = []
    waiting = [threading.Thread(target=lambda: found.append(seals.wait(position))) for _ in range(16)]
    for one in waiting:
        one.start()
    with psycopg.connect(database_url, autocommit=True) as connection:
        listening = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND query LIKE '%FROM seal.standing ORDER BY beat_at%'"
        )
        until(lambda: connection.execute(listening).fetchone() != (0,))
        found_listening = connection.execute(listening).fetchone()
    sealer.seal_all()
    for one in waiting:
        one.join()
    assert found == [True] * 16
    seals.close()
    assert found_listening == (1,)


def test_a_listener_whose_server_went_away_listens_again(seals, sealer, toys, servers):
    sealer.seal_all()
    assert seals.covers(sealer.own.size)
    sealer.close()
    servers.postgres.kill()
    servers.postgres.start()
    sealer.open()
    toys.ledger.clock()
    position = toys.decide_batch([ask(Put(shelf="a"), "one")])[0].seen
    sealer.seal_all()
    until(lambda: seals.covers(position))


def test_openapi_says_what_is_not_sealed_yet(bare):
    operation = bare.client.get("/openapi.json").json()["paths"]["/registrations"]["post"]
    assert operation["responses"]["202"]["content"]["application/json"]["schema"]["required"] == ["sealed"]
    assert "Dealreg-Sealed" in operation["responses"]["201"]["headers"]
