"""Whose signature it is: each source's own scheme, by known answers where a vendor published some, and every way to be wrong."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from pydantic import ValidationError
from standardwebhooks import Webhook as Signer

from dealreg.service.webhooks.hubspot import decoded
from dealreg.service.webhooks.posted import Forged, Posted
from dealreg.service.webhooks.schemes import SCHEMES, NoSecret, check
from dealreg.service.webhooks.settings import SchemeName, Webhook

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = b'[{"objectId": 1246965}]'
SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()
URL = "https://deals.example/webhooks/hubspot"


def hubspot(body=BODY, secret="app secret", at=NOON, url=URL):
    instant = str(int(at.timestamp() * 1000))
    text = f"POST{url}".encode() + body + instant.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": instant}


def standard(body=BODY, secret=SECRET, at=NOON, **more):
    signature = Signer(secret).sign("msg_1", at, body.decode())
    instant = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": instant, "webhook-signature": signature, **more}


def key_and_certificate(until=NOON + timedelta(days=30)):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Microsoft Corporation")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=30))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(serialization.Encoding.PEM).decode()


KEY, CERTIFICATE = key_and_certificate()


def partner_center(body=BODY, key=KEY, header="authorization"):
    signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    return {
        header: f"Signature {signature}",
        "x-ms-signature-algorithm": "rsa-sha256",
        "x-ms-certificate-url": "https://3psostorageacct.blob.core.windows.net/cert/pc.cer",
    }


HUBSPOT = Webhook(scheme=SchemeName.HUBSPOT, secret="NEW", previous="OLD", url=URL)
STANDARD = Webhook(scheme=SchemeName.STANDARD, secret="NEW", previous="OLD")
DATAVERSE = Webhook(scheme=SchemeName.DATAVERSE, secret="NEW", previous="OLD")
EVENTBRIDGE = Webhook(scheme=SchemeName.EVENTBRIDGE, secret="NEW", previous="OLD")
PARTNER_CENTER = Webhook(scheme=SchemeName.PARTNER_CENTER, secret="NEW", previous="OLD")


def admit(settings, headers, *, query=None, body=BODY, at=NOON, secret="app secret", old=""):
    """As the door does: evidence first, then the check with what the environment holds."""
    posted = Posted(headers, query or {}, body, at)
    evidence = SCHEMES[settings.scheme].evidence(posted, settings)
    check(evidence, body, settings, at, {"NEW": secret, "OLD": old})
    return evidence


def refused(why, *given, **more):
    with pytest.raises(Forged, match=why):
        admit(*given, **more)


@pytest.mark.parametrize(
    ("instant", "signature"),
    [
        ("1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
    ],
)
def test_hubspots_own_published_signatures_are_taken(instant, signature):
    settings = HUBSPOT.model_copy(update={"url": "https://www.example.com/webhook_uri"})
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": instant}
    at = datetime.fromtimestamp(int(instant) / 1000, tz=UTC)
    secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
    body = b"{'example_field':'example_value'}"
    admit(settings, headers, body=body, at=at, secret=secret)
    refused("not that of the app", settings, headers, body=body + b" ", at=at, secret=secret)


def test_hubspots_address_is_decoded_where_hubspot_says_so_and_nowhere_else():
    encoded = "https://a.example/h%3a1%2F%3f%40%21%24%27%28%29%2a%2C%3B?x=%20%26%3D%C3%A9%25"
    assert decoded(encoded) == "https://a.example/h:1/?@!$'()*,;?x=%20%26%3D%C3%A9%25"
    settings = HUBSPOT.model_copy(update={"url": encoded})
    admit(settings, hubspot(url=decoded(encoded)))
    refused("not that of the app", settings, hubspot(url=encoded))


@pytest.mark.parametrize(("settings", "sign"), [(HUBSPOT, hubspot), (STANDARD, standard)])
def test_the_window_is_closed_on_both_sides_and_the_edges_are_in(settings, sign):
    secret = "app secret" if settings is HUBSPOT else SECRET
    for seconds in (-300, 0, 300):
        admit(settings, sign(at=NOON - timedelta(seconds=seconds)), secret=secret)
    refused("301 s ago", settings, sign(at=NOON - timedelta(seconds=301)), secret=secret)
    refused("301 s ahead", settings, sign(at=NOON + timedelta(seconds=301)), secret=secret)
    narrow = settings.model_copy(update={"window_seconds": 10})
    refused("11 s ago", narrow, sign(at=NOON - timedelta(seconds=11)), secret=secret)


@pytest.mark.parametrize("strange", ["", "-1", "1e400", "nan", "١٢٣", "9" * 400, "1693657560000.5"])
def test_an_instant_that_is_none_is_refused(strange):
    refused("timestamp", HUBSPOT, {**hubspot(), "x-hubspot-request-timestamp": strange})
    refused("timestamp", STANDARD, {**standard(), "webhook-timestamp": strange}, secret=SECRET)


def test_any_other_body_secret_or_missing_header_is_refused():
    for settings, sign, secret in ((HUBSPOT, hubspot, "app secret"), (STANDARD, standard, SECRET)):
        good = sign()
        admit(settings, good, secret=secret)
        refused("signature", settings, good, body=BODY + b"\n", secret=secret)
        refused("signature", settings, good, secret="whsec_" + base64.b64encode(b"another").decode())
        for missing in good:
            refused(missing, settings, {name: value for name, value in good.items() if name != missing}, secret=secret)


def test_standard_webhooks_takes_any_of_several_signatures_and_no_other_version():
    good = standard()["webhook-signature"]
    several = "v1,AAAA v1a,xyz " + good
    admit(STANDARD, standard(**{"webhook-signature": several}), secret=SECRET)
    other = good.replace("v1,", "v2,")
    refused("no signature", STANDARD, standard(**{"webhook-signature": other}), secret=SECRET)
    refused("is none", STANDARD, standard(), body=b"\xff", secret=SECRET)


def test_a_shared_key_is_where_the_settings_say_and_only_its_digest_goes_on():
    evidence = admit(DATAVERSE, {}, query={"code": "key of the endpoint"}, secret="key of the endpoint")
    assert "key of the endpoint" not in str(evidence)
    refused("another", DATAVERSE, {}, query={"code": "key of the endpoint "}, secret="key of the endpoint")
    refused("has no", DATAVERSE, {"code": "key of the endpoint"}, secret="key of the endpoint")
    header = DATAVERSE.model_copy(update={"name": "X-Our-Key"})
    admit(header, {"x-our-key": "k"}, secret="k")
    refused("has no", header, {}, query={"code": "k"}, secret="k")
    admit(EVENTBRIDGE, {"x-api-key": "k"}, secret="k")
    refused("has no", EVENTBRIDGE, {"x-api-key": ""}, secret="k")
    refused("another", EVENTBRIDGE, {"x-api-key": "schlüssel"}, secret="k")


def test_partner_center_signs_with_the_certificate_that_an_operator_installed():
    admit(PARTNER_CENTER, partner_center(), secret=CERTIFICATE)
    admit(PARTNER_CENTER, partner_center(header="x-ms-signature"), secret=CERTIFICATE)
    refused("not that of the certificate", PARTNER_CENTER, partner_center(), body=BODY + b" ", secret=CERTIFICATE)
    stranger, _ = key_and_certificate()
    refused("not that of the certificate", PARTNER_CENTER, partner_center(key=stranger), secret=CERTIFICATE)
    sha1 = {**partner_center(), "x-ms-signature-algorithm": "rsa-sha1"}
    refused("rsa-sha256", PARTNER_CENTER, sha1, secret=CERTIFICATE)
    refused(
        "has no x-ms-signature", PARTNER_CENTER, {**partner_center(), "authorization": "Bearer x"}, secret=CERTIFICATE
    )
    late = NOON + timedelta(days=31)
    refused("install the new one", PARTNER_CENTER, partner_center(), at=late, secret=CERTIFICATE)


def test_while_one_secret_takes_the_place_of_another_both_are_good():
    admit(HUBSPOT, hubspot(secret="old"), secret="new", old="old")
    admit(HUBSPOT, hubspot(secret="new"), secret="new", old="old")
    refused("signature", HUBSPOT, hubspot(secret="older"), secret="new", old="old")
    renewed, certificate = key_and_certificate()
    admit(PARTNER_CENTER, partner_center(), secret=certificate, old=CERTIFICATE)
    admit(PARTNER_CENTER, partner_center(key=renewed), secret=certificate, old=CERTIFICATE)


def test_a_secret_that_is_not_there_is_our_fault_and_not_the_callers(tmp_path):
    for secret in ("", f"file:{tmp_path}/none"):
        with pytest.raises(NoSecret, match="NEW"):
            admit(HUBSPOT, hubspot(), secret=secret)
    with pytest.raises(NoSecret, match="no secret of Standard Webhooks"):
        admit(STANDARD, standard(), secret="whsec_A")
    with pytest.raises(NoSecret):
        admit(PARTNER_CENTER, partner_center(), secret="no certificate")
    (tmp_path / "secret").write_text("app secret\n")
    admit(HUBSPOT, hubspot(), secret=f"file:{tmp_path}/secret")


def test_hubspot_has_to_be_told_the_address_that_it_signs():
    with pytest.raises(ValidationError, match="url"):
        Webhook(scheme=SchemeName.HUBSPOT, secret="NEW")
