"""What somebody can do to a database who is its superuser: each attack of the design's table, and some more (audit 4.9)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from dealreg.proof.note import checkpoint_body, signed_note
from dealreg.proof.tree import Tree
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.keys import FileSigner
from tests.fix_attacks import FIRST, LOG, Attacked
from tests.fix_histories import START, Claim, History, customer

TILED, RAGGED = 100, 420
"""A position below the last full tile, and one behind it."""

INSERT = (
    "INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)"
    " SELECT {position}, gen_random_uuid(), 1, 'registration_submitted.v1', state, {at}, 'dealreg_app'"
    " FROM ledger.events WHERE topic = 'registration_submitted.v1' ORDER BY position LIMIT 1"
)
FAR = 1_000_000
"""By so much rows are moved out of the way while others take their places."""


@dataclass(frozen=True)
class Attack:
    """``what`` is done and how it is ``repaired``; then the honest sealer may seal on; ``limit`` says why it is not found."""

    what: str
    act: Callable[[Attacked], Any]
    repaired: str = ""
    then_sealed: bool = False
    models: bool = False
    limit: str = ""

    @property
    def name(self) -> str:
        return f"{self.what}, {self.repaired} repaired" if self.repaired else self.what


def edited(position: int) -> Callable[[Attacked], Any]:
    """The value of a deal, or whatever comes first, is another."""

    def act(db: Attacked) -> None:
        state = db.run("SELECT state FROM ledger.events WHERE position = %s", position)[0][0]
        stored = json.loads(state)
        field = next(name for name, value in stored["data"].items() if isinstance(value, str | int))
        stored["data"][field] = "another"
        db.run("UPDATE ledger.events SET state = %s WHERE position = %s", json.dumps(stored).encode(), position)

    return act


def altered(assignment: str, position: int = TILED) -> Callable[[Attacked], Any]:
    return lambda db: db.run(f"UPDATE ledger.events SET {assignment} WHERE position = {position}")


def with_repair(act: Callable[[Attacked], Any], how: Callable[[Attacked], Any]) -> Callable[[Attacked], Any]:
    def both(db: Attacked) -> None:
        act(db)
        how(db)

    return both


def tiles(db: Attacked) -> None:
    db.repair_tiles()


def all_without_key(db: Attacked) -> None:
    db.repair(None)


def all_with_own_key(db: Attacked) -> None:
    db.repair(FileSigner(LOG, db.things.state.parent / "forged"))


def all_with_stolen_key(db: Attacked) -> None:
    db.repair(db.signer)


def deleted(condition: str) -> Callable[[Attacked], Any]:
    return lambda db: db.run(f"DELETE FROM ledger.events WHERE {condition}")


def stream_deleted(db: Attacked) -> None:
    """The whole life of one registration."""
    db.run(
        "DELETE FROM ledger.events WHERE originator_id = (SELECT originator_id FROM ledger.events WHERE position = %s)",
        TILED,
    )


def shifted(db: Attacked, first: int, by: int) -> None:
    db.run(f"UPDATE ledger.events SET position = position + {FAR} WHERE position >= {first}")
    db.run(f"UPDATE ledger.events SET position = position - {FAR - by} WHERE position >= {FAR}")


def deleted_and_closed(db: Attacked) -> None:
    """The last fact of a stream goes, and those behind it close the gap."""
    position = db.run(
        "SELECT max(position) FROM ledger.events WHERE originator_id = (SELECT originator_id FROM ledger.events WHERE position = %s)",
        TILED,
    )[0][0]
    db.run("DELETE FROM ledger.events WHERE position = %s", position)
    shifted(db, position + 1, -1)


def inserted(db: Attacked) -> None:
    shifted(db, TILED, 1)
    db.run(INSERT.format(position=TILED, at=f"(SELECT recorded_at FROM ledger.events WHERE position = {TILED - 1})"))


def swapped(one: int, other: int, *, times: bool = False) -> Callable[[Attacked], Any]:
    """Two facts in each other's place; with ``times`` each takes on the other's instant too."""

    def act(db: Attacked) -> None:
        at = dict(db.run(f"SELECT position, recorded_at FROM ledger.events WHERE position IN ({one}, {other})"))
        db.run(f"UPDATE ledger.events SET position = {FAR} WHERE position = {one}")
        db.run(f"UPDATE ledger.events SET position = {one} WHERE position = {other}")
        db.run(f"UPDATE ledger.events SET position = {other} WHERE position = {FAR}")
        if times:
            for position in (one, other):
                db.run("UPDATE ledger.events SET recorded_at = %s WHERE position = %s", at[position], position)

    return act


def cut(db: Attacked) -> None:
    """The last checkpoints and every fact behind the one that stays."""
    size = db.run("SELECT size FROM seal.checkpoints ORDER BY size DESC OFFSET 3 LIMIT 1")[0][0]
    db.run("DELETE FROM seal.cosignatures WHERE size > %s", size)
    db.run("DELETE FROM seal.checkpoints WHERE size > %s", size)
    db.run("DELETE FROM seal.tiles WHERE (tile + 1) * 256 > %s", size)
    db.run("DELETE FROM ledger.events WHERE position > %s", size)
    db.run("UPDATE seal.standing SET size = %s", size)


def appended(at: str, count: int = 1) -> Callable[[Attacked], Any]:
    """Facts at the end, past the door, with instants of the attacker's choice."""

    def act(db: Attacked) -> None:
        for _ in range(count):
            db.run(INSERT.format(position="(SELECT max(position) + 1 FROM ledger.events)", at=at))

    return act


