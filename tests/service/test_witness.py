"""A witness, asked as C2SP's tlog-witness says: what it cosigns, what it refuses, and that no moment lets a fork through."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dealreg.proof.note import checkpoint_body, signed_note, vkey
from dealreg.proof.tree import EMPTY, Tree
from dealreg.proof.verify import COSIGNED, Refused, cosigned_at, parse_checkpoint, parse_vkey
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.witnessing.keyring import BadNames, logs, witnesses
from dealreg.service.witnessing.memory import Forgetful, Memory
from dealreg.service.witnessing.request import request_text
from dealreg.service.witnessing.witness import SIZE, Witness
from tests.fix_witnessing import ORIGIN, ToyLog, leaves

NOW = 1_790_000_000


@pytest.fixture
def signer(tmp_path):
    return FileSigner("witness.example/one", tmp_path / "w" / "key")


@pytest.fixture
def memory(tmp_path):
    memory = Memory(tmp_path / "w" / "memory")
    with memory.held(tmp_path / "no key yet"):
        yield memory


@pytest.fixture
def witness(signer, memory, toy_log):
    return Witness(signer, memory, lambda: logs(toy_log.vkey), now=lambda: NOW)


def ask(witness, text):
    return witness.add(text.encode())


def test_first_checkpoint_is_cosigned_at_its_second_and_kept(witness, signer, memory, toy_log):
    answer = ask(witness, toy_log.request(0))
    assert (answer.status, answer.kind) == (200, "text/plain; charset=utf-8")
    cosigned = parse_checkpoint(toy_log.note() + answer.body)
    assert cosigned_at(cosigned.note, parse_vkey(vkey(signer, COSIGNED))) == NOW
    assert memory.text(ORIGIN) == toy_log.note() + answer.body


def test_growth_is_cosigned_with_a_proof_from_what_was_last(witness, memory, toy_log):
    ask(witness, toy_log.request(0, 4))
    assert ask(witness, toy_log.request(4, 7)).status == 200
    assert ask(witness, toy_log.request(7, 10)).status == 200
    assert memory.newest(ORIGIN).size == 10


def test_the_same_checkpoint_again_is_cosigned_again(witness, toy_log):
    """So that a log that lost the answer gets it."""
    ask(witness, toy_log.request(0))
    assert ask(witness, toy_log.request(10)).status == 200


def test_an_empty_log_is_cosigned_and_grows(witness, toy_log):
    empty = ToyLog(toy_log.signer)
    assert empty.tree.root() == EMPTY
    assert ask(witness, empty.request(0)).status == 200
    assert ask(witness, toy_log.request(0)).status == 200


def test_an_empty_log_with_leaves_in_its_root_is_refused(witness, toy_log):
    note = signed_note(checkpoint_body(ORIGIN, 0, toy_log.tree.root()), [toy_log.signer])
    assert ask(witness, request_text(0, [], note)).status == 422


@pytest.mark.parametrize("old", [0, 3, 9])
def test_another_old_size_is_told_which_it_is(witness, toy_log, old):
    ask(witness, toy_log.request(0, 4))
    answer = ask(witness, toy_log.request(old))
    assert (answer.status, answer.body, answer.kind) == (409, "4\n", SIZE)


def test_a_smaller_checkpoint_than_the_last_is_refused(witness, memory, toy_log):
    """The restore of an old backup: the log offers what it had, and the witness has seen more."""
    ask(witness, toy_log.request(0))
    assert ask(witness, toy_log.request(0, 4)).status == 409
    assert ask(witness, request_text(10, [], toy_log.note(4))).status == 400
    assert memory.newest(ORIGIN).size == 10


def test_requirement_08_full_rewrite_with_the_stolen_signing_key_is_refused_by_the_witness(witness, memory, toy_log):
    ask(witness, toy_log.request(0))
    rewritten = ToyLog(toy_log.signer, Tree.of(leaves("rewritten", 20)))
    for old in (0, 10):
        proof = rewritten.tree.consistency(old, 20) if old else []
        assert ask(witness, request_text(old, proof, rewritten.note())).status == (409 if old == 0 else 422)
    assert memory.text(ORIGIN).startswith(toy_log.note())


def test_a_fork_of_the_same_size_is_refused_and_kept_as_evidence(witness, tmp_path, toy_log):
    ask(witness, toy_log.request(0))
    fork = toy_log.fork(5, "other", 5)
    answer = ask(witness, request_text(10, [], fork.note()))
    assert (answer.status, answer.body) == (409, "10\n")
    (kept,) = (tmp_path / "w" / "memory" / "refused").iterdir()
    assert toy_log.note() in kept.read_text()
    assert fork.note() in kept.read_text()


def test_a_refused_checkpoint_is_kept_once_however_often_it_is_sent(witness, tmp_path, toy_log):
    ask(witness, toy_log.request(0))
    fork = toy_log.fork(5, "other", 9)
    kept = []
    for proof in (fork.tree.consistency(10), [], [EMPTY]):
        assert ask(witness, request_text(10, proof, fork.note())).status == 422
        kept.append([file.read_text() for file in (tmp_path / "w" / "memory" / "refused").iterdir()])
    assert len(kept[0]) == 1
    assert kept[0] == kept[1] == kept[2], "the first, as it was sent"


def test_a_proof_from_nothing_is_refused(witness, toy_log):
    assert ask(witness, request_text(0, [EMPTY], toy_log.note())).status == 422


def test_an_unknown_log_is_not_found(witness, toy_log, tmp_path):
    other = ToyLog(FileSigner("log.example/other", tmp_path / "other"), toy_log.tree)
    assert ask(witness, other.request(0)).status == 404


def test_a_log_of_the_same_name_with_another_key_is_forbidden(witness, memory, toy_log, tmp_path):
    other = ToyLog(FileSigner(ORIGIN, tmp_path / "other"), toy_log.tree)
    assert ask(witness, other.request(0)).status == 403
    assert memory.text(ORIGIN) is None


def test_a_signature_that_names_the_key_and_is_not_its_own_is_forbidden(witness, toy_log):
    good, other = toy_log.note(), toy_log.note(9)
    body = good[: good.index("—")]
    assert ask(witness, request_text(0, [], body + other[other.index("—") :])).status == 403


def test_one_good_signature_does_not_make_up_for_a_bad_one_of_a_key_that_is_trusted(signer, memory, toy_log, tmp_path):
    fresh = FileSigner(ORIGIN, tmp_path / "fresh")
    witness = Witness(signer, memory, lambda: logs(f"{toy_log.vkey} {vkey(fresh)}"), now=lambda: NOW)
    of_another = toy_log.note(9, by=(fresh,)).rpartition("\n\n")[2]
    assert ask(witness, request_text(0, [], toy_log.note() + of_another)).status == 403
    assert ask(witness, request_text(0, [], toy_log.note(by=(toy_log.signer, fresh)))).status == 200


def test_while_a_key_is_replaced_both_are_trusted_and_a_stranger_beside_them_is_ignored(
    signer, memory, toy_log, tmp_path
):
    fresh, stranger = FileSigner(ORIGIN, tmp_path / "fresh"), FileSigner("stranger", tmp_path / "stranger")
    witness = Witness(signer, memory, lambda: logs(f"{toy_log.vkey} {vkey(fresh)}"), now=lambda: NOW)
    assert ask(witness, toy_log.request(0, 4)).status == 200
    assert ask(witness, toy_log.request(4, 7, by=(toy_log.signer, fresh, stranger))).status == 200
    assert ask(witness, toy_log.request(7, 10, by=(fresh,))).status == 200
    assert "stranger" not in memory.text(ORIGIN)
    only_fresh = Witness(signer, memory, lambda: logs(vkey(fresh)), now=lambda: NOW)
    assert ask(only_fresh, toy_log.request(10)).status == 403


HEAD = "old 0\n\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda text: text.replace("old 0", "old 00"),
        lambda text: text.replace("old 0", "old +0"),
        lambda text: text.replace("old 0", "old -1"),
        lambda text: text.replace("old 0", "old ٤"),
        lambda text: text.replace("old 0", "old " + "9" * 40),
        lambda text: text.replace("old 0", "Old 0"),
        lambda text: text.replace("old 0\n", "old 0"),
        lambda text: text.replace("old 0\n", "old 0\r\n"),
        lambda text: text.replace("old 0\n", "old 0\n" + "AAAA\n"),
        lambda text: text.replace("old 0\n", "old 0\n" + "!\n"),
        lambda text: text.replace("old 0\n", "old 0\n" + "A" * 42 + "B=\n"),
        lambda text: text.replace("old 0\n", "old 0\n" + ("A" * 43 + "=\n") * 64),
        lambda text: text + "\n",
        lambda text: text[:-1],
        lambda text: text.replace("\n10\n", "\n010\n"),
        lambda text: text.replace("\n10\n", "\n10\nextension\n"),
        lambda text: text.replace("—", "-"),
        lambda text: text.replace("—", "\x00"),
        lambda text: text + text[text.index("—") :],
        lambda text: text.replace("\n10\n", "\n" + "[" * 250_000 + "\n"),
    ],
)
def test_what_is_malformed_is_a_bad_request(witness, memory, toy_log, change):
    assert ask(witness, change(toy_log.request(0))).status == 400
    assert memory.text(ORIGIN) is None


@pytest.mark.parametrize("body", [b"\xff\xfe", b"old 0\n\n\xed\xa0\x80", b"\x00" * 300_000])
def test_bytes_that_are_no_text_are_a_bad_request(witness, body):
    assert witness.add(body).status == 400


def test_requirement_09_two_histories_are_never_both_cosigned_whoever_asks_when(toy_log, start_witness):
    """Two forks, each with a valid proof from what was last, at one moment, over HTTP, at a real second process."""
    running = start_witness(toy_log.vkey)
    assert running.ask(toy_log.request(0)).status_code == 200
    trunk = toy_log
    with ThreadPoolExecutor(8) as pool:
        for number in range(12):
            size = trunk.tree.size
            forks = [trunk.fork(size, f"{number} {side}", 3) for side in range(8)]
            together = threading.Barrier(len(forks))

            def race(fork, together=together, size=size):
                together.wait()
                return running.ask(fork.request(size))

            answers = list(pool.map(race, forks))
            said = sorted(answer.status_code for answer in answers)
            assert said == [200] + [409] * 7, said
            trunk = next(fork for fork, answer in zip(forks, answers, strict=True) if answer.status_code == 200)
    # And a late request cannot roll it back.
    assert running.ask(trunk.request(10)).status_code == 409


def test_requirement_09_a_killed_witness_remembers_what_it_cosigned(toy_log, start_witness):
    running = start_witness(toy_log.vkey)
    assert running.ask(toy_log.request(0)).status_code == 200
    running.kill()
    again = start_witness(toy_log.vkey)
    assert again.vkey == running.vkey
    assert again.ask(toy_log.fork(5, "other", 9).request(0)).status_code == 409
    fork = toy_log.fork(5, "other", 9)
    assert again.ask(request_text(10, fork.tree.consistency(10), fork.note())).status_code == 422


def test_a_witness_without_its_memory_does_not_start(tmp_path):
    key, folder = tmp_path / "keys" / "witness", tmp_path / "memory"
    with Memory(folder).held(key):
        FileSigner("witness", key)
    (folder / "memory").unlink()
    with pytest.raises(Forgetful, match="could cosign a fork"), Memory(folder).held(key):
        pass


def test_a_memory_that_cannot_be_read_cosigns_nothing(witness, memory, toy_log, tmp_path):
    ask(witness, toy_log.request(0, 4))
    (file,) = (tmp_path / "w" / "memory").glob("*.checkpoint")
    for spoiled in ("", "nonsense", file.read_text()[:20]):
        file.write_text(spoiled)
        for old in (0, 4):
            with pytest.raises(Refused):
                ask(witness, toy_log.request(old))
        assert file.read_text() == spoiled


def test_two_witnesses_do_not_share_a_memory(tmp_path):
    with (
        Memory(tmp_path / "memory").held(tmp_path / "key"),
        pytest.raises(Forgetful, match="another witness"),
        Memory(tmp_path / "memory").held(tmp_path / "key"),
    ):
        pass


def test_what_it_cosigned_last_is_shown_to_whoever_wants_a_copy_from_outside(toy_log, start_witness):
    import hashlib

    import httpx

    running = start_witness(toy_log.vkey)
    answer = running.ask(toy_log.request(0))
    digest = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert httpx.get(f"{running.url}/newest/{digest}").text == toy_log.note() + answer.text
    assert httpx.get(f"{running.url}/newest/{'0' * 64}").status_code == 404
    assert httpx.get(f"{running.url}/newest/..%2fmemory").status_code == 404
    assert httpx.get(running.url).text.strip() == running.vkey
    assert httpx.post(f"{running.url}/add-checkpoint", content=b"x" * 250_000).status_code == 400
    assert httpx.get(f"{running.url}/add-checkpoint").status_code == 405


def test_logs_are_named_by_key_or_by_a_file_that_may_change(tmp_path, toy_log):
    file = tmp_path / "logs"
    assert logs(f"@{file}") == {}
    file.write_text(f"# ours\n{toy_log.vkey}\n\n")
    assert list(logs(f"@{file}")) == [ORIGIN]
    assert logs(f"@{file}, {toy_log.vkey}")[ORIGIN] == [parse_vkey(toy_log.vkey)] * 2


@pytest.mark.parametrize(
    "named",
    ["{log} https://x", "{witness}", "{witness} ftp://x", "{witness} https://x {witness} https://y", "x+y+z https://x"],
)
def test_witnesses_that_are_named_wrongly_are_said(named, toy_log, signer):
    said = named.format(log=toy_log.vkey, witness=vkey(signer, COSIGNED))
    with pytest.raises(BadNames, match="WITNESSES"):
        witnesses(said)


def test_a_witness_is_no_log(signer):
    with pytest.raises(BadNames, match="WITNESS_LOGS"):
        logs(vkey(signer, COSIGNED))


def test_witnesses_are_a_key_and_an_address_in_turn(signer):
    named = vkey(signer, COSIGNED)
    (one,) = witnesses(f"  {named}\n https://w.example/ ")
    assert (one.vkey, one.url, one.key.name) == (named, "https://w.example", "witness.example/one")
    assert witnesses("") == ()
