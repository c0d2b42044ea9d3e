"""Every attack of the design's table, played by a superuser with the triggers off, and what becomes of it (audit 4.9, requirements 1 to 7).

    pytest tests/service/test_attacks.py --write-golden

writes docs/attacks.md anew.
"""

import re
import shutil
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest

from dealreg.proof.note import checkpoint_body, signed_note
from dealreg.proof.tree import Tree
from dealreg.service.verifying.finding import Report
from dealreg.service.witnessing.memory import Memory
from dealreg.service.witnessing.request import request_text
from dealreg.service.witnessing.witness import Witness
from tests.fix_attacks import LOG, Original, disarmed
from tests.service.attacking import ATTACKS, TILED, Attack, exchanged, nothing

pytestmark = pytest.mark.timeout(600)  # Whichever test comes first waits for all attacks: fifty databases.

PAGE = Path(__file__).parents[2] / "docs" / "attacks.md"
ELSEWHERE = frozenset({"outside copies", "witnessed times"})
HEAD = """# Attacks

Each is played by a superuser of the database with every trigger off, on a copy of a database with 509 facts under twelve checkpoints, of which a witness
cosigned three; then `dealreg audit verify` looks at it, with the checkpoint that somebody kept from before and the witness's memory. The honest
sealer, which remembers on its own disk, is started afterwards. Written by `tests/service/test_attacks.py`, which plays them all each time.

**Inside** is what the database alone gives, with the log's public key and nothing that lies elsewhere. **Elsewhere** is a kept checkpoint (*copy*)
or the moments at which a witness saw the log (*witness*). Where nothing finds it, the last column says why that is the honest limit.

| attack | he repairs | inside | elsewhere | the first wrong row, as it is named | the sealer | |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Outcome:
    """What became of an attack."""

    attack: Attack
    report: Report
    halted: str | None

    @property
    def inside(self) -> list[str]:
        return [one.check for one in self.report.checks if one.wrong and one.check not in ELSEWHERE]

    @property
    def elsewhere(self) -> list[str]:
        found = {one.check for one in self.report.checks if one.wrong}
        return [word for check, word in (("outside copies", "copy"), ("witnessed times", "witness")) if check in found]

    @property
    def checks(self) -> set[str]:
        return {one.check for one in self.report.checks if one.wrong}

    @property
    def nothing(self) -> str:
        return "nothing" if self.attack.what.startswith("none") else "**no**"

    def row(self) -> str:
        first = self.report.first
        cells = [
            self.attack.what,
            self.attack.repaired or "-",
            ", ".join(self.inside) or self.nothing,
            ", ".join(self.elsewhere) or ("-" if self.inside else self.nothing),
            plain(first.what) if first else "-",
            "halts" if self.halted else "goes on",
            "" if self.inside else self.attack.limit,
        ]
        return f"| {' | '.join(cells)} |\n"


def plain(said: str) -> str:
    """Without what differs from run to run: instants, ids, hashes, paths."""
    said = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "…", said)
    said = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", said)
    said = re.sub(r"\b[0-9a-f]{16,}\b", "…", said)
    said = re.sub(r"/\S+/([\w.-]+)", r"\1", said)
    return re.sub(r"\d+\.\d{6} s", "… s", said).replace("|", "\\|").replace("\n", " ")


def played(original: Original, attack: Attack) -> Outcome:
    with original.copy() as copy:
        halted = None
        with disarmed(copy.root):
            attack.act(copy)
        if attack.then_sealed:
            halted = copy.seal()
        report = original.verified(copy, original.early, original.newest, models=attack.models)
        return Outcome(attack, report, halted if attack.then_sealed else copy.seal())


def refused_fork(original: Original, folder: Path) -> str:
    """With the stolen key another history is signed, and shown to the witness that saw the true one."""
    shutil.copytree(original.folder / "witness", folder / "witness")
    memory = Memory(folder / "witness")
    witness = Witness(original.witness, memory, lambda: {LOG: [one.key for one in original.trust.logs[LOG]]})
    forged = Tree.of([bytes(32)] * (original.sizes[-1] + 1))
    note = signed_note(checkpoint_body(LOG, forged.size, forged.root()), [original.signer])
    answer = witness.add(request_text(original.sizes[-1], forged.consistency(original.sizes[-1]), note).encode())
    return f"the witness refuses ({answer.status})" if answer.status != HTTPStatus.OK else "**no**"


def collusion(original: Original, folder: Path) -> Outcome:
    """The log is rewritten with its own key, and everybody exchanges what he kept."""
    attack = Attack(
        "all parties collude",
        nothing,
        "everything, everywhere",
        limit="who trusts only parties that lie together is lied to",
    )
    with original.copy() as copy:
        with disarmed(copy.root):
            kept = exchanged(copy, folder)
        return Outcome(attack, original.verified(copy, kept, witnessed=False), copy.seal())


@pytest.fixture(scope="module")
def outcomes(original: Original) -> dict[str, Outcome]:
    """By what is done and what is repaired."""
    played_all = [played(original, attack) for attack in ATTACKS]
    return {outcome.attack.name: outcome for outcome in played_all}


def test_the_table_of_attacks_is_what_happens(
    outcomes: dict[str, Outcome], original: Original, tmp_path: Path, request: pytest.FixtureRequest
):
    fork = f"| fork with the real key | shows it to the witness | - | {refused_fork(original, tmp_path)} | - | - | |\n"
    rows = [outcome.row() for outcome in [*outcomes.values(), collusion(original, tmp_path)]]
    page = HEAD + "".join([*rows, fork])
    if request.config.getoption("--write-golden"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "run this file with --write-golden and read what changed"


def test_a_database_that_nobody_touched_is_sound(outcomes: dict[str, Outcome]):
    control = outcomes["none (control)"]
    assert (control.report.findings, control.report.sound, control.halted) == ([], True, None)


def test_requirement_01_a_sealed_fact_cannot_be_edited_unnoticed(outcomes: dict[str, Outcome]):
    said = {
        "edit a payload": "its content or its salt was changed",
        "change a topic": "its topic was changed: claim_entered.v1 was sealed",
        "date a fact an hour back": "recorded_at was changed: ",
        "change a version": "its version was changed: 3 was sealed",
        "give a fact to another stream": "its stream and version were changed: ",
        "change who recorded a fact": "who recorded it was changed: dealreg_app was sealed",
        "wipe a salt": "its salt was wiped",
    }
    for name, words in said.items():
        first = outcomes[name].report.first
        assert first is not None
        assert (first.check, first.position) == ("leaves", TILED), name
        assert words in first.what, name
        assert outcomes[name].halted, name


def test_requirement_01_an_edit_is_found_though_tiles_and_checkpoints_were_repaired(outcomes: dict[str, Outcome]):
    assert outcomes["edit a payload, the tiles repaired"].inside == ["leaves", "checkpoints"]
    assert outcomes["edit a payload, tiles and checkpoints, without a key repaired"].inside == ["checkpoints"]
    assert outcomes["edit a payload, tiles and checkpoints, with a key of his own repaired"].inside == ["checkpoints"]
    stolen = outcomes["edit a payload, tiles and checkpoints, with the stolen key repaired"]
    assert (stolen.inside, stolen.elsewhere) == ([], ["copy"])
    assert all(outcome.halted for name, outcome in outcomes.items() if name.startswith("edit"))


@pytest.mark.parametrize(
    "name",
    [
        "delete a row in the middle",
        "delete a whole stream",
        "delete the last sealed fact",
        "delete a stream's last fact and close the gap",
    ],
)
def test_requirement_02_a_sealed_fact_cannot_be_removed_unnoticed(outcomes: dict[str, Outcome], name: str):
    assert outcomes[name].inside
    assert outcomes[name].halted


def test_requirement_02_the_end_cannot_be_cut_off_unnoticed_where_somebody_kept_a_checkpoint(
    outcomes: dict[str, Outcome],
):
    gone = outcomes["cut the end off, its checkpoints are gone too repaired"]
    assert (gone.inside, gone.elsewhere) == ([], ["copy"])
    assert gone.halted


@pytest.mark.parametrize("repaired", ["", ", the tiles repaired"])
def test_requirement_03_nothing_is_inserted_into_the_past_unnoticed(outcomes: dict[str, Outcome], repaired: str):
    first = outcomes[f"insert a fact into the past and move the others up{repaired}"].report.first
    assert first is not None
    assert first.position == TILED
    assert "it was inserted" in first.what


@pytest.mark.parametrize("name", ["swap two facts", "swap two facts and their instants"])
def test_requirement_04_two_facts_cannot_change_places_unnoticed(outcomes: dict[str, Outcome], name: str):
    found = [one.what for one in outcomes[name].report.findings if one.check == "leaves"]
    assert [
        f"it was moved here, it was sealed at position {at}" in what
        for at, what in zip((TILED + 40, TILED), found, strict=True)
    ]
    assert outcomes[name].halted


def test_requirement_05_a_fact_dated_before_a_witnessed_checkpoint_that_lacks_it_is_found(outcomes: dict[str, Outcome]):
    outcome = outcomes["append dated between the last fact and the last witnessed checkpoint"]
    assert (outcome.inside, outcome.elsewhere, outcome.halted) == ([], ["witness"], None)
    first = outcome.report.first
    assert first is not None
    assert "saw the log of 509 without it" in first.what


def test_requirement_06_a_clock_that_was_set_back_is_found_and_halts_the_sealer(outcomes: dict[str, Outcome]):
    outcome = outcomes["clock back by an hour for 20 facts"]
    first = outcome.report.first
    assert first is not None
    assert (first.check, first.position) == ("times", 510)
    assert "before the fact before it" in first.what
    assert outcome.halted
