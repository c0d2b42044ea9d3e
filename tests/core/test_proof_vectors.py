"""The tree, the notes and the signatures against the official vectors, which others made (audit.md requirements 14, 15, 16)."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dealreg.proof.note import checkpoint_body, cosignature, signed_note, vkey
from dealreg.proof.tiles import TILE, TileId, full_tiles, hashes_of, tile_of
from dealreg.proof.tree import EMPTY, Tree
from dealreg.proof.verify import (
    COSIGNED,
    SIGNED,
    Refused,
    _point,
    cosigned_at,
    ed25519_verify,
    leaf_hash,
    leaf_text,
    node_hash,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    payload_digest,
    signed_by,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors"
PROBES = VECTORS / "transparency-dev-merkle"


def _probes(kind):
    return [(path, json.loads(path.read_text())) for path in sorted((PROBES / kind).rglob("*.json"))]


def _bytes(text):
    return b64decode(text) if text else b""


def _proof(probe):
    return [_bytes(one) for one in probe["proof"] or []]


def _refuses(check, *values):
    try:
        check(*values)
    except Refused:
        return True
    return False


def test_requirement_14_the_official_probes_of_inclusion():
    said = {
        str(path): _refuses(
            verify_inclusion, probe["leafIdx"], probe["treeSize"], _bytes(probe["leafHash"]), _proof(probe), _bytes(probe["root"])
        )
        for path, probe in _probes("inclusion")
    }  # fmt: skip
    assert said == {str(path): probe["wantErr"] for path, probe in _probes("inclusion")}
    assert (len(said), sum(said.values())) == (98, 92)


def test_requirement_14_the_official_probes_of_consistency():
    said = {
        str(path): _refuses(
            verify_consistency, probe["size1"], probe["size2"], _bytes(probe["root1"]), _bytes(probe["root2"]), _proof(probe)
        )
        for path, probe in _probes("consistency")
    }  # fmt: skip
    assert said == {str(path): probe["wantErr"] for path, probe in _probes("consistency")}
    assert (len(said), sum(said.values())) == (98, 92)


def test_requirement_14_proofs_are_byte_for_byte_those_of_go():
    go = json.loads((VECTORS / "go-xmod-tlog-40.json").read_text())
    tree = Tree.of(leaf_hash(b"leaf-%d" % number) for number in range(40))
    for one in go["Incl"]:
        proof = [_bytes(node) for node in one["Proof"] or []]
        assert tree.inclusion(one["Index"], one["Size"]) == proof
        assert tree.root(one["Size"]) == _bytes(one["Root"])
        verify_inclusion(one["Index"], one["Size"], _bytes(one["Leaf"]), proof, _bytes(one["Root"]))
    for one in go["Cons"]:
        proof = [_bytes(node) for node in one["Proof"] or []]
        assert tree.consistency(one["Old"], one["New"]) == proof
        verify_consistency(one["Old"], one["New"], _bytes(one["OldRoot"]), _bytes(one["NewRoot"]), proof)
    assert (len(go["Incl"]), len(go["Cons"])) == (820, 780)


def test_requirement_15_the_thousand_signatures_of_rfc_8032():
    lines = (VECTORS / "ed25519" / "rfc8032_sign.input").read_text().split()
    for number, line in enumerate(lines):
        _, public, message, signed = [bytes.fromhex(part) for part in line.split(":")[:4]]
        assert ed25519_verify(public, message, signed[:64])
        if number % 8 == 0:
            assert not ed25519_verify(public, message + b"x", signed[:64])
    assert len(lines) == 1024


def test_requirement_15_the_edge_cases_of_wycheproof():
    groups = json.loads((VECTORS / "ed25519" / "wycheproof_ed25519_test.json").read_text())["testGroups"]
    cases = [(bytes.fromhex(group["publicKey"]["pk"]), case) for group in groups for case in group["tests"]]
    for public, case in cases:
        valid = ed25519_verify(public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
        assert valid == (case["result"] == "valid"), case
    assert len(cases) >= 150


def test_requirement_15_the_notes_of_c2sp_and_go():
    notes = json.loads((VECTORS / "signed-note.json").read_text())
    for good in notes["good"]:
        assert signed_by(parse_note(good["note"]), parse_vkey(good["vkey"]))
    for bad in notes["bad"]:
        assert _refuses(lambda one=bad: _must_sign(one)), bad["why"]


def _must_sign(one):
    if not signed_by(parse_note(one["note"]), parse_vkey(one["vkey"])):
        raise Refused("not signed")


class _Key:
    """A key in memory, of the library that others use."""

    def __init__(self, name="log.example/1", seed=b"\1"):
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed * 32)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message):
        return self._private.sign(message)


LOG, WITNESS = _Key(), _Key("witness.example", b"\2")
BODY = checkpoint_body(LOG.name, 7, b"r" * 32)
NOTE = signed_note(BODY, [LOG]) + cosignature(BODY, WITNESS, 1_790_000_000)


def test_a_checkpoint_is_read_as_it_was_signed():
    found = parse_checkpoint(NOTE)
    assert (found.origin, found.size, found.root) == (LOG.name, 7, b"r" * 32)
    assert signed_by(found.note, parse_vkey(vkey(LOG)))
    assert cosigned_at(found.note, parse_vkey(vkey(WITNESS, COSIGNED))) == 1_790_000_000


def test_a_key_signs_for_itself_and_for_its_kind_only():
    note = parse_note(NOTE)
    assert not signed_by(note, parse_vkey(vkey(_Key(LOG.name, b"\3"))))
    assert not signed_by(note, parse_vkey(vkey(WITNESS)))
    assert cosigned_at(note, parse_vkey(vkey(LOG, COSIGNED))) is None
    assert not signed_by(parse_note(NOTE.replace("\n7\n", "\n8\n")), parse_vkey(vkey(LOG)))
    assert cosigned_at(parse_note(NOTE.replace("\n7\n", "\n8\n")), parse_vkey(vkey(WITNESS, COSIGNED))) is None


LINE = NOTE.splitlines()[4]


@pytest.mark.parametrize(
    "text",
    [
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n-7\n"),
        NOTE.replace("\n7\n", "\n٧\n"),
        NOTE.replace("\n7\n", "\n7\nmore\n").replace("\n\n", "\nextension\n\n"),
        NOTE.replace("\n\n", "\nan extension\n\n"),
        NOTE.replace("=\n\n", "\n\n"),
        NOTE.replace("cnI=", "cnJ="),
        NOTE + LINE + "\n",
        NOTE.replace("\n7\n", "\n7\x00\n"),
        NOTE.replace("log", "log\r", 1),
        NOTE.replace(LINE[-6:], "=" + LINE[-5:]),
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("—", "-"),
        NOTE.replace("— log", "—  log"),
        BODY,
        "",
        "\n\n" + LINE + "\n",
        BODY + "\n" + "\n".join([LINE.replace("log", f"log{n}") for n in range(101)]) + "\n",
        BODY + "x" * 1_000_000 + "\n\n" + LINE + "\n",
        NOTE.replace("\n7\n", "\n" + "9" * 30 + "\n"),
        "\ud800" + NOTE,
        NOTE.replace("log.example/1\n", "\n", 1),
        NOTE.replace(b64encode(b"r" * 32).decode(), b64encode(b"r" * 31).decode()),
        NOTE.replace(b64encode(b"r" * 32).decode(), b64encode(b"r" * 33).decode()),
    ],
)
def test_requirement_16_what_is_not_written_in_its_one_form_is_refused(text):
    assert text != NOTE
    with pytest.raises(Refused):
        parse_checkpoint(text)


@pytest.mark.parametrize("text", ["", "a+b", "name+00000000+AA==", vkey(LOG)[:-4], vkey(LOG).replace("log", "lag", 1)])
def test_a_verifier_key_that_does_not_fit_itself_is_refused(text):
    with pytest.raises(Refused):
        parse_vkey(text)


@given(st.integers(1, 700), st.data())
def test_every_proof_of_every_size_is_accepted_and_only_for_its_leaf(size, data):
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    tree = Tree()
    while tree.size < size:
        tree.extend(leaves[tree.size : tree.size + data.draw(st.integers(1, size))])
    index, at = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.root(at) == _slow_root(leaves[:at])
    verify_consistency(at, size, tree.root(at), tree.root(), tree.consistency(at))
    verify_inclusion(index, size, leaves[index], tree.inclusion(index), tree.root())
    assert _refuses(verify_inclusion, index, size, leaf_hash(b"other"), tree.inclusion(index), tree.root())
    if size > 1:
        other = (index + 1) % size
        assert _refuses(verify_inclusion, other, size, leaves[index], tree.inclusion(index), tree.root())


def _slow_root(leaves):
    """As RFC 6962 section 2.1 defines it, word for word."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(_slow_root(leaves[:split]), _slow_root(leaves[split:]))


