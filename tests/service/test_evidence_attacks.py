"""What somebody who has the whole log, but not its key, would do to a bundle: each attack is made with proofs as good as can be had."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest

from dealreg.proof import evidence
from dealreg.proof.bundle import written
from dealreg.proof.heads import Head, HeadsMap
from dealreg.proof.note import checkpoint_body, cosignature, signed_note, vkey
from dealreg.proof.tree import Tree
from dealreg.proof.verify import COSIGNED, Refused
from dealreg.service.evidence.anchoring import Sealed
from dealreg.service.evidence.assembling import Nodes, bundle, entries
from dealreg.service.evidence.gathering import Known
from dealreg.service.evidence.heads import Heads, heads_map
from dealreg.service.evidence.making import Made
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.exporting.stored import Stored, stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.sealing.keys import FileSigner
from tests.fix_evidence import Disputed, Trail, proved
from tests.fix_sealing import ORIGIN
from tests.fix_web import PROGRAM, claim

Facts = list[tuple[Known, bool]]


@dataclass
class Forger:
    """Makes a bundle anew, with proofs from the true log, of whatever parts it is given."""

    trail: Trail
    made: Made
    tree: Tree = field(init=False)
    heads: Heads = field(init=False)

    def __post_init__(self) -> None:
        log = stored(self.trail.house.audited, Wanted(up_to=self.made.newest.size))
        self.tree = Tree.of(one.leaf for one in log)
        said = json.loads(self.made.data)["heads"]
        if said is not None:
            size = next(
                one.said["data"]["log_size"] for one, _ in self.made.facts if one.stored.position == said["position"]
            )
            self.heads = Heads(heads_map(self.trail.house.audited, size), size, said["position"])

    def forge(
        self,
        *,
        facts: Sequence[tuple[Known, bool]] | None = None,
        label: dict[str, Any] | None = None,
        newest: Sealed | None = None,
        anchors: Sequence[Sealed] | None = None,
        absent: Sequence[str] | None = None,
        complete: set[str] | None = None,
        heads: Heads | None = None,
        tree: Tree | None = None,
        values: dict[str, tuple[str, bytes]] | None = None,
    ) -> bytes:
        nodes, part = Nodes(), None
        shown = list(self.made.facts) if facts is None else list(facts)
        if self.made.subject.kind is not Kind.PERIOD:
            given = heads or self.heads
            streams = {one.stored.stream for one, _ in shown if one.stored.position <= given.log_size}
            part = entries(given, streams if complete is None else complete, absent or [], nodes)
        return bundle(
            label or self.made.subject.label, newest or self.made.newest, self.made.anchors if anchors is None else anchors,
            shown, part, self.made.values if values is None else values, tree or self.tree, nodes,
        )  # fmt: skip

    def without(self, *gone: Callable[[Stored], bool]) -> Facts:
        return [(one, shown) for one, shown in self.made.facts if not any(is_gone(one.stored) for is_gone in gone)]

    def edited(self, which: Callable[[Stored], bool], **fields: Any) -> Facts:
        return [
            (Known(one.stored._replace(**fields)) if which(one.stored) else one, shown)
            for one, shown in self.made.facts
        ]


def _of(stream: str, version: int | None = None) -> Callable[[Stored], bool]:
    return lambda fact: fact.stream == stream and version in {None, fact.version}


def _kind(name: str) -> Callable[[Stored], bool]:
    return lambda fact: fact.topic.startswith(name)


def _file(forger: Forger) -> str:
    return next(one.stored.stream for one, _ in forger.made.facts if one.stored.topic.startswith("claim_entered."))


def _rulebook(forger: Forger) -> str:
    return next(one.stored.stream for one, _ in forger.made.facts if one.stored.topic.startswith("rulebook_published."))


def _swapped_proofs(forger: Forger, deal: Disputed) -> bytes:
    said = json.loads(forger.made.data)
    one, two = said["events"][3], said["events"][4]
    one["proof"], two["proof"] = two["proof"], one["proof"]
    return written(said)


def _swapped_events(forger: Forger, deal: Disputed) -> bytes:
    said = json.loads(forger.made.data)
    one, two = said["events"][3], said["events"][4]
    for key in ("position", "proof", "recorded_at", "after", "before"):
        one[key], two[key] = two[key], one[key]
    return written(said)


def _forged_head(forger: Forger, deal: Disputed) -> bytes:
    """The newest fact of the deal is left out, and a map made in which the one before it is the newest."""
    facts = forger.without(lambda fact: fact.stream == deal.rival and fact.version == 3)
    last = [one.stored for one, _ in facts if one.stored.stream == deal.rival][-1]
    forged = [head for head in forger.heads.map.heads if head.stream != deal.rival]
    forged.append(Head(deal.rival, last.version, last.position, last.leaf))
    return forger.forge(facts=facts, heads=replace_map(forger.heads, HeadsMap(forged)))


def replace_map(heads: Heads, made: HeadsMap) -> Heads:
    return heads._replace(map=made)


def _forged_absence(forger: Forger, deal: Disputed) -> bytes:
    """The rival is said to be absent: a map without it, or its neighbours, which are no neighbours."""
    forged = HeadsMap(head for head in forger.heads.map.heads if head.stream != deal.rival)
    return forger.forge(
        facts=forger.without(_of(deal.rival)), absent=[deal.rival], heads=replace_map(forger.heads, forged)
    )


def _absence_over_a_gap(forger: Forger, deal: Disputed) -> bytes:
    data = json.loads(forger.forge(facts=forger.without(_of(deal.rival))))
    data["heads"]["absent"] = [deal.rival]
    return written(data)


def _other_logs_checkpoint(forger: Forger, deal: Disputed) -> bytes:
    return forger.forge(newest=_signed(forger, "other.log/x", "other"))


def _unknown_key(forger: Forger, deal: Disputed) -> bytes:
    return forger.forge(newest=_signed(forger, ORIGIN, "other"))


def _signed(forger: Forger, origin: str, key: str, tree: Tree | None = None, at: int = 1_800_000_000) -> Sealed:
    """A checkpoint by another key; even the witness was made to sign it."""
    used = tree or forger.tree
    body = checkpoint_body(origin, used.size, used.root())
    signer = FileSigner(origin, forger.trail.sealer.things.keys / key)
    seen = cosignature(body, forger.trail.witness, at)
    return Sealed(origin, used.size, signed_note(body, [signer]) + seen, ())


def _fork_with_the_stolen_key(forger: Forger, deal: Disputed) -> bytes:
    """The log's own key, another history behind the same beginning; no witness signed it."""
    facts = [
        (Known(one.stored._replace(state=one.stored.state.replace(b"48000", b"98000"))), shown)
        if _of(deal.deal)(one.stored)
        else (one, shown)
        for one, shown in forger.made.facts
    ]
    edited = {one.stored.position: one.stored.leaf for one, _ in facts}
    tree = Tree.of(edited.get(at + 1, forger.tree.leaf(at)) for at in range(forger.tree.size))
    newest = _signed(forger, ORIGIN, "log", tree)
    return forger.forge(
        facts=facts, newest=newest._replace(note=newest.note.rpartition("— ")[0]), anchors=[], tree=tree
    )


