"""A small time-stamp authority (RFC 3161) over HTTP: a root, a signer that the root vouches for, and tokens as CMS has them.

Written out in DER so that it runs wherever the tests do; `openssl ts -verify` takes its tokens too.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
POLICY = "1.3.6.1.4.1.99999.1"


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([first * 40 + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        out += bytes(reversed(digits))
    return der(0x06, out)


def attribute(kind: str, value: bytes) -> bytes:
    return seq(oid(kind), der(0x31, value))


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """What a constructed value holds: each tag with its content."""
    found = []
    while data:
        tag, length, at = data[0], data[1], 2
        if length & 0x80:
            at, length = 2 + (length & 0x7F), int.from_bytes(data[2 : 2 + (length & 0x7F)], "big")
        found.append((tag, data[at : at + length]))
        data = data[at + length :]
    return found


@dataclass
class Authority:
    """What it stamps, and how it may be made to misbehave: ``late`` moves its clock, the rest says it by its name."""

    url: str = ""
    late: timedelta = timedelta()
    stamped: int = 0
    down: bool = False
    refuses: bool = False
    other_nonce: bool = False
    other_message: bool = False
    root: x509.Certificate = field(init=False)
    _certificate: x509.Certificate = field(init=False)
    _key: ec.EllipticCurvePrivateKey = field(init=False)

    def __post_init__(self) -> None:
        root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = _certificate("root", root_key.public_key(), "root", root_key, authority=True)
        self._certificate = _certificate("stamps", self._key.public_key(), "root", root_key, authority=False)

    def pem(self, folder: Path) -> Path:
        """The root in a file, as TSA_ROOTS names it."""
        file = folder / "tsa-root.pem"
        file.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        return file

    def answer(self, request: bytes) -> bytes:
        """A TimeStampResp."""
        if self.refuses:
            return seq(seq(integer(2), seq(der(0x0C, b"closed today"))))
        (_, body), *_ = parts(request)
        _, (_, imprint), *more = parts(body)
        nonce = next((int.from_bytes(value, "big") for tag, value in more if tag == 0x02), None)
        return seq(seq(integer(0)), self._token(imprint, nonce))

    def _token(self, imprint: bytes, nonce: int | None) -> bytes:
        self.stamped += 1
        if self.other_message:
            imprint = seq(oid(SHA256), der(0x05)) + der(0x04, sha256(b"another").digest())
        if self.other_nonce:
            nonce = 1
        at = (datetime.now(UTC) + self.late).strftime("%Y%m%d%H%M%SZ").encode()
        wanted = [] if nonce is None else [integer(nonce)]
        info = seq(integer(1), oid(POLICY), der(0x30, imprint), integer(self.stamped), der(0x18, at), *wanted)
        certificate = self._certificate.public_bytes(serialization.Encoding.DER)
        own_hash = der(0x04, sha256(certificate).digest())
        attributes = sorted(
            [
                attribute(CONTENT_TYPE, oid(TST_INFO)),
                attribute(MESSAGE_DIGEST, der(0x04, sha256(info).digest())),
                attribute(SIGNING_CERTIFICATE_V2, seq(seq(seq(own_hash)))),
            ]
        )
        signature = self._key.sign(der(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
        issuer = seq(self._certificate.issuer.public_bytes(), integer(self._certificate.serial_number))
        signer = seq(
            integer(1), issuer, seq(oid(SHA256)), der(0xA0, *attributes), seq(oid(ECDSA_SHA256)), der(0x04, signature)
        )
        content = seq(oid(TST_INFO), der(0xA0, der(0x04, info)))
        signed = seq(integer(3), der(0x31, seq(oid(SHA256))), content, der(0xA0, certificate), der(0x31, signer))
        return seq(oid(SIGNED_DATA), der(0xA0, signed))


def _certificate(
    name: str, public: ec.EllipticCurvePublicKey, issuer: str, key: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    named, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(by)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
def authority() -> Iterator[Authority]:
    """A running authority."""
    found = Authority()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["content-length"]))
            body = found.answer(request)
            self.send_response(503 if found.down else 200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    found.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