def between_the_seals(db: Attacked) -> None:
    """Dated just behind the last sealed fact: before a witness saw the log without it."""
    sealed = db.run("SELECT max(size) FROM seal.checkpoints")[0][0]
    after = f"(SELECT recorded_at + interval '1 microsecond' FROM ledger.events WHERE position = {sealed})"
    db.run(INSERT.format(position=sealed + 1, at=after))


def rewritten(db: Attacked) -> None:
    """Every registration was filed by somebody else."""
    another = "convert_to(replace(convert_from(state, 'UTF8'), 'dealer-1', 'dealer-9'), 'UTF8')"
    db.run(f"UPDATE ledger.events SET state = {another} WHERE position >= {FIRST}")


def stolen_key_future(db: Attacked) -> None:
    """From now on the thief writes and signs."""
    appended("clock_timestamp()")(db)
    tree = db.tree()
    note = signed_note(checkpoint_body(LOG, tree.size, tree.root()), [db.signer])
    db.run(
        "INSERT INTO seal.checkpoints (origin, size, root, note) VALUES (%s, %s, %s, %s)",
        LOG,
        tree.size,
        tree.root(),
        note,
    )
    db.repair_tiles()


def unsealed_deleted(db: Attacked) -> None:
    """Three facts are recorded, and the last is gone again before the sealer comes."""
    app_lies(db)
    db.run("DELETE FROM ledger.events WHERE position = (SELECT max(position) FROM ledger.events)")


def app_lies(db: Attacked) -> None:
    """Nobody attacks: the application records, through the front door, what is not true."""
    db.root.commit()
    with Ledger(db.url) as ledger:
        history = History()
        Claim("lie", customer("lie"), "north", "dealer-1").filed(history, START - timedelta(days=30))
        history.save(ledger)


def unknown(db: Attacked) -> None:
    """A fact of no kind that there is, past the door."""
    appended("clock_timestamp()")(db)
    db.run(
        "UPDATE ledger.events SET topic = 'no_such_fact.v1' WHERE position = (SELECT max(position) FROM ledger.events)"
    )


def false_root(db: Attacked) -> None:
    size = db.run("SELECT size FROM seal.checkpoints ORDER BY size OFFSET 2 LIMIT 1")[0][0]
    db.run("UPDATE seal.checkpoints SET root = sha256(root) WHERE size = %s", size)