def _moved_anchor(forger: Forger, deal: Disputed) -> bytes:
    said = json.loads(forger.made.data)
    one, two = said["anchors"][0], said["anchors"][1]
    one["checkpoint"], two["checkpoint"] = two["checkpoint"], one["checkpoint"]
    return written(said)


def _anchor_of_another_size(forger: Forger, deal: Disputed) -> bytes:
    said = json.loads(forger.made.data)
    text = said["anchors"][0]["checkpoint"].split("\n")
    text[1] = str(int(text[1]) + 1)
    said["anchors"][0]["checkpoint"] = "\n".join(text)
    return written(said)


def _foreign_fact(forger: Forger, deal: Disputed) -> bytes:
    """A true fact of the log, of somebody else's deal."""
    other = next(
        one
        for one in stored(forger.trail.house.audited, Wanted(up_to=forger.heads.log_size))
        if one.topic.startswith("registration_submitted.")
    )
    facts = sorted([*forger.made.facts, (Known(other), True)], key=lambda one: one[0].stored.position)
    return forger.forge(facts=facts)


def _whole_foreign_deal_as_the_subject(forger: Forger, deal: Disputed) -> bytes:
    other = next(
        one
        for one in stored(forger.trail.house.audited, Wanted(up_to=forger.heads.log_size))
        if one.topic.startswith("registration_submitted.")
    )
    return forger.forge(label={"kind": "deal", "id": other.stream})


def _another_value(forger: Forger, deal: Disputed) -> bytes:
    return forger.forge(values={ref: ("somebody else", salt) for ref, (_, salt) in forger.made.values.items()})


