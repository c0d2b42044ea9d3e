"""`dealreg audit verify`: what it takes for proof, what it says of a log that was restored, and the verb itself."""

import json
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from dealreg.proof.note import vkey
from dealreg.proof.verify import parse_vkey
from dealreg.service.erasing.erase import erase
from dealreg.service.erasing.subjects import Whose
from dealreg.service.ledger.audit_facts import StreamHeadsSealed
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.halting import Halted
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.leaves import leaf_of, text_of
from dealreg.service.sealing.restoring import restore
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.things import Things
from dealreg.service.settings import pinned
from dealreg.service.verifying.finding import Report
from dealreg.service.verifying.rows import copied, micros_of, quick_leaf, unpacked
from dealreg.service.verifying.running import Asked, verify
from dealreg.service.verifying.scanning import scan
from dealreg.service.verifying.trusting import BadPolicy, LogKey, Trust, of_policy, of_trail
from dealreg.vocabulary.ids import StreamId, derived
from tests.fix_attacks import LOG, Attacked, Original, disarmed, dropped, made
from tests.fix_erasing import by
from tests.fix_histories import START, Claim, History, customer


def verified(url: str, trust: Trust, *outside: Path) -> Report:
    return verify(Asked(pinned(url, "dealreg_auditor"), trust, None, outside=outside))


def words(report: Report) -> list[str]:
    return [f"{one.check}: {one.what}" for one in report.findings]


def record_some(url: str, *names: str) -> int:
    history = History()
    with Ledger(url) as ledger:
        for name in names:
            Claim(name, customer(name), "north", "dealer-1").filed(history, START)
        return history.save(ledger, size=2)


def sealed(url: str, things: Things, kept: Path) -> Path:
    """Seal all there is, and keep the checkpoint elsewhere."""
    with Sealer(url, things) as sealer:
        sealer.seal_all()
        kept.write_text(sealer.own.note)
    return kept


def trusted(url: str, things: Things) -> Trust:
    with Ledger(url, role="dealreg_auditor") as ledger:
        return of_trail(ledger, things.keys / "log.vkeys")


def test_requirement_07_restore_of_an_old_backup_is_noticed(servers, database_url, things, tmp_path):
    record_some(database_url, "a", "b")
    early = sealed(database_url, things, tmp_path / "early.note")
    backup = made(servers, "a_backup", database_url.rpartition("/")[2].partition("?")[0])
    record_some(database_url, "c")
    newest = sealed(database_url, things, tmp_path / "newest.note")
    trust = trusted(database_url, things)

    with pytest.raises(Halted), Sealer(backup, things):
        pass
    inside = verified(backup, trust, early)
    assert [one.check for one in inside.findings] == ["unsealed"]  # Only what the sealer wrote down when it halted.
    found = verified(backup, trust, early, newest)
    assert not found.sound
    assert any("newest.note has the root of" in one and "an old backup was restored" in one for one in words(found))
    own = verified(backup, trust, things.state)
    assert any("state.json has the root of" in one for one in words(own))

    done = restore(backup, things, by="login:test", reason="the disk broke")
    sealed(backup, things, tmp_path / "after.note")
    after = verified(backup, trusted(backup, things), early, newest, tmp_path / "after.note", things.state)
    assert [one for one in words(after) if "halted" not in one] == []
    assert any(
        f"of {done.size} facts sealed as {done.old_origin}, {done.kept} were kept" in note for note in after.notes
    )
    assert any("newest.note" in note for note in after.notes)

    known = tmp_path / "more.json"
    known.write_text(json.dumps({"origin": done.old_origin, "size": done.size + 5, "root": "00" * 32}))
    more = verified(backup, trusted(backup, things), known)
    assert any(f"says that {done.size} were the last" in one for one in words(more))
    dropped(servers, "a_backup")


def test_facts_that_wait_too_long_for_their_seal_are_said(database_url, things, tmp_path):
    size = record_some(database_url, "a")
    sealed(database_url, things, tmp_path / "kept.note")
    assert words(verified(database_url, trusted(database_url, things))) == []
    behind = record_some(database_url, "b") - size
    report = verify(Asked(pinned(database_url, "dealreg_auditor"), trusted(database_url, things), late_seconds=0))
    assert words(report)[0].startswith(f"unsealed: {behind} facts behind position ")


def test_the_quick_leaf_is_the_verifiers_own(original: Original):
    with original.copy() as copy, closing(psycopg.connect(copy.url)) as connection:
        rows = [unpacked(one) for one in copied(connection)]
        assert [quick_leaf(row, row.stream_id.encode()) for row in rows] == [leaf_of(entry) for entry in copy.entries()]
        assert [row.leaf_text() for row in rows] == [text_of(entry) for entry in copy.entries()]