def two_histories(db: Attacked) -> None:
    """One checkpoint in the middle speaks of rows that never were, with the log's own signature."""
    size = db.run("SELECT size FROM seal.checkpoints ORDER BY size OFFSET 2 LIMIT 1")[0][0]
    root = Tree.of([bytes(32)] * size).root()
    note = signed_note(checkpoint_body(LOG, size, root), [db.signer])
    db.run("UPDATE seal.checkpoints SET root = %s, note = %s WHERE size = %s", root, note, size)


def forged_cosignature(db: Attacked) -> None:
    db.run("DELETE FROM seal.cosignatures WHERE size = (SELECT max(size) FROM seal.checkpoints)")
    db.run(
        "INSERT INTO seal.cosignatures (origin, size, witness, line, cosigned_at)"
        " SELECT origin, (SELECT max(size) FROM seal.checkpoints), witness, line, cosigned_at FROM seal.cosignatures LIMIT 1"
    )


def model_changed(db: Attacked) -> None:
    [(schema,)] = db.run(
        "SELECT model || '_g' || generation FROM projection.generations WHERE model = 'my_deals' AND state = 'live'"
    )
    db.run(
        f"UPDATE {schema}.my_deals SET customer_name = 'somebody else' WHERE ctid = (SELECT min(ctid) FROM {schema}.my_deals)"
    )


def nothing(db: Attacked) -> None:
    """The control."""


def _edits() -> list[Attack]:
    edit, behind = edited(TILED), edited(RAGGED)
    stolen = "a key that signs can sign anything: only what lies elsewhere convicts it"
    return [
        Attack("edit a payload", edit),
        Attack("edit a payload behind the last full tile", behind),
        Attack("edit a payload", with_repair(edit, tiles), "the tiles"),
        Attack("edit a payload", with_repair(edit, all_without_key), "tiles and checkpoints, without a key"),
        Attack("edit a payload", with_repair(edit, all_with_own_key), "tiles and checkpoints, with a key of his own"),
        Attack("edit a payload", with_repair(edit, all_with_stolen_key), "tiles and checkpoints, with the stolen key", limit=stolen),
        Attack("change a topic", altered("topic = 'registration_withdrawn.v1'")),
        Attack("change a topic behind the last full tile", altered("topic = 'registration_withdrawn.v1'", RAGGED)),
        Attack("change a topic", with_repair(altered("topic = 'registration_withdrawn.v1'"), tiles), "the tiles"),
        Attack("give a fact to another stream", altered("originator_id = (SELECT originator_id FROM ledger.events WHERE position = 60), originator_version = 99")),
        Attack("change a version", altered("originator_version = 7")),
        Attack("change who recorded a fact", altered("recorded_by = 'postgres'")),
        Attack("date a fact an hour back", altered("recorded_at = recorded_at - interval '1 hour'")),
        Attack("date a fact a microsecond later", altered("recorded_at = recorded_at + interval '1 microsecond'")),
        Attack("date a fact an hour back, behind the last full tile", altered("recorded_at = recorded_at - interval '1 hour'", RAGGED)),
        Attack("wipe a salt", altered(r"salt = decode(repeat('00', 32), 'hex')")),
        Attack("put something that is no JSON", altered(r"state = '\x00ff'")),
        Attack("rewrite everything", with_repair(rewritten, all_with_own_key), "tiles and checkpoints, with a key of his own"),
        Attack("rewrite everything", with_repair(rewritten, all_with_stolen_key), "tiles and checkpoints, with the stolen key", limit=stolen),
    ]  # fmt: skip


