"""A witness, an authority or a broker that does not take checkpoints is seen: figures, sentences, alerts; without holding up anybody."""

import threading
import time
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dealreg.proof.note import vkey
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.witnessing.announcing import Announcing, provision_checkpoints, subject
from dealreg.service.witnessing.asking import Asking
from dealreg.service.witnessing.carrying import Carrier, Errand, once
from dealreg.service.witnessing.keyring import witnesses
from dealreg.service.witnessing.outside import Taker
from dealreg.service.witnessing.stamping import Stamping
from tests.fix_web import claim


@pytest.fixture
def run(database_url):
    with Ledger(database_url, role="dealreg_sealer", pool_size=4) as ledger:
        yield ledger.run


def figures(world):
    """Of each figure of the outside: its value, by taker where it has one."""
    found = {}
    for family in text_string_to_metric_families(world.client.get("/metrics").text):
        for sample in family.samples:
            if sample.name.startswith("dealreg_outside_"):
                found[sample.name.removeprefix("dealreg_outside_"), sample.labels.get("taker", "")] = sample.value
    return found


def worries(world):
    return {who: said for who, said in world.client.get("/health/ready").json()["worries"].items() if " " in who}


def test_a_taker_that_is_away_is_seen_and_one_that_is_there_is_not(
    seeded, sealer, signer, run, start_witness, nats_url, stream_prefix, authority
):
    away, there = (start_witness(vkey(signer), name=name) for name in ("away", "there"))
    provision_checkpoints(nats_url, stream_prefix)
    asked = [Asking(run, one) for one in witnesses(f"{away.named} {there.named}")]
    errands: list[Errand] = [
        *asked,
        Announcing(run, nats_url, stream_prefix),
        Stamping(run, authority.url, [authority.root], every=timedelta(hours=1), positions=10**6),
    ]
    sealer.seal_all()
    assert figures(seeded)["waiting_seconds", ""] == 0, "nobody was asked yet"
    assert [once(run, errand) for errand in errands] == [None] * 4
    known = figures(seeded)
    assert known["waiting_seconds", ""] == known["refused_takers", ""] == 0
    assert {taker for name, taker in known if name == "behind"} == {
        away.key.name,
        there.key.name,
        subject(stream_prefix),
        authority.url,
    }
    away.kill()
    seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    before = sealer.own.size
    size = sealer.seal_all().size
    for errand in errands:
        once(run, errand)
    known = figures(seeded)
    assert known["behind", away.key.name] == size - before > 0
    assert known["behind", there.key.name] == known["behind", subject(stream_prefix)] == 0
    assert known["behind", authority.url] == size - before, "it stamps now and then only"
    assert known["refused_takers", ""] == 1
    assert known["waiting_seconds", ""] == pytest.approx(known["seconds", away.key.name], abs=5)
    assert list(worries(seeded)) == [f"witness {away.key.name}"]
    assert "does not answer" in worries(seeded)[f"witness {away.key.name}"]
    assert seeded.client.get("/health/ready").status_code == 200


def test_whoever_is_asked_no_more_is_watched_no_more(seeded, sealer, signer, run, start_witness, settings):
    gone, stays = (start_witness(vkey(signer), name=name) for name in ("gone", "stays"))
    named = [Asking(run, one) for one in witnesses(f"{gone.named} {stays.named}")]
    sealer.seal_all()
    for errand in named:
        once(run, errand)
    gone.kill()
    stop = threading.Event()
    carrier = Carrier(settings.database_url("sealer"), run, lambda: named[1:])
    thread = threading.Thread(target=carrier.run, args=(stop,))
    thread.start()
    try:
        until = time.monotonic() + 60
        while ("behind", gone.key.name) in figures(seeded):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert ("behind", stays.key.name) in figures(seeded)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("taker", "said"),
    [
        (Taker("witness", "w", 0, 10**6, None), None),
        (Taker("witness", "w", 5, 299, None), None),
        (Taker("witness", "w", 5, 301, None), "start `dealreg publish`"),
        (Taker("stamp", "w", 5, 10**6, None), None),
        (Taker("stamp", "w", 0, 5, "it says no"), "it says no"),
        (Taker("broker", "w", 1, 301, None), "lacks the newest"),
    ],
)
def test_what_a_person_is_told(taker, said):
    assert (said is None) == (taker.worry() is None)
    assert (said or "") in (taker.worry() or "")