def _another_heads_fact(forger: Forger, deal: Disputed) -> bytes:
    """The root of a map of the forger's own, written into the recorded fact."""
    forged = HeadsMap(head for head in forger.heads.map.heads if head.stream != deal.rival)
    said = next(one for one, _ in forger.made.facts if one.stored.topic == evidence.HEADS)
    text = said.stored.state.replace(forger.heads.map.root.hex().encode(), forged.root.hex().encode())
    facts = [
        (Known(one.stored._replace(state=text)) if one is said else one, shown)
        for one, shown in forger.without(_of(deal.rival))
    ]
    return forger.forge(facts=facts, absent=[deal.rival], heads=replace_map(forger.heads, forged))


def _without_the_newest(forger: Forger, deal: Disputed) -> bytes:
    """A later checkpoint, and nothing that says how old the map is."""
    forger.trail.world["beta"].post("/registrations", claim("BETA", None, domain="meanwhile.example"))
    size = forger.trail.seal()
    note = forger.trail.sealer.own.note
    seen = cosignature(note.partition("\n\n")[0] + "\n", forger.trail.witness, 1_800_000_000)
    tree = Tree.of(one.leaf for one in stored(forger.trail.house.audited, Wanted(up_to=size)))
    return forger.forge(newest=Sealed(ORIGIN, size, note + seen, ()), tree=tree)


# ruff: noqa: ARG005 - an attack is told of the deal whether it needs to be or not
ATTACKS: dict[str, Callable[[Forger, Disputed], bytes]] = {
    "drop the first fact of the deal": lambda f, d: f.forge(facts=f.without(_of(d.deal, 1))),
    "drop a fact in the middle of the file": lambda f, d: f.forge(facts=f.without(_of(_file(f), 4))),
    "drop the newest fact of the rival": lambda f, d: f.forge(facts=f.without(_of(d.rival, 3))),
    "drop the newest fact and forge the head": _forged_head,
    "drop the rival's deal": lambda f, d: f.forge(facts=f.without(_of(d.rival))),
    "drop the conflict": lambda f, d: f.forge(facts=f.without(_of(d.conflict))),
    "drop the customer's file": lambda f, d: f.forge(facts=f.without(_of(_file(f)))),
    "drop the rulebook": lambda f, d: f.forge(facts=f.without(_of(_rulebook(f)))),
    "drop everything but the deal itself": lambda f, d: f.forge(facts=[
        one for one in f.made.facts if one[0].stored.stream == d.deal or one[0].stored.position > f.heads.log_size]),
    "hide the rulebook behind a digest": lambda f, d: f.forge(
        facts=[(one, shown and not _of(_rulebook(f))(one.stored)) for one, shown in f.made.facts]),
    "replace the rulebook": lambda f, d: f.forge(facts=[
        (Known(one.stored._replace(state=one.stored.state.replace(b"2026-1", b"2026-2"))) if _of(_rulebook(f))(one.stored) else one, shown)
        for one, shown in f.made.facts]),
    "edit an amount": lambda f, d: f.forge(facts=[
        (Known(one.stored._replace(state=one.stored.state.replace(b"48000", b"98000"))), shown) for one, shown in f.made.facts]),
    "edit the actor of the ruling": lambda f, d: f.forge(facts=[
        (Known(one.stored._replace(state=one.stored.state.replace(b'"u-desk"', b'"u-emea"'))), shown) for one, shown in f.made.facts]),
    "edit a date": lambda f, d: f.forge(facts=f.edited(_of(d.deal, 1), recorded_at="2026-01-01T00:00:00.000000Z")),
    "edit who recorded it": lambda f, d: f.forge(facts=f.edited(_of(d.deal, 1), recorded_by="dealreg_owner")),
    "give a fact another name": lambda f, d: f.forge(facts=f.edited(_kind("claim_entered"), topic="claim_declined.v1")),
    "put a fact into another stream": lambda f, d: f.forge(facts=f.edited(_of(d.rival, 2), stream=d.deal)),
    "wipe a salt": lambda f, d: f.forge(facts=f.edited(_of(d.deal, 1), salt=bytes(32))),
    "swap the proofs of two facts": _swapped_proofs,
    "swap two facts": _swapped_events,
    "forge an absence": _forged_absence,
    "claim an absence over a gap": _absence_over_a_gap,
    "forge the fact with the map's root": _another_heads_fact,
    "hide how old the map is": _without_the_newest,
    "a checkpoint of another log": _other_logs_checkpoint,
    "sign with another key": _unknown_key,
    "fork the log with its stolen key": _fork_with_the_stolen_key,
    "move an earlier checkpoint": _moved_anchor,
    "give an earlier checkpoint another size": _anchor_of_another_size,
    "add a true fact of another deal": _foreign_fact,
    "name another deal as the subject": _whole_foreign_deal_as_the_subject,
    "name the deal a conflict": lambda f, d: f.forge(label={"kind": "conflict", "id": d.deal}),
    "name the file a deal": lambda f, d: f.forge(label={"kind": "deal", "id": _file(f)}),
    "name the customer in another program": lambda f, d: f.forge(label={"kind": "customer", "id": d.customer, "program": "other"}),
    "show another personal value": _another_value,
    "leave the personal values out": lambda f, d: written({**json.loads(f.made.data), "personal": []}),
}  # fmt: skip


