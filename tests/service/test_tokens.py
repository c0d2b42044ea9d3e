"""Bearer tokens: only what is signed by a known key, for us, in time, and complete, says who somebody is."""

import base64
import hashlib
import hmac
import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealreg.service.issuer import Issuer, IssuerUnreachable
from dealreg.service.settings import Settings
from dealreg.service.token_key import BadKey, TokenKey, read, read_or_make
from dealreg.service.tokens import AUDIENCE, OWN_ISSUER, BadToken, Verifier, mint, verifier
from dealreg.vocabulary.fact import Actor, Role
from dealreg.vocabulary.ids import PartnerId, desk_reader, partner_reader, region_reader

DEALER = Actor(role=Role.DEALER, subject="u-17", partner=PartnerId("D1"))
MANAGER = Actor(role=Role.CHANNEL_MANAGER, subject="u-18", region="EMEA")
DESK = Actor(role=Role.DEAL_DESK, subject="u-19")


@pytest.fixture
def key(tmp_path) -> TokenKey:
    return read_or_make(tmp_path / "keys" / "token")


def _claims(**changes):
    now = int(time.time())
    said = {
        "iss": OWN_ISSUER, "aud": AUDIENCE, "sub": "u-17", "role": "dealer", "partner": "D1", "program": "p",
        "iat": now, "exp": now + 60,
    }  # fmt: skip
    return {name: value for name, value in {**said, **changes}.items() if value is not ...}


def _signed(key: TokenKey, **changes) -> str:
    return jwt.encode(_claims(**changes), key.signing(), algorithm=key.algorithm)


@pytest.mark.parametrize("actor", [DEALER, MANAGER, DESK], ids=lambda actor: actor.role)
def test_a_minted_token_says_who_carries_it(key, actor):
    claims = Verifier(key).verify(mint(key, actor, "reference", seconds=60))
    assert (claims.actor, claims.program) == (actor, "reference")


def test_a_bearer_reads_as_its_partner_its_region_or_the_desk(key):
    check = Verifier(key).verify
    assert check(mint(key, DEALER, "p", seconds=60)).reader == partner_reader("p", "D1")
    assert check(mint(key, MANAGER, "p", seconds=60)).reader == region_reader("p", "EMEA")
    assert check(mint(key, DESK, "p", seconds=60)).reader == desk_reader("p")
    assert check(mint(key, Actor(role=Role.CRM, subject="s"), "p", seconds=60)).reader is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_000_000_000}, {"iat": 4_000_000_000}, {"aud": "another"}, {"iss": "another"}, {"iss": ...},
        {"exp": ...}, {"iat": ...}, {"sub": ...}, {"aud": ...}, {"role": ...}, {"program": ...}, {"role": "root"},
        {"role": "clock", "partner": ...}, {"partner": ...}, {"role": "deal_desk"}, {"region": "EMEA"},
        {"role": "channel_manager", "partner": ...}, {"role": "channel_manager", "region": "EMEA"},
        {"partner": "a\x00b"}, {"partner": ["D1", "D2"]}, {"sub": ""}, {"program": "p q"}, {"exp": "never"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_with_wrong_or_missing_claims_is_refused(key, changes):
    Verifier(key).verify(_signed(key))
    with pytest.raises(BadToken):
        Verifier(key).verify(_signed(key, **changes))


def test_a_token_of_another_key_is_refused(key, tmp_path):
    with pytest.raises(BadToken):
        Verifier(key).verify(_signed(read_or_make(tmp_path / "another")))


def test_an_unsigned_token_is_refused(key):
    with pytest.raises(BadToken):
        Verifier(key).verify(jwt.encode(_claims(), "", algorithm="none"))


def test_the_public_key_is_not_taken_for_a_shared_secret(key):
    """The classic confusion: HS256 with the text of the public key, which everybody may know."""
    public = key.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(_claims()).encode()).rstrip(b"=")
    mark = base64.urlsafe_b64encode(hmac.new(public, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
    with pytest.raises(BadToken):
        Verifier(key).verify((head + b"." + body + b"." + mark).decode())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_changed_token_is_refused(key, data):
    """Any one character of it; the last of a part may hold bits that decode to the same bytes, so those are left."""
    token = mint(key, DEALER, "p", seconds=60)
    places = [n for n, c in enumerate(token) if c != "." and n + 1 < len(token) and token[n + 1] != "."]
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([c for c in "abcXYZ019-_" if c != token[at]]))
    with pytest.raises(BadToken):
        Verifier(key).verify(token[:at] + other + token[at + 1 :])


@given(text=st.text(max_size=60))
def test_what_is_no_token_is_refused(text):
    with pytest.raises(BadToken):
        Verifier(TokenKey("HS256", b"x" * 32, b"x" * 32)).verify(text)


def test_a_key_that_is_not_there_is_made_for_its_owner_alone_and_kept(tmp_path):
    path = tmp_path / "keys" / "token"
    made = read_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Verifier(read_or_make(path)).verify(_signed(made)).partner == "D1"
    assert [one.name for one in path.parent.iterdir()] == ["token"]


def test_processes_that_make_the_key_at_one_moment_get_the_same(tmp_path):
    path = tmp_path / "keys" / "token"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: read_or_make(path), range(24)))
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    assert len({made.public.public_bytes(*raw) for made in keys}) == 1