def receipt(copy: Attacked, position: int) -> str:
    """A C2SP tlog-proof of a fact, as a partner keeps it."""
    size, note = copy.run("SELECT size, note FROM seal.checkpoints ORDER BY size DESC LIMIT 1")[0]
    entries = copy.entries()
    proof = copy.tree().inclusion(position - 1, size)
    lines = [b64encode(text_of(entries[position - 1])).decode(), *(b64encode(one).decode() for one in proof)]
    return (
        f"c2sp.org/tlog-proof@v1\nextra {lines[0]}\nindex {position - 1}\n"
        + "".join(f"{one}\n" for one in lines[1:])
        + f"\n{note}"
    )


def test_a_receipt_says_field_by_field_what_was_sealed_though_everything_was_rewritten_with_the_logs_key(
    original, tmp_path
):
    kept = tmp_path / "receipt"
    with original.copy() as copy:
        kept.write_text(receipt(copy, 100))
        assert original.verified(copy, kept).sound
        with disarmed(copy.root):
            copy.run(
                "UPDATE ledger.events SET topic = 'registration_withdrawn.v1', originator_version = 7 WHERE position = 100"
            )
            copy.repair(copy.signer)
        found = original.verified(copy, kept)
    said = [one.what for one in found.findings if one.check == "outside copies" and one.position == 100]
    assert "topic was claim_entered.v1 and is registration_withdrawn.v1" in said[0]
    assert "version was 3 and is 7" in said[0]
    assert "digest" not in said[0]


def test_a_receipt_of_a_fact_that_is_gone_is_held_against_the_log(original, tmp_path):
    kept = tmp_path / "receipt"
    with original.copy() as copy:
        kept.write_text(receipt(copy, 100))
        with disarmed(copy.root):
            copy.run("DELETE FROM ledger.events WHERE position >= 100")
            copy.run(
                "DELETE FROM seal.cosignatures; DELETE FROM seal.tiles; DELETE FROM seal.checkpoints WHERE size >= 100"
            )
        found = original.verified(copy, kept)
    assert any(
        "has the fact of position 100, claim_entered.v1" in one and "none is there" in one for one in words(found)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("somebody else's letter", "holds no checkpoint, receipt or bundle"),
        ("{}", "holds no checkpoint"),
        ("{broken", "holds no checkpoint"),
        ("[" * 100_000, "holds no checkpoint"),
        ("", "holds no checkpoint"),
        (json.dumps({"origin": LOG, "size": 40, "root": "00" * 32}), "the rows do not have the root"),
        (json.dumps({"origin": "other/log", "size": 40, "root": "00" * 32}), "it is of another log, other/log"),
        (json.dumps([{"origin": LOG, "size": 10**9, "root": "00" * 32}]), "the end was cut off"),
    ],
)
def test_a_file_that_is_no_copy_of_this_log_is_said(original, tmp_path, text, said):
    kept = tmp_path / "kept"
    kept.write_text(text)
    with original.copy() as copy:
        report = original.verified(copy, kept)
    assert said in words(report)[0]
    assert not report.sound


def test_a_note_that_somebody_else_signed_is_no_proof_against_the_log(original, tmp_path):
    other = FileSigner(LOG, tmp_path / "other-key")
    kept = tmp_path / "kept.note"
    with original.copy() as copy, disarmed(copy.root):
        copy.repair_checkpoints(other)
        kept.write_text(copy.run("SELECT note FROM seal.checkpoints ORDER BY size DESC LIMIT 1")[0][0])
    with original.copy() as copy:
        assert f"kept.note: no key of {LOG} has signed it" in words(original.verified(copy, kept))[0]


def test_without_a_key_nothing_is_signed(original):
    with original.copy() as copy:
        report = original.verified(copy, trust=Trust())
    assert {one.check for one in report.findings} == {"checkpoints"}
    assert "no key of the log" in report.findings[0].what
    assert "--policy" in report.findings[0].next


def test_a_key_counts_for_the_sizes_that_the_policy_says(original):
    size = original.sizes[5]
    until = replace(original.trust, logs={LOG: [replace(original.trust.logs[LOG][0], to_size=size)]})
    with original.copy() as copy:
        report = original.verified(copy, trust=until)
    said = [one.what for one in report.findings if one.check == "checkpoints"]
    assert said == [
        f"the checkpoint of size {at}: it is signed by a key of {LOG} that does not count at size {at}"
        for at in original.sizes[5:]
    ]