@given(st.integers(2, 70), st.data())
def test_a_proof_of_consistency_holds_for_its_two_roots_only(size2, data):
    tree = Tree.of(leaf_hash(b"%d" % number) for number in range(size2))
    size1 = data.draw(st.integers(1, size2 - 1))
    root1, root2, proof, other = tree.root(size1), tree.root(), tree.consistency(size1), leaf_hash(b"other")
    at = data.draw(st.integers(0, len(proof) - 1))
    longer = [*proof[:at], proof[at] + b"\0", *proof[at + 1 :]]
    wrong = [
        (other, root2, proof),
        (root1, other, proof),
        (root1, root2, [*proof, other]),
        (root1, root2, proof[:-1]),
        (root1, root2, longer),
    ]
    assert all(_refuses(verify_consistency, size1, size2, *one) for one in wrong)
    assert _refuses(verify_consistency, size1, size2 + (1 << size2.bit_length()), root1, root2, proof)


def test_the_same_tree_is_consistent_with_itself_and_with_nothing_beside():
    verify_consistency(5, 5, b"r" * 32, b"r" * 32, [])
    assert _refuses(verify_consistency, 5, 5, b"r" * 32, b"s" * 32, [])
    assert _refuses(verify_consistency, 5, 5, b"r" * 32, b"r" * 32, [b"r" * 32])