def test_a_shared_secret_and_a_public_key_are_taken(tmp_path):
    secret, public = tmp_path / "secret", tmp_path / "public"
    secret.write_bytes(b"s" * 40 + b"\n")
    assert Verifier(read(secret)).verify(mint(read(secret), DEALER, "p", seconds=60)).partner == "D1"
    private = ed25519.Ed25519PrivateKey.generate()
    public.write_bytes(
        private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert Verifier(read(public)).verify(jwt.encode(_claims(), private, algorithm="EdDSA")).partner == "D1"
    with pytest.raises(BadKey, match="public key"):
        mint(read(public), DEALER, "p", seconds=60)


def test_a_weak_or_foreign_key_file_is_refused(tmp_path):
    path = tmp_path / "token"
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for text in (b"short", b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", rsa_key):
        path.write_bytes(text)
        with pytest.raises(BadKey):
            read(path)


@pytest.mark.parametrize("seconds", [0, -1, 32 * 24 * 3600])
def test_a_token_that_counts_for_ever_is_not_minted(key, seconds):
    with pytest.raises(ValueError, match="seconds"):
        mint(key, DEALER, "p", seconds=seconds)


@pytest.fixture
def issuer_keys():
    """An issuer on this machine: its discovery document and its keys, which a test may change."""
    served: dict[str, object] = {}

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            found = served.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    url = f"http://127.0.0.1:{server.server_port}"
    served["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield url, served
    server.shutdown()
    thread.join()
    server.server_close()


def _jwks(**keys):
    return {
        "keys": [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key())), "kid": kid, "use": "sig"}
            for kid, private in keys.items()
        ]
    }


def _issued(url, private, kid, **changes):
    return jwt.encode(_claims(iss=url, **changes), private, algorithm="RS256", headers={"kid": kid})


def test_tokens_of_an_oidc_issuer_are_checked_with_its_keys(issuer_keys, key):
    url, served = issuer_keys
    first, second = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    served["/keys"] = _jwks(one=first)
    check = Verifier(key, Issuer(url, asked_again=0)).verify
    assert check(_issued(url, first, "one")).partner == "D1"
    assert check(_signed(key)).partner == "D1", "the own key still counts"
    for forged in (_issued(url, second, "one"), _issued(url, first, "one", exp=1), _signed(key, iss=url)):
        with pytest.raises(BadToken):
            check(forged)
    served["/keys"] = _jwks(one=first, two=second)
    assert check(_issued(url, second, "two")).partner == "D1", "a new key of the issuer is asked for"


def test_an_issuer_whose_document_speaks_for_another_is_not_believed(issuer_keys):
    url, served = issuer_keys
    served["/.well-known/openid-configuration"] = {"issuer": "https://another", "jwks_uri": f"{url}/keys"}
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    served["/keys"] = _jwks(one=private)
    with pytest.raises(IssuerUnreachable, match="speaks for"):
        Verifier(None, Issuer(url)).verify(_issued(url, private, "one"))


def test_an_issuer_that_does_not_answer_says_nothing_about_the_token():
    url = "http://127.0.0.1:1"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for issuer in (Issuer(url), Issuer(url, f"{url}/keys")):
        with pytest.raises(IssuerUnreachable):
            Verifier(None, issuer).verify(_issued(url, private, "one"))


def test_with_an_issuer_no_key_is_made_and_own_tokens_do_not_count(tmp_path, key):
    configured = Settings(DEALREG_DATA=tmp_path / "empty", OIDC_ISSUER="https://issuer.example")
    with pytest.raises(BadToken, match="nobody known"):
        verifier(configured).verify(_signed(key))
    assert not configured.token_key_file.exists()
    assert verifier(Settings(DEALREG_DATA=tmp_path / "other")).key is not None
