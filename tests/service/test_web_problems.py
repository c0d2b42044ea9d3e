"""Whatever goes wrong is told as problem details that say what to do next (RFC 9457)."""

import time
from concurrent.futures import ThreadPoolExecutor

import structlog

from dealreg.service.ledger.outcomes import Busy
from dealreg.service.tokens import AUDIENCE, OWN_ISSUER
from dealreg.web.problems import KINDS, Problem
from tests.fix_web import Caller, claim


def _problem(done, status, kind):
    assert (done.status_code, done.headers["content-type"]) == (status, "application/problem+json"), done.text
    told = Problem.model_validate(done.json())
    assert (told.status, told.type, told.title) == (status, f"urn:dealreg:problem:{kind}", KINDS[kind][1])
    assert told.detail
    assert done.headers["x-request-id"]
    return told


def test_tokens_that_prove_nothing(bare):
    import jwt

    from dealreg.service.token_key import read

    key = read(bare.settings.token_key_file)
    now = int(time.time())
    said = {
        "iss": OWN_ISSUER, "aud": AUDIENCE, "sub": "u", "role": "deal_desk", "program": "reference", "iat": now, "exp": now + 60,
    }  # fmt: skip

    def signed(**changes):
        return jwt.encode({**said, **changes}, key.signing(), algorithm=key.algorithm)

    assert Caller(bare.client, signed()).get("/conflicts/x").status_code == 422
    forged = bare["desk"].token[:-6] + "AAAAAA"
    for token in (
        "",
        "x",
        forged,
        signed(exp=1),
        signed(role="root"),
        signed(aud="x"),
        jwt.encode(said, "", algorithm="none"),
    ):
        for done in (Caller(bare.client, token).get("/conflicts/x"), Caller(bare.client, token).post("/rulebooks", {})):
            told = _problem(done, 401, "token")
            assert "token" in told.detail


def test_malformed_fields_are_named_without_their_values(bare):
    body = claim("ALPHA", None, value={"amount": "much money", "currency": "euro"}, surprise="secret")
    told = _problem(bare["alpha"].post("/registrations", body), 422, "malformed")
    assert [fault.field for fault in told.faults or []] == ["body.value.amount", "body.value.currency", "body.surprise"]
    assert "much money" not in told.model_dump_json()
    assert "secret" not in told.model_dump_json()


def test_what_could_not_be_stored_stops_at_the_door(bare):
    for text in ("a\x00b", "x" * 5000):
        body = claim("ALPHA", None)
        body["customer"]["name"] = text
        told = _problem(bare["alpha"].post("/registrations", body), 422, "malformed")
        assert [fault.field for fault in told.faults or []] == ["body.customer.name"]


def test_a_body_that_is_not_json_or_too_long_or_missing(bare):
    headers = {"Authorization": f"Bearer {bare['alpha'].token}", "Idempotency-Key": "k"}
    told = _problem(bare.client.post("/registrations", content=b"{}", headers=headers), 422, "malformed")
    assert "Content-Type: application/json" in told.detail
    headers["Content-Type"] = "application/json"
    for content in (b"{", b"\xff", b"["):
        _problem(bare.client.post("/registrations", content=content, headers=headers), 400, "not-json")
    long = b'{"x": "' + b"y" * 1_000_001 + b'"}'
    _problem(bare.client.post("/registrations", content=long, headers=headers), 413, "too-long")
    _problem(bare.client.post("/registrations", headers=headers), 422, "malformed")
    _problem(bare.client.post("/registrations", content=b"[1]", headers=headers), 422, "malformed")


def test_what_does_not_exist_or_cannot_be_done(bare):
    _problem(bare.client.get("/nothing"), 404, "unknown")
    _problem(bare.client.delete("/registrations"), 405, "method")
    _problem(bare["desk"].get("/conflicts/not-a-uuid"), 422, "malformed")
    _problem(bare["alpha"].get("/customers/6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11/file"), 403, "not-allowed")
    _problem(bare["crm"].get("/registrations/6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11"), 403, "not-allowed")


def test_a_refusal_names_its_clause(seeded):
    body = claim("ALPHA", None)
    body["lines"][0]["line"] = "aeroplanes"
    told = _problem(seeded["alpha"].post("/registrations", body), 422, "refused")
    assert told.clause == "ROE-1"
    assert "aeroplanes" in told.detail


def test_too_much_at_once_is_sent_away_with_when_to_come_back(bare, monkeypatch):
    def full(*_args):
        raise Busy("1000 commands are waiting", retry_after=3)

    monkeypatch.setattr(bare.house.dispatcher, "submit", full)
    done = bare["alpha"].post("/registrations", claim("ALPHA", None))
    _problem(done, 503, "busy")
    assert done.headers["retry-after"] == "3"


def test_our_own_mistake_is_told_without_its_inside(bare, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(bare.house.dispatcher, "submit", broken)
    with structlog.testing.capture_logs() as lines:
        done = bare["alpha"].post("/registrations", claim("ALPHA", None))
    told = _problem(done, 500, "bug")
    assert [line["event"] for line in lines] == ["request_broke", "request_answered"]
    assert "secret" not in told.model_dump_json()


def test_a_database_that_is_gone_is_503_and_the_same_request_is_answered_once_it_is_back(seeded, servers):
    conflict = "/conflicts/6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11"
    asks = [
        lambda: seeded["alpha"].post("/registrations", claim("ALPHA", None), key="once"),
        lambda: seeded["desk"].get(conflict),
        lambda: seeded["desk"].get(conflict, as_of="2026-01-01T00:00:00Z"),
        lambda: seeded["alpha"].get("/deals"),
        lambda: seeded.client.get("/health/ready"),
        lambda: seeded.client.get("/metrics"),
    ]
    servers.postgres.kill()
    try:
        with ThreadPoolExecutor(len(asks)) as pool:
            *gone, ready, metrics = pool.map(lambda ask: ask(), asks)
        assert seeded.client.get("/health/live").status_code == 200
    finally:
        servers.postgres.start()
    for done in gone:
        told = _problem(done, 503, "unavailable")
        assert done.headers["retry-after"] == "1"
        assert "same Idempotency-Key" in told.detail
    assert (ready.status_code, list(ready.json()["problems"])) == (503, ["database"])
    assert "dealreg_ready 0.0" in metrics.text
    for _ in range(50):
        done = seeded["alpha"].post("/registrations", claim("ALPHA", None), key="once")
        if done.status_code != 503:
            break
        time.sleep(0.2)
    assert done.status_code == 201, done.text
