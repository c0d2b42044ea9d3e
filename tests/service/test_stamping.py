"""Time stamps over checkpoints: asked for in time, checked on arrival, kept; and those of others that are shipped as vectors."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from dealreg.service.ledger.ledger import Ledger
from dealreg.service.settings import Settings
from dealreg.service.witnessing import sealed
from dealreg.service.witnessing.carrying import once
from dealreg.service.witnessing.sealed import NotCarried
from dealreg.service.witnessing.stamping import BadRoots, Stamping, roots_of, stamped_at, stamping
from tests.fix_ledger import Put, ask
from tests.fix_tsa import Authority

HOUR = timedelta(hours=1)


@pytest.fixture
def run(database_url):
    with Ledger(database_url, role="dealreg_sealer", pool_size=2) as ledger:
        yield ledger.run


@pytest.fixture
def newest(run, toys, sealer):
    """Seals one more fact, or some; the newest checkpoint then."""
    numbers = iter(range(10**6))

    def grow(count=1):
        for _ in range(count):
            toys.decide_batch([ask(Put(shelf="A"), f"r{next(numbers)}")])
        sealer.seal_all()
        found = sealed.newest(run)
        assert found is not None
        return found

    return grow


def errand(run, authority, **more):
    return Stamping(run, authority.url, [authority.root], **{"every": HOUR, "positions": 100, **more})


def tokens(run):
    return run("SELECT size, token, stamped_at FROM seal.tokens ORDER BY size")


def test_the_newest_checkpoint_is_stamped_and_the_stamp_holds(run, newest, authority, tmp_path):
    checkpoint = newest()
    assert once(run, errand(run, authority)) is None
    (row,) = tokens(run)
    assert row["size"] == checkpoint.size
    body = checkpoint.body.encode()
    assert stamped_at(bytes(row["token"]), body, [authority.root]) == row["stamped_at"]
    assert abs(row["stamped_at"] - datetime.now(UTC)) < timedelta(minutes=2)
    if shutil.which("openssl"):  # Another reader than ours takes it too, where there is one.
        for name, content in (("token.tsr", bytes(row["token"])), ("body", body)):
            (tmp_path / name).write_bytes(content)
        words = [
            "openssl",
            "ts",
            "-verify",
            "-in",
            tmp_path / "token.tsr",
            "-data",
            tmp_path / "body",
            "-CAfile",
            authority.pem(tmp_path),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout + done.stderr


def test_it_stamps_by_the_clock_and_by_growth_and_nothing_twice(run, newest, authority):
    now = datetime.now(UTC)
    by_clock = errand(run, authority, now=lambda: now)
    once(run, by_clock)
    assert tokens(run) == [], "there is no checkpoint yet"
    newest()
    once(run, by_clock)
    newest()
    once(run, by_clock)
    assert authority.stamped == 1, "not an hour, not 100 facts"
    later = errand(run, authority, now=lambda: now + HOUR + timedelta(minutes=1))
    authority.late = HOUR
    once(run, later)
    assert authority.stamped == 2
    once(run, errand(run, authority, now=lambda: now + 5 * HOUR))
    assert authority.stamped == 2, "nothing happened since"
    authority.late = timedelta()
    size = newest(2).size
    once(run, errand(run, authority, positions=3))
    assert authority.stamped == 2, "two are not three"
    once(run, errand(run, authority, positions=2))
    assert authority.stamped == 3
    assert tokens(run)[-1]["size"] == size


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"down": True}, "answers 503"),
        ({"refuses": True}, "closed today"),
        ({"other_nonce": True}, "Nonce"),
        ({"other_message": True}, "Mismatch"),
        ({"late": timedelta(minutes=6)}, "its clock says"),
        ({"late": -timedelta(minutes=6)}, "its clock says"),
        ({"root": Authority().root}, "does not hold"),
        ({"url": "http://127.0.0.1:1/"}, "does not answer"),
        ({"garbage": b"\x30\x03\x02\x01\x00"}, "no time stamp"),
        ({"garbage": b""}, "no time stamp"),
        ({"garbage": b"\x30\x84\xff\xff\xff\xff"}, "no time stamp"),
        ({"garbage": b"\x30" * 50_000}, "no time stamp"),
        ({"garbage": b"\x30" * 150_000}, "too long"),
    ],
)
def test_a_stamp_that_does_not_hold_is_not_kept_and_is_said(run, newest, authority, fault, said, monkeypatch):
    newest()
    if "garbage" in fault:
        monkeypatch.setattr(authority, "answer", lambda _: fault["garbage"])
    else:
        (name, value), *_ = fault.items()
        setattr(authority, name, value)
    assert said in (once(run, errand(run, authority)) or "nothing")
    assert tokens(run) == []
    (row,) = run("SELECT trouble FROM seal.carried")
    assert said in row["trouble"]


def test_no_bit_of_what_is_signed_can_be_changed(authority):
    """As audit.md measured: a few bits outside of the signed content may be flipped, and the time stays the same."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    body = b"log.example\n1\nabc\n"
    request = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=False).build()
    token = authority.answer(request.as_bytes())
    said, refused = stamped_at(token, body, [authority.root]), 0
    for at in range(len(token)):
        spoiled = token[:at] + bytes([token[at] ^ 1 << at % 8]) + token[at + 1 :]
        try:
            assert stamped_at(spoiled, body, [authority.root]) == said
        except NotCarried:
            refused += 1
    assert refused > 0.95 * len(token)
    with pytest.raises(NotCarried, match="Mismatch"):
        stamped_at(token, body + b"\n", [authority.root])


@pytest.mark.parametrize(
    ("roots", "said"), [(None, "needs TSA_ROOTS"), ("nowhere.pem", "needs TSA_ROOTS"), ("no.pem", "no certificates")]
)
def test_an_authority_without_roots_to_judge_it_by_is_refused_at_the_start(run, roots, said, tmp_path):
    (tmp_path / "no.pem").write_text("no pem")
    file = tmp_path / roots if roots else None
    with pytest.raises(BadRoots, match=said):
        stamping(Settings(TSA_URL="https://tsa.example", TSA_ROOTS=file, DEALREG_DATA=tmp_path), run)
    assert stamping(Settings(TSA_ROOTS=file, DEALREG_DATA=tmp_path), run) == []


def test_the_roots_of_a_file_are_read(authority, tmp_path):
    assert roots_of(authority.pem(tmp_path)) == [authority.root]


VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "tsa"


def test_the_official_token_of_openssl_holds():
    roots = x509.load_pem_x509_certificates((VECTORS / "root.pem").read_bytes())
    token, body = (VECTORS / "token.tsr").read_bytes(), (VECTORS / "checkpoint.txt").read_bytes()
    assert stamped_at(token, body, roots).year >= 2026
    with pytest.raises(NotCarried):
        stamped_at(token, body.replace(b"1033344", b"1033345"), roots)