@pytest.mark.timeout(300)
def test_requirement_12_what_a_forger_makes_of_a_bundle_is_refused(disputed: Disputed, capsys):
    forger = Forger(disputed.trail, disputed.trail.make("deal", disputed.deal))
    assert proved(forger.forge(), disputed.trail.policy()), "what the forger makes of the true parts is taken"
    assert forger.forge() == forger.made.data
    said = {}
    for name, attack in ATTACKS.items():
        data = attack(forger, disputed)
        assert data != forger.made.data, name
        with pytest.raises(Refused) as refused:
            proved(data, disputed.trail.policy())
        said[name] = str(refused.value)
    assert len(said) >= 20
    with capsys.disabled():
        print("".join(f"\n{name}: {why[:110]}" for name, why in said.items()))  # noqa: T201 - which check found which attack
    for name, words in {
        "drop the first fact of the deal": "fact 1 is missing",
        "drop a fact in the middle of the file": "fact 4 is missing",
        "drop the newest fact of the rival": "is not whole",
        "drop the rival's deal": f"leaves out stream {disputed.rival}",
        "drop the conflict": f"leaves out stream {disputed.conflict}",
        "drop the rulebook": "rulebook 2026-1 of reference",
        "a checkpoint of another log": "the policy does not name",
        "sign with another key": "no key that counts",
        "fork the log with its stolen key": "0 trusted witnesses",
    }.items():
        assert words in said[name], name


def test_requirement_12_a_policy_that_asks_for_less_completeness_still_wants_the_subject(disputed: Disputed):
    """With ``require_completeness`` off the rival may be left out; of the deal itself nothing may."""
    forger, lenient = (
        Forger(disputed.trail, disputed.trail.make("deal", disputed.deal)),
        disputed.trail.policy(require_completeness=False),
    )
    alone = [
        one
        for one in forger.made.facts
        if one[0].stored.stream == disputed.deal or one[0].stored.position > forger.heads.log_size
    ]
    assert any("NOT in this bundle" in line for line in proved(forger.forge(facts=alone, anchors=[]), lenient))
    with pytest.raises(Refused, match=r"fact 2|not whole"):
        proved(forger.forge(facts=[one for one in alone if one[0].stored.version != 2], anchors=[]), lenient)


def test_requirement_12_an_old_map_is_stale_and_an_old_bundle_is_noticed_by_who_knows_a_newer_size(
    disputed: Disputed, monkeypatch
):
    trail = disputed.trail
    old = trail.make("deal", disputed.deal)
    trail.world["beta"].post("/registrations", claim("BETA", None, domain="lodz.example"))
    size = trail.seal()
    assert proved(old.data, trail.policy())
    with pytest.raises(Refused, match="older than"):
        proved(old.data, trail.policy(), at_least=size)

    forger = Forger(trail, old)
    note = trail.sealer.own.note
    seen = cosignature(note.partition("\n\n")[0] + "\n", trail.witness, 1_900_000_000)
    log = list(stored(trail.house.audited, Wanted(up_to=size)))
    facts = [*(one for one in old.facts if one[0].stored.position <= forger.heads.position), (Known(log[-1]), False)]
    late = forger.forge(
        facts=facts, newest=Sealed(ORIGIN, size, note + seen, ()), anchors=[], tree=Tree.of(one.leaf for one in log)
    )
    upto = [line for line in proved(late, trail.policy()) if f"complete up to position {forger.heads.log_size}" in line]
    assert upto, "within some minutes it says up to where it is complete"
    monkeypatch.setattr(evidence, "STALE", 0)
    with pytest.raises(Refused, match="stale"):
        proved(late, trail.policy())