def test_a_point_is_written_in_one_way():
    """A key that is the neutral element signs everything; in another writing, or off the curve, it is no key."""
    prime = 2**255 - 19
    neutral, message = (1).to_bytes(32, "little"), b"anything"
    assert ed25519_verify(neutral, message, neutral + bytes(32))
    for other in ((prime + 1).to_bytes(32, "little"), (1 | 1 << 255).to_bytes(32, "little")):
        assert not ed25519_verify(other, message, neutral + bytes(32))
    d = -121665 * pow(121666, -1, prime)
    for y in range(2, 60):
        square = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
        assert (_point(y.to_bytes(32, "little")) is None) == (pow(square, (prime - 1) // 2, prime) == prime - 1)


def test_kinds_of_keys_are_those_of_c2sp():
    """Signed-note section 3: the id is of the name, a line break, the kind's byte and the key; 0x01 signs notes, 0x04 cosigns."""
    for kind in (1, 4):
        made = sha256(b"log.example/1\n" + bytes([kind]) + LOG.public).digest()[:4]
        assert parse_vkey(f"log.example/1+{made.hex()}+{b64encode(bytes([kind]) + LOG.public).decode()}").kind == kind
    assert (SIGNED, COSIGNED) == (1, 4)
    made = sha256(b"log.example/1\n\2" + LOG.public).digest()[:4]
    assert _refuses(parse_vkey, f"log.example/1+{made.hex()}+{b64encode(bytes([2]) + LOG.public).decode()}")


@pytest.mark.parametrize("name", ["", "a b", "a\tb", "a\u00a0b", "a\u2028b", "a\x85b"])
def test_a_name_has_no_spaces_and_is_not_empty(name):
    made = sha256(name.encode() + b"\n\1" + LOG.public).digest()[:4]
    assert _refuses(parse_vkey, f"{name}+{made.hex()}+{b64encode(bytes([1]) + LOG.public).decode()}")
    assert _refuses(parse_note, BODY + f"\n— {name} {LINE.split()[2]}\n")


def test_a_note_has_a_text_and_no_more_than_a_million_bytes():
    assert parse_note("é\n\n" + LINE + "\n").body == "é\n"
    assert _refuses(parse_note, "\n\n" + LINE + "\n")
    assert _refuses(parse_note, LINE + "\n")
    assert _refuses(parse_note, "text\n\n")
    rest = len(("\n\n" + LINE + "\n").encode())
    assert parse_note("x" * (1_000_000 - rest) + "\n\n" + LINE + "\n")
    assert _refuses(parse_note, "x" * (1_000_001 - rest) + "\n\n" + LINE + "\n")


def test_an_empty_tree_has_a_root_and_no_proofs():
    tree = Tree()
    assert tree.root() == EMPTY
    for ask in (lambda: tree.inclusion(0), lambda: tree.consistency(0), lambda: tree.root(1), lambda: tree.leaf(0)):
        with pytest.raises(Refused):
            ask()


def test_a_leaf_can_be_recomputed_by_hand():
    """`printf '…' | sha256sum` gives the same."""
    digest = payload_digest(b"s" * 32, b"{}")
    text = leaf_text(
        3, "11111111-2222-5333-8444-555555555555", 1, "2026-09-01T12:00:00.000000Z", "dealreg_app", "x.v1", digest
    )
    assert text.decode().splitlines()[:2] == ["dealreg/event/v1", "3"]
    assert text.endswith(b"=\n")
    assert text.count(b"\n") == 8


def test_tiles_hold_what_the_tree_is_made_of():
    tree = Tree.of(leaf_hash(b"%d" % number) for number in range(TILE * TILE + 300))
    assert list(full_tiles(0, TILE - 1)) == []
    assert list(full_tiles(TILE - 1, 2 * TILE)) == [TileId(0, 0), TileId(0, 1)]
    assert list(full_tiles(TILE * TILE - 1, tree.size)) == [TileId(0, 255), TileId(0, 256), TileId(1, 0)]
    below = hashes_of(tile_of(tree, TileId(0, 5)))
    assert Tree.of(below).root() == hashes_of(tile_of(tree, TileId(1, 0)))[5]
    assert TileId(0, 1_234_067).path == "tile/0/x001/x234/067"
    with pytest.raises(Refused):
        tile_of(tree, TileId(0, 257))
    with pytest.raises(Refused):
        hashes_of(b"short")
    with pytest.raises(Refused):
        tree.leaf(-2)
