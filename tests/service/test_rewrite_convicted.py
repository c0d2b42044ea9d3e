"""Requirement 8 from end to end: everything is rewritten and signed anew with the stolen key, and what lies outside convicts it."""

import json
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from dealreg.proof.note import vkey
from dealreg.proof.policy import check_receipt, read_policy, trusted
from dealreg.proof.verify import Refused, parse_checkpoint, verify_consistency
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.proving.hashes import Hashes
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.witnessing import sealed
from dealreg.service.witnessing.asking import Asking
from dealreg.service.witnessing.carrying import once
from dealreg.service.witnessing.keyring import witnesses
from dealreg.service.witnessing.policy import trust
from dealreg.service.witnessing.receipts import receipt
from tests.fix_attacks import disarmed
from tests.fix_ledger import Put, ask, shelf
from tests.fix_postgres import as_superuser

REWRITE = (
    "UPDATE ledger.events SET state = replace(encode(state, 'escape'), '\"boxes\":7', '\"boxes\":9')::bytea WHERE topic = 'boxes_put.v2'",
    "DELETE FROM seal.cosignatures",
    "DELETE FROM seal.carried",
    "DELETE FROM seal.tiles",
    "DELETE FROM seal.checkpoints",
    "DELETE FROM seal.standing",
)


def test_requirement_08_a_full_rewrite_with_the_stolen_signing_key_is_convicted_by_a_kept_receipt_and_by_the_witness(
    database_url, sealer, signer, toys, start_witness, tmp_path
):
    for number in range(3):
        toys.decide_batch([ask(Put(shelf="A", boxes=7), f"honest {number}")])
    sealer.seal_all()
    running = start_witness(vkey(signer))
    (known,) = witnesses(running.named)
    with Ledger(database_url, role="dealreg_sealer", pool_size=2) as ledger:
        assert once(ledger.run, Asking(ledger.run, known)) is None
        kept = receipt(ledger.run, shelf("A"), 1)
        assert kept.witnesses == 1
        sealer.close()
        with closing(psycopg.connect(as_superuser(database_url))) as root, disarmed(root):
            for statement in REWRITE:
                root.execute(statement.encode())
            root.commit()
        thief = replace(sealer.things, state=tmp_path / "elsewhere" / "state.json")
        with Sealer(database_url, thief) as again:
            again.seal_all()
            # All of it fits together again: a receipt of today holds by itself, under the same key.
            policy = read_policy(_written(ledger, vkey(signer)))
            today = receipt(ledger.run, shelf("A"), 1)
            assert check_receipt(today.text.encode(), policy)
            assert today.text.splitlines()[1] != kept.text.splitlines()[1], "another leaf"
            # The witness has seen another tree of this size.
            assert "the log was rewritten" in (once(ledger.run, Asking(ledger.run, known)) or "")
            toys.decide_batch([ask(Put(shelf="A"), "later")])
            again.seal_all()
            assert "says no (422)" in (once(ledger.run, Asking(ledger.run, known)) or "")
            assert ledger.run("SELECT size FROM seal.cosignatures") == []
        # The receipt still holds, and no proof leads from its root to the log of today: two signatures of one key that contradict.
        assert check_receipt(kept.text.encode(), policy)
        old = trusted(kept.text.partition("\n\n")[2], policy).checkpoint
        newest = sealed.newest(ledger.run)
        assert newest is not None
        assert newest.size > old.size
        proof = Hashes(ledger.run, newest.origin, newest.size).consistency(old.size)
        with pytest.raises(Refused, match="does not begin with"):
            verify_consistency(old.size, newest.size, old.root, newest.root, proof)
        rewritten = trusted(today.text.partition("\n\n")[2], policy).checkpoint
        verify_consistency(rewritten.size, newest.size, rewritten.root, newest.root, proof)
    refused = next((tmp_path / "witness" / "witness" / "refused").iterdir()).read_text()
    assert parse_checkpoint(refused.partition("\n----- refused")[0]).root == old.root


def _written(ledger: Ledger, key: str) -> bytes:
    return json.dumps(trust(ledger, [key]).document([], 0)).encode()
