"""The sealer over a real ledger: what it signs, and what makes it go no further."""

from dealreg.proof.note import vkey
from dealreg.proof.tree import Tree
from dealreg.proof.verify import parse_checkpoint, parse_vkey, signed_by
from dealreg.service.sealing.leaves import leaf_of
from tests.fix_ledger import Put, ask


def put(toys, number=1, start=0):
    for one in range(start, start + number):
        toys.decide_batch([ask(Put(shelf=f"shelf-{one % 7}"), f"put-{one}")])


def test_a_checkpoint_signs_the_tree_over_every_row(toys, sealer, signer):
    put(toys, 5)
    own = sealer.seal_all()
    entries = sealer.tables.entries(1, 1000)
    assert own.size == len(entries) == entries[-1].position
    said = parse_checkpoint(own.note)
    assert said.root == Tree.of(map(leaf_of, entries)).root()
    assert signed_by(said.note, parse_vkey(vkey(signer)))
    newest = sealer.tables.newest(own.origin)
    assert (newest.size, newest.note) == (own.size, own.note)
