"""The verifier's own edges, without a database: the map of stream heads, receipts, what is read and what is not."""

import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dealreg.proof.bundle import belonging, derived, head_text, sealed, written
from dealreg.proof.evidence import check_bundle, main
from dealreg.proof.heads import Head, HeadsMap
from dealreg.proof.note import checkpoint_body, cosignature, signed_note, vkey
from dealreg.proof.policy import Policy, check_receipt, fits, read_json, read_policy, trusted
from dealreg.proof.tree import EMPTY, Tree
from dealreg.proof.verify import COSIGNED, Refused, leaf_hash, leaf_text, payload_digest, verify_inclusion
from dealreg.vocabulary.ids import file_stream, partner_stream, rulebook_stream


class Hand:
    """Signs with a key that is nowhere but here."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self._key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


LOG, OTHER, WITNESS = Hand("log.test/a", 1), Hand("log.test/a", 2), Hand("witness.test/w", 3)


def policy(**changed: object) -> Policy:
    said = {
        "logs": [{"origin": LOG.name, "keys": [{"vkey": vkey(LOG), "from_size": 0, "to_size": None}]}],
        "witnesses": [{"vkey": vkey(WITNESS, COSIGNED)}], "quorum": 1, "skew_seconds": 5, "require_completeness": True,
    }  # fmt: skip
    return read_policy(json.dumps({**said, **changed}).encode())


def note(size: int = 3, root: bytes = bytes(32), *signers: Hand, at: int = 1_800_000_000) -> str:
    body = checkpoint_body(LOG.name, size, root)
    return signed_note(body, signers or (LOG,)) + cosignature(body, WITNESS, at)


@pytest.mark.parametrize("count", [*range(9), 255, 256, 257])
def test_requirement_13_every_stream_and_every_gap_of_a_map_is_provable(count):
    heads = [
        Head(str(UUID(int=2 * number + 2)), number + 1, number + 1, leaf_hash(bytes([number % 256])))
        for number in range(count)
    ]
    made = HeadsMap(reversed(heads))
    assert made.size == count
    assert made.root == (Tree.of(leaf_hash(head_text(*head)) for head in heads).root() if count else EMPTY)
    for place, head in enumerate(heads):
        assert made.place(head.stream) == place
        verify_inclusion(place, count, leaf_hash(head_text(*head)), made.proof(place), made.root)
        with pytest.raises(Refused):
            made.neighbours(head.stream)
    for number in range(count + 1):
        beside = made.neighbours(str(UUID(int=2 * number + 1)))
        assert beside == [place for place in (number - 1, number) if 0 <= place < count]


def test_a_map_in_which_a_stream_stands_twice_is_refused():
    head = Head(str(UUID(int=1)), 1, 1, bytes(32))
    with pytest.raises(Refused, match="two heads"):
        HeadsMap([head, head._replace(version=2)])


def test_streams_follow_from_names_as_they_do_in_the_service():
    customer = UUID(int=7)
    for program, partner in (("acme", "anna"), ("Łódź 日本", 'a"b\\')):
        assert derived("file", program, str(customer)) == str(file_stream(program, customer))
        assert derived("partner", program, partner) == str(partner_stream(program, partner))
        assert derived("rulebook", program) == str(rulebook_stream(program))


def test_what_belongs_to_a_deal_is_followed_from_fact_to_fact():
    deal, rival, conflict, customer, into = (str(UUID(int=number)) for number in range(1, 6))
    file, survivor = derived("file", "p", customer), derived("file", "p", into)
    shown: dict[str, list[dict[str, Any]]] = {
        deal: [{"meta": {"program": "p"}, "data": {"registration": deal, "customer": customer}}],
        file: [
            {
                "meta": {"program": "p"},
                "data": {"customer": customer, "registration": rival, "conflict": None, "into": into},
            }
        ],
        survivor: [
            {
                "meta": {"program": "p"},
                "data": {"holdings": {"claims": [{"value": {"conflict": conflict, "registration": 7}}]}},
            }
        ],
        "elsewhere": [{"meta": {"program": "p"}, "data": {"registration": str(UUID(int=9))}}],
    }
    assert belonging({"kind": "deal", "id": deal}, shown) == {deal, rival, conflict, file, survivor}
    assert belonging({"kind": "partner", "id": "anna", "program": "p"}, shown) == {derived("partner", "p", "anna")}
    assert list(sealed({"a": [{"ref": "r", "digest": "d"}], "b": {"ref": "x"}})) == [("r", "d")]


@pytest.mark.parametrize(("changed", "says"), [
    (lambda text: text.replace("log.test/a\n", "log.test/b\n"), "does not name"),
    (lambda text: text.replace("\n3\n", "\n4\n"), "no key that counts"),
    (lambda text: text.replace("\n3\n", "\n03\n"), "no checkpoint"),
    (lambda text: text.replace("\n3\n", "\n3\nextension\n"), "no checkpoint"),
    (lambda text: text.replace("\n3\n", "\n3\r\n"), "control characters"),
    (lambda text: text + text[text.index("— "):], "two signatures of one key"),
    (lambda text: text.replace("AAAA=", "AAAB=", 1), "not canonical"),
    (lambda text: text.rstrip("\n"), "no note"),
    (lambda text: text + "\n", "no note"),
    (lambda text: text.replace("— ", "- "), "no note"),
    (lambda text: text[: text.index("— witness")], "0 trusted witnesses"),
    (lambda text: text[: text.index("— log")] + text[text.index("— witness"):], "no key that counts"),
    (lambda text: text + "\x00", "control characters"),
    (lambda text: text + "— x " + "A" * 1_000_000 + "\n", "too long"),
])  # fmt: skip
def test_requirement_16_a_checkpoint_is_taken_in_one_form_only(changed, says):
    good = note()
    assert trusted(good, policy(), 1).times == {WITNESS.name: 1_800_000_000}
    with pytest.raises(Refused, match=says):
        trusted(changed(good), policy(), 1)


def test_requirement_16_a_bad_signature_of_a_known_key_is_no_unknown_one():
    body = checkpoint_body(LOG.name, 3, bytes(32))
    other = cosignature(checkpoint_body(LOG.name, 4, bytes(32)), WITNESS, 1)
    with pytest.raises(Refused, match="not one of its key"):
        trusted(signed_note(body, [LOG]) + other, policy())
    stranger = cosignature(body, Hand("somebody.else/w", 9), 1)
    assert trusted(signed_note(body, [LOG]) + stranger, policy()).times == {}


def test_requirement_17_a_key_counts_for_the_sizes_that_the_policy_says():
    keys = [{"vkey": vkey(LOG), "from_size": 0, "to_size": 5}, {"vkey": vkey(OTHER), "from_size": 4, "to_size": None}]
    known = policy(logs=[{"origin": LOG.name, "keys": keys}])
    for size, signer, good in ((4, LOG, True), (5, LOG, False), (3, OTHER, False), (4, OTHER, True), (9, OTHER, True)):
        if good:
            assert trusted(note(size, bytes(32), signer), known).key.public == signer.public
        else:
            with pytest.raises(Refused, match="no key that counts"):
                trusted(note(size, bytes(32), signer), known)
    assert trusted(note(4, bytes(32), LOG, OTHER), known)


def _receipt(**changed: object) -> bytes:
    text = [
        leaf_text(number, str(UUID(int=number)), 1, "2026-09-01T12:00:00.000000Z", "dealreg_app", "x.v1", bytes(32))
        for number in (1, 2, 3)
    ]
    tree = Tree.of(map(leaf_hash, text))
    said = {
        "index": 1,
        "extra": b64encode(text[1]).decode(),
        "proof": tree.inclusion(1),
        "note": note(3, tree.root()),
        **changed,
    }
    path = "".join(f"{b64encode(one).decode()}\n" for one in said["proof"])  # type: ignore[attr-defined]  # hashes
    return f"c2sp.org/tlog-proof@v1\nextra {said['extra']}\nindex {said['index']}\n{path}\n{said['note']}".encode()


@pytest.mark.parametrize("data", [
    _receipt(index=0), _receipt(index=2), _receipt(index="01"), _receipt(extra=""), _receipt(extra="AA=="), _receipt(proof=[]),
    _receipt(proof=[bytes(32), bytes(32)]), _receipt(note=note(3)), _receipt(extra=b64encode(b"dealreg/event/v1\n2\n").decode()),
    _receipt()[:-1], _receipt() + b"x", b"", b"c2sp.org/tlog-proof@v1\n", b"\xff" * 9, _receipt().replace(b"@v1", b"@v2"),
    _receipt().replace(b"\n\n", b"\n"), _receipt() + b" " * 3_000_000,
])  # fmt: skip
def test_a_receipt_is_taken_whole_or_refused(data):
    assert "position 2: x.v1" in check_receipt(_receipt(), policy())[1]
    with pytest.raises(Refused):
        check_receipt(data, policy())


def test_a_receipt_of_a_leaf_that_says_another_place_is_refused():
    """It lies in the tree, and is no fact of its place: a log that sealed such a thing is no log of facts."""
    text = leaf_text(7, str(UUID(int=7)), 1, "2026-09-01T12:00:00.000000Z", "dealreg_app", "x.v1", bytes(32))
    tree = Tree.of([leaf_hash(b"a"), leaf_hash(text), leaf_hash(b"c")])
    data = _receipt(extra=b64encode(text).decode(), proof=tree.inclusion(1), note=note(3, tree.root()))
    with pytest.raises(Refused, match="no fact of its place"):
        check_receipt(data, policy())


@pytest.mark.parametrize("data", [
    b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"a": 1, "a": 1}', b'{"a": 1.0}', b'{"a": NaN}', b'{"a": true}', b'{"a": -1}', b'{"a": "1"}',
    b'{"a": null}', b'{"a": 1, "b": 1}', b"{}", b'{"a": 9223372036854775808}', b'{"a": ' + b"9" * 5000 + b"}",
])  # fmt: skip
def test_json_is_read_by_its_form_and_no_other_way(data):
    assert read_json(b'{"a": 1}', {"a": int}, "it") == {"a": 1}
    with pytest.raises(Refused):
        read_json(data, {"a": int}, "it")


def test_a_form_of_several_takes_what_one_of_them_takes():
    form = ({"a": int}, {"b": str})
    fits({"a": 1}, form, "it")
    fits({"b": "x"}, form, "it")
    refused: tuple[Any, ...] = ({"a": "x"}, {"b": 1}, {"a": 1, "b": "x"}, [], None)
    for wrong in refused:
        with pytest.raises(Refused):
            fits(wrong, form, "it")


@pytest.mark.parametrize("changed", [
    {"witnesses": [{"vkey": vkey(WITNESS, COSIGNED)}] * 2}, {"quorum": "1"}, {"more": 1}, {"logs": [{"origin": LOG.name, "keys": [{"vkey": vkey(LOG)}]}]},
    {"witnesses": [{"vkey": vkey(WITNESS, COSIGNED)[:-1]}]}, {"witnesses": [{"vkey": "w+00000000+" + b64encode(b"\x04" + bytes(32)).decode()}]},
    {"require_completeness": 1}, {"skew_seconds": -1},
])  # fmt: skip
def test_a_policy_that_says_more_or_less_is_refused(changed):
    with pytest.raises(Refused):
        policy(**changed)


def test_half_a_character_in_the_name_of_a_key_is_refused():
    named = f"log\ud800+00000000+{b64encode(bytes([1, *LOG.public])).decode()}"
    with pytest.raises(Refused, match="no verifier key"):
        policy(logs=[{"origin": LOG.name, "keys": [{"vkey": named, "from_size": 0, "to_size": None}]}])


def test_half_a_character_in_a_fact_that_was_sealed_is_refused():
    """Whoever keeps the log can seal it; no stream follows from it."""
    state = json.dumps({"meta": {"program": "p"}, "data": {"customer": "\ud800", "ref": {"ref": 1, "digest": "x"}}})
    stream, at, salt, topic = str(UUID(int=7)), "2026-09-01T12:00:00.000000Z", bytes(32), "registration_submitted.v1"
    first = leaf_text(1, stream, 1, at, "app", topic, payload_digest(salt, state.encode()))
    heads = HeadsMap([Head(stream, 1, 1, leaf_hash(first))])
    said = {"log_size": 1, "streams": 1, "root": heads.root.hex()}
    sealing = json.dumps({"meta": {"program": "p"}, "data": said})
    map_stream = str(UUID(int=8))
    second = leaf_text(
        2, map_stream, 1, at, "sealer", "audit.stream_heads_sealed.v1", payload_digest(salt, sealing.encode())
    )
    tree = Tree.of([leaf_hash(first), leaf_hash(second)])
    body = checkpoint_body(LOG.name, 2, tree.root())
    common = {"version": 1, "recorded_at": at, "salt": b64encode(salt).decode(), "after": 0, "before": 2}
    bundle = {
        "format": "dealreg/evidence/v1",
        "checkpoint": signed_note(body, [LOG]) + cosignature(body, WITNESS, 1_800_000_000),
        "nodes": [b64encode(leaf_hash(one)).decode() for one in (second, first)],
        "subject": {"kind": "deal", "id": stream},
        "anchors": [],
        "events": [
            {
                **common,
                "position": 1,
                "stream": stream,
                "recorded_by": "app",
                "topic": topic,
                "proof": "0",
                "state": state,
            },
            {
                **common,
                "position": 2,
                "stream": map_stream,
                "recorded_by": "sealer",
                "topic": "audit.stream_heads_sealed.v1",
                "proof": "1",
                "state": sealing,
            },
        ],
        "heads": {
            "position": 2,
            "absent": [],
            "entries": [
                {
                    "index": 0,
                    "stream": stream,
                    "version": 1,
                    "position": 1,
                    "leaf": b64encode(leaf_hash(first)).decode(),
                    "proof": "",
                }
            ],
        },
        "personal": [],
    }
    with pytest.raises(Refused, match="shape of one"):
        list(check_bundle(written(bundle), policy()))


def test_a_receipt_older_than_a_known_size_is_refused(tmp_path, capsys):
    """``--at-least`` was passed over where the file is a receipt."""
    leaf = leaf_text(
        1, str(UUID(int=7)), 1, "2026-09-01T12:00:00.000000Z", "app", "registration_submitted.v1", bytes(32)
    )
    text = f"c2sp.org/tlog-proof@v1\nextra {b64encode(leaf).decode()}\nindex 0\n\n{note(1, leaf_hash(leaf))}"
    said, trust = tmp_path / "receipt", tmp_path / "policy.json"
    said.write_text(text, encoding="utf-8")
    trust.write_text(
        json.dumps(
            {
                "logs": [{"origin": LOG.name, "keys": [{"vkey": vkey(LOG), "from_size": 0, "to_size": None}]}],
                "witnesses": [], "quorum": 0, "skew_seconds": 5, "require_completeness": True,
            }
        )
    )  # fmt: skip
    asked = [str(said), "--policy", str(trust), "--at-least"]
    assert main([*asked, "1"]) == 0
    assert main([*asked, "2"]) == 1
    assert "older than the 2 that are known" in capsys.readouterr().out