def test_an_earlier_checkpoint_stands_once_and_in_order(disputed: Disputed):
    made = disputed.trail.make("deal", disputed.deal)
    forger = Forger(disputed.trail, made)
    for anchors in ([*made.anchors, made.anchors[-1]], [made.anchors[1], made.anchors[0]]):
        with pytest.raises(Refused, match="stands where it does not belong"):
            proved(forger.forge(anchors=anchors), disputed.trail.policy())


def test_keys_witnesses_and_quorum_are_those_of_the_policy(disputed: Disputed, tmp_path):
    trail = disputed.trail
    made = trail.make("deal", disputed.deal)
    other = FileSigner("witness.test/w2", tmp_path / "w2")
    (log,) = trail.policy()["logs"]
    key = log["keys"][0]
    both = [{"vkey": vkey(trail.witness, COSIGNED)}, {"vkey": vkey(other, COSIGNED)}]
    policies: dict[str, dict[str, Any]] = {
        "a revoked key": {"logs": [{**log, "keys": [{**key, "to_size": made.newest.size}]}]},
        "a key that counts only later": {"logs": [{**log, "keys": [{**key, "from_size": made.newest.size + 1}]}]},
        "no key": {"logs": [{**log, "keys": []}]},
        "no log": {"logs": []},
        "a quorum that is not met": {"witnesses": both, "quorum": 2},
        "another witness": {"witnesses": both[1:]},
        "a witness of the same name": {
            "witnesses": [{"vkey": vkey(FileSigner(trail.witness.name, tmp_path / "w3"), COSIGNED)}]
        },
        "one witness twice": {"witnesses": [both[0], both[0]]},
    }
    for name, policy in policies.items():
        asked = trail.policy(**policy)
        with pytest.raises(Refused):
            pytest.fail(f"{name}: {proved(made.data, asked)}")
    rotated = {**log, "keys": [{"vkey": vkey(FileSigner(ORIGIN, tmp_path / "next")), "from_size": made.newest.size + 1, "to_size": None},
                               {**key, "to_size": made.newest.size + 1}]}  # fmt: skip
    assert proved(made.data, trail.policy(logs=[rotated])), "an old bundle stays good after the rotation"


def test_a_fact_dated_ahead_before_it_was_sealed_is_convicted_by_the_witness(trail: Trail, servers):
    """The database's own superuser changes a date that no checkpoint covers yet: the log seals it, and the witness saw it too early."""
    trail.seal()
    second = int(time.time())
    done = trail.world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain="dated.example"))
    name = psycopg.conninfo.conninfo_to_dict(trail.world.settings.database_url("owner"))["dbname"]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE ledger.events SET recorded_at = recorded_at + interval '1.9 s' WHERE position > (SELECT max(size) FROM seal.checkpoints)"
        )
    size = trail.seal(cosigned=False)
    trail.cosign(size, trail.sealer.own.note, second)
    made = trail.make("deal", done.json()["registration"])
    assert size in {one.size for one in made.anchors}
    with pytest.raises(Refused, match="dated after a witness saw the log with it"):
        proved(made.data, trail.policy(skew_seconds=1))


def _colluding(forger: Forger, facts: Facts, **more: Any) -> bytes:
    """The log's key and the witness's in one hand: a tree is made for whatever the facts say, and signed by both."""
    edited = {one.stored.position: one.stored.leaf for one, _ in facts}
    tree = Tree.of(edited.get(at + 1, forger.tree.leaf(at)) for at in range(forger.tree.size))
    heads = HeadsMap(head._replace(leaf=edited.get(head.position, head.leaf)) for head in forger.heads.map.heads)
    sealing = next(one for one, _ in facts if one.stored.position == forger.heads.position)
    root = sealing.stored.state.replace(forger.heads.map.root.hex().encode(), heads.root.hex().encode())
    facts = [(Known(one.stored._replace(state=root)) if one is sealing else one, shown) for one, shown in facts]
    edited = {one.stored.position: one.stored.leaf for one, _ in facts}
    tree = Tree.of(edited.get(at + 1, forger.tree.leaf(at)) for at in range(forger.tree.size))
    newest = _signed(forger, ORIGIN, "log", tree, at=int(time.time()))
    return forger.forge(
        facts=facts, newest=newest, anchors=[], tree=tree, heads=replace_map(forger.heads, heads), **more
    )