def _places() -> list[Attack]:
    last = "(SELECT max(recorded_at) FROM ledger.events)"
    return [
        Attack("delete a row in the middle", deleted(f"position = {TILED}")),
        Attack("delete a row in the middle", with_repair(deleted(f"position = {TILED}"), tiles), "the tiles"),
        Attack("delete a whole stream", stream_deleted),
        Attack("delete a stream's last fact and close the gap", deleted_and_closed),
        Attack("delete a stream's last fact and close the gap", with_repair(deleted_and_closed, all_with_stolen_key), "tiles and checkpoints, with the stolen key", limit="as above"),
        Attack("delete the last sealed fact", deleted("position = (SELECT max(size) FROM seal.checkpoints)")),
        Attack("cut the end off", cut, "its checkpoints are gone too", limit="what is gone with its proof leaves no trace inside"),
        Attack("delete a fact that is not sealed yet", unsealed_deleted, limit="nothing says that it was ever there: what people fight over is sealed before it is answered, and the watcher sees the deletion"),
        Attack("insert a fact into the past and move the others up", inserted),
        Attack("insert a fact into the past and move the others up", with_repair(inserted, tiles), "the tiles"),
        Attack("insert a fact far ahead", lambda db: db.run(INSERT.format(position=10**12, at=last))),
        Attack("swap two facts", swapped(TILED, TILED + 40)),
        Attack("swap two facts and their instants", swapped(TILED, TILED + 40, times=True)),
        Attack("swap two facts behind the last full tile", swapped(RAGGED, RAGGED + 1, times=True)),
        Attack("append with an old date", appended("'2026-01-01T00:00:00Z'"), then_sealed=True),
        Attack("append with a date to come", appended("clock_timestamp() + interval '1 day'"), then_sealed=True),
        Attack("append dated between the last fact and the last witnessed checkpoint", between_the_seals, then_sealed=True),
        Attack("clock back by an hour for 20 facts", appended("clock_timestamp() - interval '1 hour'", 20), then_sealed=True),
        Attack("stolen key, future only", stolen_key_future, "signs what he adds", limit="from the theft on only the sealer's memory, witnesses and the WAL watcher tell; the key is revoked from a size on"),
        Attack("the application lies in a payload", app_lies, then_sealed=True, limit="the seal proves what was recorded and when, not that it was true: keep the signed or hashed source message"),
    ]  # fmt: skip


def _seal() -> list[Attack]:
    return [
        Attack("change a root in a checkpoint's row", false_root),
        Attack("put a checkpoint of another history in between", two_histories, "signed with the stolen key"),
        Attack("change a hash in a tile", lambda db: db.run("UPDATE seal.tiles SET hashes = set_byte(hashes, 32 * 99, get_byte(hashes, 32 * 99) # 1)")),
        Attack("delete a tile", lambda db: db.run("DELETE FROM seal.tiles")),
        Attack("forge a witness's line", forged_cosignature),
        Attack("change a personal value", lambda db: db.run("UPDATE personal.held SET value = 'Erik Mustermann'")),
        Attack("delete a personal value without saying so", lambda db: db.run("DELETE FROM personal.held")),
        Attack("add a personal value that no fact names", lambda db: db.run("INSERT INTO personal.held (ref, subject, value, salt) VALUES (%s, 'x', 'y', 'z')", uuid4())),
        Attack("let the app change the ledger", lambda db: db.run("GRANT UPDATE ON ledger.events TO dealreg_app")),
        Attack("put another function in place of a guard", lambda db: db.run("CREATE OR REPLACE FUNCTION ledger.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'")),
        Attack("record what no build knows", unknown, then_sealed=True),
        Attack("change a row of a read model", model_changed, models=True),
    ]  # fmt: skip


ATTACKS = [Attack("none (control)", nothing, limit="there is nothing to find"), *_edits(), *_places(), *_seal()]


def exchanged(db: Attacked, folder: Path) -> Path:
    """Everything is rewritten with the log's own key; who kept a checkpoint exchanges it for one that fits."""
    rewritten(db)
    db.repair(db.signer)
    kept = folder / "exchanged.note"
    kept.write_text(db.run("SELECT note FROM seal.checkpoints ORDER BY size DESC LIMIT 1")[0][0])
    return kept
