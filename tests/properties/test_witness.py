"""Whatever a log with its own key sends in whichever order: what a witness cosigns is one history that only grows."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dealreg.proof.verify import parse_checkpoint
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.witnessing.keyring import logs
from dealreg.service.witnessing.memory import Memory
from dealreg.service.witnessing.request import request_text
from dealreg.service.witnessing.witness import Witness
from tests.fix_witnessing import ORIGIN, ToyLog, leaves

SIZES = st.integers(0, 12)
ASKED = st.tuples(st.integers(0, 4), SIZES, st.one_of(st.none(), SIZES), st.booleans())
"""Which branch, the size offered, the old size that is claimed (none: the witness's own), and whether the proof is left out."""


@settings(max_examples=60, deadline=None)
@given(forks=st.lists(st.integers(0, 9), min_size=4, max_size=4), asked=st.lists(ASKED, min_size=1, max_size=14))
def test_what_is_cosigned_is_one_history(tmp_path_factory, forks, asked):
    folder = tmp_path_factory.mktemp("witness")
    trunk = ToyLog(FileSigner(ORIGIN, folder / "log"))
    trunk.tree.extend(leaves("trunk", 12))
    branches = [trunk, *(trunk.fork(at, f"fork {number}", 12 - at) for number, at in enumerate(forks))]
    (folder / "memory").mkdir()
    memory = Memory(folder / "memory")
    witness = Witness(FileSigner("witness", folder / "key"), memory, lambda: logs(trunk.vkey))
    seen = []
    for branch, size, old, bare in asked:
        tree, known = branches[branch].tree, memory.newest(ORIGIN)
        claimed = old if old is not None else (known.size if known else 0)
        proof = tree.consistency(claimed, size) if 0 < claimed <= size and not bare else []
        answer = witness.add(request_text(claimed, proof, branches[branch].note(size)).encode())
        assert answer.status in {200, 400, 409, 422}
        if answer.status == 200:
            seen.append((tree, size))
            kept = parse_checkpoint(memory.text(ORIGIN) or "")
            assert (kept.size, kept.root) == (size, tree.root(size))
    for (before, small), (after, large) in pairwise(seen):
        assert small <= large
        assert before.root(small) == after.root(small), "the later begins with the earlier"


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(SIZES, min_size=1, max_size=8))
def test_an_honest_log_is_never_refused(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("witness")
    trunk = ToyLog(FileSigner(ORIGIN, folder / "log"))
    trunk.tree.extend(leaves("trunk", 12))
    witness = Witness(FileSigner("witness", folder / "key"), Memory(folder / "memory"), lambda: logs(trunk.vkey))
    (folder / "memory").mkdir()
    old = 0
    for size in sorted(sizes):
        assert witness.add(trunk.request(old, size).encode()).status == 200
        old = size