def test_a_key_counts_from_the_size_that_the_policy_says(original):
    since = replace(original.trust, logs={LOG: [replace(original.trust.logs[LOG][0], from_size=original.sizes[5])]})
    with original.copy() as copy:
        report = original.verified(copy, trust=since)
    assert report.findings[-1].what.startswith(f"the checkpoint of size {original.sizes[4]}: it is signed by a key")
    assert len(report.findings) == len(original.sizes[:5])


def _heads(copy: Attacked, **changed: object) -> None:
    """A map of the heads at this size, recorded as the sealer records it."""
    copy.root.commit()
    with closing(psycopg.connect(copy.url)) as connection:
        size = len(copy.entries())
        found = scan(copied(connection), micros_of(datetime.now(UTC)), frozenset([size]))
    streams, root = found.heads_at[size]
    said = StreamHeadsSealed.model_validate({"log_size": size, "streams": streams, "root": root, **changed})
    with Ledger(copy.url, role="dealreg_sealer") as ledger:
        record(ledger, fact(StreamId(derived("audit", "heads", LOG)), said, by="role:sealer"))
    copy.seal()


def test_maps_of_stream_heads_are_made_anew(original):
    with original.copy() as copy:
        _heads(copy)
        _heads(copy)
        report = original.verified(copy)
        assert words(report) == []
        assert next(one.said for one in report.checks if one.check == "stream heads").startswith("2 maps of ")
        copy.root.commit()
        _heads(copy, root="ab" * 32)
        _heads(copy, streams=7)
        report = original.verified(copy)
        assert [one.position for one in report.findings] == [512, 513]
        assert all("it says" in one for one in words(report))


def test_positions_with_a_wide_hole_do_not_fill_the_memory(original):
    with original.copy() as copy:
        with disarmed(copy.root):
            copy.run("UPDATE ledger.events SET position = 9000000000000000000 WHERE position = 509")
        report = original.verified(copy)
    assert "far behind the last fact" in report.findings[0].what
    assert report.size == 508


def test_a_table_without_its_columns_is_said(original):
    from dealreg.service.ledger.errors import Unavailable

    with original.copy() as copy:
        with disarmed(copy.root):
            copy.run(
                "ALTER TABLE ledger.events ALTER COLUMN salt DROP NOT NULL, ALTER COLUMN originator_version DROP NOT NULL"
            )
            copy.run("UPDATE ledger.events SET salt = NULL WHERE position = 100")
        assert any("its salt was wiped: 0 bytes" in one for one in words(original.verified(copy)))
        with disarmed(copy.root):
            copy.run("UPDATE ledger.events SET originator_version = NULL WHERE position = 100")
        with pytest.raises(Unavailable, match="does not have the columns"):
            original.verified(copy)


def test_an_erased_value_is_no_finding(original):
    with original.copy() as copy:
        with Ledger(copy.url) as ledger, Ledger(copy.url, role="dealreg_auditor") as auditor:
            assert erase(ledger, auditor, Whose("person:1"), by=by("asked"), basis="GDPR Art. 17").refs == 1
        copy.seal()
        report = original.verified(copy)
    assert words(report) == []
    assert any(one.said == "0 values, 1 erased" for one in report.checks)


def test_an_empty_ledger_that_was_never_sealed_says_so(empty_database_url):
    from dealreg.service.migrating import migrate

    migrate(empty_database_url)
    report = verified(empty_database_url, Trust())
    assert words(report) == ["unsealed: nothing was ever sealed: there is no checkpoint"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"logs": [{"origin": "x"}]}', '{"logs": [], "logs": []}'])
def test_a_policy_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(BadPolicy):
        of_policy(file)


def test_a_policy_says_which_keys_count_where(tmp_path, signer):
    file = tmp_path / "policy.json"
    key = {"vkey": vkey(signer), "from_size": 5, "to_size": None}
    said = {
        "logs": [{"origin": signer.name, "keys": [key]}],
        "witnesses": [],
        "quorum": 0,
        "skew_seconds": 3,
        "require_completeness": True,
    }
    file.write_text(json.dumps(said))
    trust = of_policy(file)
    assert trust.logs == {signer.name: (LogKey(parse_vkey(vkey(signer)), 5, None),)}
    assert trust.skew_seconds == 3


def test_the_keys_of_this_machine_are_read_or_refused(tmp_path, signer, ledger):
    file = tmp_path / "log.vkeys"
    assert not of_trail(ledger, file).logs
    file.write_text(f"{vkey(signer)}\n")
    assert list(of_trail(ledger, file).logs) == [signer.name]
    file.write_text("no key\n")
    with pytest.raises(BadPolicy):
        of_trail(ledger, file)