class Odd(Known):
    """A fact of which nobody looks at what it says before it is in the bundle."""

    said = {"meta": {"program": PROGRAM}, "data": {}}


NOT_SEALED_BY_US: tuple[tuple[dict[str, Any], str], ...] = (
    ({"recorded_at": "2026-01-01T00:00:00.000000Z"}, "a clock set back"),
    ({"recorded_at": "2026-13-01T00:00:00.000000Z"}, "a clock set back"),
    ({"state": b"{"}, "is no JSON"),
    ({"state": b"[" * 100_000}, "is no JSON"),
    ({"state": b"[]"}, "is no fact"),
    ({"state": b'{"meta": {}, "data": {}}'}, "is no fact"),
    ({"state": b'{"meta": {"program": "p"}, "data": []}'}, "is no fact"),
    ({"state": b'{"meta": {"program": "p", "read": 5}, "data": {}}'}, "does not have the shape"),
    ({"state": b'{"meta": {"program": "reference"}, "data": {"registration": "x"}}'}, "leaves out stream x"),
)


def test_what_no_honest_log_holds_is_refused_in_a_sentence(disputed: Disputed):
    """Even where the log and its witness are in one hand: what they sealed has to be a fact, and dates may not fall."""
    forger = Forger(disputed.trail, disputed.trail.make("deal", disputed.deal))
    true = _colluding(forger, list(forger.made.facts))
    assert proved(true, disputed.trail.policy()), "whoever has both keys may sign, and what he signs is whole"
    for fields, says in NOT_SEALED_BY_US:
        facts = forger.edited(_of(disputed.deal, 2), **fields)
        odd = [(Odd(one.stored) if _of(disputed.deal, 2)(one.stored) else one, shown) for one, shown in facts]
        data = _colluding(forger, odd)
        with pytest.raises(Refused, match=says):
            proved(data, disputed.trail.policy())
    newest = forger.edited(
        lambda fact: fact.position == forger.heads.position, recorded_at="9999-13-01T00:00:00.000000Z"
    )
    with pytest.raises(Refused, match="no date"):
        proved(_colluding(forger, newest), disputed.trail.policy())


def _resaid(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    said = json.loads(data)
    change(said)
    return written(said)


def test_each_part_that_is_there_has_a_use_and_an_order(disputed: Disputed):
    trail = disputed.trail
    forger = Forger(trail, trail.make("deal", disputed.deal))
    nobody = str(UUID(int=5))
    unused = {head.stream for head in forger.heads.map.heads[:1]} | {
        one.stored.stream for one, _ in forger.made.facts[:-1]
    }
    # A size between two of the witnesses' with no fact of the bundle between them, whatever the log of today holds.
    dating = sorted({0, *(anchor.size for anchor in forger.made.anchors)})
    told = {one.stored.position for one, _ in forger.made.facts}
    size = next(
        low + 1 for low, high in pairwise(dating) if high - low > 1 and not told & set(range(low + 1, high + 1))
    )
    tree = Tree.of(forger.tree.leaf(at) for at in range(size))
    useless = _signed(forger, ORIGIN, "log", tree, at=int(time.time()))
    absent = trail.make("customer", nobody).data
    for says, data in {
        "for nothing": _resaid(forger.made.data, lambda said: said["nodes"].append("A" * 43 + "=")),
        "twice": _resaid(forger.made.data, lambda said: said["nodes"].append(said["nodes"][0])),
        "names a node that is not there": _resaid(
            forger.made.data, lambda said: said["events"][0].update(proof="99999")
        ),
        "absence of what nobody asks": forger.forge(absent=[nobody]),
        "entry of the map of stream heads is there for nothing": forger.forge(
            complete=unused | {_other_stream(forger)}
        ),
        "entries of the map of stream heads are not in order": _resaid(
            forger.made.data, lambda said: said["heads"]["entries"].reverse()
        ),
        "absent streams are not in order": _resaid(absent, lambda said: said["heads"]["absent"].reverse()),
        "dates nothing": forger.forge(anchors=sorted([*forger.made.anchors, useless], key=lambda one: one.size)),
        "the one way": json.dumps(json.loads(forger.made.data)).encode(),
        "newest fact of the checkpoint, is not there": forger.forge(facts=forger.made.facts[:-1]),
    }.items():
        with pytest.raises(Refused) as refused:
            proved(data, trail.policy())
        assert says in str(refused.value)


def _other_stream(forger: Forger) -> str:
    inside = {one.stored.stream for one, _ in forger.made.facts}
    return next(head.stream for head in forger.heads.map.heads if head.stream not in inside)


def test_a_fact_behind_the_map_of_streams_is_no_part_of_a_bundle(disputed: Disputed):
    """What came after the map was made may not be shown as if it were complete."""
    trail = disputed.trail
    made = trail.make("deal", disputed.deal)
    forger = Forger(trail, made)
    trail.world["beta"].post("/registrations", claim("BETA", None, domain="behind.example"))
    size = trail.seal()
    note = trail.sealer.own.note
    seen = cosignature(note.partition("\n\n")[0] + "\n", trail.witness, int(time.time()))
    log = [Known(one) for one in stored(trail.house.audited, Wanted(up_to=size))]
    kept = [one for one in made.facts if one[0].stored.position <= forger.heads.position]
    facts = [*kept, (log[-2], True), (log[-1], False)]
    data = forger.forge(
        facts=facts,
        newest=Sealed(ORIGIN, size, note + seen, ()),
        anchors=[],
        tree=Tree.of(one.stored.leaf for one in log),
    )
    with pytest.raises(Refused, match="lies behind the map of stream heads"):
        proved(data, trail.policy())


def test_a_witness_whose_clock_was_set_back_is_refused(disputed: Disputed):
    trail = disputed.trail
    forger = Forger(trail, trail.make("deal", disputed.deal))
    now = int(time.time())
    first = forger.made.anchors[0]
    ahead = first._replace(note=first.note.rpartition("— ")[0] + cosignature(first.body, trail.witness, now + 60))
    behind = _signed(forger, ORIGIN, "log", at=now)
    with pytest.raises(Refused, match=r"the clock of witness witness.test/w1 was set back"):
        proved(forger.forge(anchors=[ahead], newest=behind), trail.policy(skew_seconds=3600))


def test_a_period_that_is_none_is_refused(disputed: Disputed):
    trail = disputed.trail
    data = trail.of(Subject(Kind.PERIOD, "some facts", PROGRAM, 21, 27)).data
    labels: tuple[dict[str, int], ...] = (
        {"first": 0},
        {"first": 29},
        {"first": 10**18},
        {"last": 19},
        {"last": 10**18},
    )
    for label in labels:
        said = json.loads(data)
        said["subject"].update(label)
        with pytest.raises(Refused):
            proved(written(said), trail.policy())
    with pytest.raises(Refused, match="a period is a row of positions"):
        proved(
            _resaid(data, lambda said: said.update(heads={"position": 1, "entries": [], "absent": []})), trail.policy()
        )


def test_a_fact_that_a_witness_did_not_see_may_not_be_older_than_its_look(disputed: Disputed):
    """An earlier checkpoint that a witness signed after the fact was dated, and that does not hold it."""
    trail = disputed.trail
    made = trail.make("deal", disputed.deal)
    forger = Forger(trail, made)
    first = made.anchors[0]
    seen = cosignature(first.body, trail.witness, int(time.time()) + 60)
    late = first._replace(note=first.note.rpartition("— ")[0] + seen)
    assert proved(forger.forge(anchors=[first]), trail.policy())
    with pytest.raises(Refused, match="dated before a witness saw the log without it"):
        proved(forger.forge(anchors=[late]), trail.policy())


def test_a_checkpoint_that_was_witnessed_late_is_left_out_and_dates_nothing(trail: Trail):
    """While the sealer was away a fact was recorded; a witness that signs the old checkpoint only then says nothing against it."""
    trail.world["beta"].post("/registrations", claim("BETA", None, domain="before.example"))
    size, note = trail.seal(cosigned=False), trail.sealer.own.note
    deal = (
        trail.world["alpha"]
        .post("/registrations", claim("ALPHA", "NORTH", domain="late.example"))
        .json()["registration"]
    )
    trail.cosign(size, note, int(time.time()) + 60)
    made = trail.make("deal", deal)
    assert size not in {one.size for one in made.anchors}
    assert proved(made.data, trail.policy())


def test_a_period_is_a_row_of_positions_with_a_neighbour_at_both_ends(disputed: Disputed):
    trail = disputed.trail
    made = trail.of(Subject(Kind.PERIOD, "some facts", PROGRAM, 21, 27))
    assert [one["position"] for one in json.loads(made.data)["events"]] == list(range(20, 29))
    assert any("all 7 facts at positions 21 to 27" in line for line in proved(made.data, trail.policy()))
    changes: dict[str, Callable[[list[dict[str, Any]]], object]] = {
        "without the neighbour before": lambda events: events.pop(0),
        "without the neighbour behind": lambda events: events.pop(),
        "with a hole": lambda events: events.pop(3),
        "with one before": lambda events: events.insert(0, dict(events[0], position=events[0]["position"] - 1)),
    }
    for name, change in changes.items():
        said = json.loads(made.data)
        change(said["events"])
        with pytest.raises(Refused):
            pytest.fail(f"{name}: {proved(written(said), trail.policy())}")


def test_the_ends_of_the_log_are_the_ends_of_a_period_and_an_empty_one_is_proved(disputed: Disputed):
    trail = disputed.trail
    first = proved(trail.of(Subject(Kind.PERIOD, "from the beginning", PROGRAM, 1, 2)).data, trail.policy())
    assert any("after the log began" in line for line in first)
    nothing = trail.of(Subject(Kind.PERIOD, "nothing", PROGRAM, 5, 4))
    assert any("all 0 facts at positions 5 to 4" in line for line in proved(nothing.data, trail.policy()))


def test_requirement_13_absence_is_proved_by_two_neighbours_and_at_both_edges(disputed: Disputed):
    trail = disputed.trail
    ids = [str(UUID(int=0)), "7fffffff-ffff-4fff-8fff-ffffffffffff", str(UUID(int=2**128 - 1))]
    for identity in ids:
        made = trail.make("deal", identity)
        lines = proved(made.data, trail.policy())
        assert any(f"nothing was ever recorded of {identity}" in line for line in lines)
        said = json.loads(made.data)["heads"]
        assert len(said["entries"]) == (1 if identity in {ids[0], ids[-1]} else 2)
    for identity, kind in ((disputed.deal, "deal"), (disputed.conflict, "conflict"), (disputed.customer, "customer")):
        assert not any(line.startswith("absent") for line in proved(trail.make(kind, identity).data, trail.policy()))


def test_requirement_13_a_forged_absence_is_refused(disputed: Disputed):
    """Of a deal that is there: with the neighbours that it has, and with a map that lacks it."""
    trail = disputed.trail
    made = trail.make("deal", "00000000-0000-4000-8000-000000000001")
    forger, label = Forger(trail, made), {"kind": "deal", "id": disputed.deal}
    lacking = HeadsMap(head for head in forger.heads.map.heads if head.stream != disputed.deal)
    with pytest.raises(Refused):
        proved(
            forger.forge(label=label, absent=[disputed.deal], heads=replace_map(forger.heads, lacking)), trail.policy()
        )
    place = forger.heads.map.place(disputed.deal)
    assert place is not None
    said = json.loads(
        forger.forge(label=label, complete={forger.heads.map.heads[at].stream for at in (place - 1, place + 1)})
    )
    said["heads"]["absent"] = [disputed.deal]
    with pytest.raises(Refused, match=r"not proved that there is no stream"):
        proved(written(said), trail.policy())


def test_requirement_13_no_earlier_claim_on_the_customer(disputed: Disputed):
    """The customer's file is whole from its first version, so the first claim in it is the first there ever was."""
    lines = proved(disputed.trail.make("customer", disputed.customer).data, disputed.trail.policy())
    assert any(line.startswith("no earlier claim: the first in file") for line in lines)
    made = disputed.trail.make("customer", "00000000-0000-4000-8000-00000000000c")
    assert sum(line.startswith("absent") for line in proved(made.data, disputed.trail.policy())) == 2


def test_a_registration_whose_customer_has_no_claim_proves_that_there_is_none(trail: Trail):
    """Incomplete, it entered no file: the file is named by the registration, so that it is absent belongs to the evidence."""
    asked = claim("ALPHA", "NORTH", domain="incomplete.example")
    del asked["close_on"], asked["value"]
    deal = trail.world["alpha"].post("/registrations", asked).json()["registration"]
    made = trail.make("deal", deal)
    lines = proved(made.data, trail.policy())
    (absent,) = json.loads(made.data)["heads"]["absent"]
    assert f"nothing was ever recorded of {absent}" in "\n".join(lines)
    assert not any(line.startswith("no earlier claim") for line in lines)
    forger = Forger(trail, made)
    with pytest.raises(Refused, match=f"leaves out stream {absent}"):
        proved(forger.forge(), trail.policy())
