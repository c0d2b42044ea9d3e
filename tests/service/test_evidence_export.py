"""`dealreg audit export`: a folder that stands by itself, redacted for a partner, recorded as a fact, refused where it cannot be proved."""

import ast
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.proof.bundle import written
from dealreg.proof.verify import Refused, payload_digest
from dealreg.service.erasing.erase import erase
from dealreg.service.erasing.holds import lift, place
from dealreg.service.erasing.saying import By
from dealreg.service.erasing.subjects import Whose
from dealreg.service.evidence import rendering
from dealreg.service.evidence.hourly import record_if_due
from dealreg.service.evidence.one_file import verifier
from dealreg.service.evidence.story import story
from dealreg.service.evidence.subject import Kind, Subject
from dealreg.service.exporting.stored import stored
from dealreg.service.exporting.wanted import Wanted
from dealreg.service.ledger.audit_facts import HoldKind
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.settings import Role, Settings
from dealreg.service.witnessing.carrying import once
from dealreg.service.witnessing.stamping import Stamping
from dealreg.vocabulary.ids import ProgramId
from tests.fix_evidence import Disputed, Trail, facts_of, proved
from tests.fix_tsa import Authority
from tests.fix_web import ACTORS, PROGRAM, World, claim


@pytest.fixture
def run(settings: Settings, monkeypatch):
    """The command line on this test's world."""
    for name, value in {
        "DATABASE_URL": settings.database,
        "DEALREG_DATA": settings.data,
        "PROGRAM": PROGRAM,
        "LOG_LEVEL": "WARNING",
    }.items():
        monkeypatch.setenv(name, str(value))

    def invoke(*words: object) -> Any:
        return CliRunner().invoke(verbs(), ["audit", "export", *map(str, words)])

    return invoke


@pytest.fixture
def exported(disputed: Disputed, run, tmp_path: Path) -> Path:
    """The folder of the disputed deal, with the policy that came another way."""
    out = tmp_path / "evidence"
    with disputed.trail.sealing():
        done = run("--deal", disputed.deal, "--reason", "Streit um Łódź 日本", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    return out


def _empty_machine(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Python without its site packages, without an environment, in a folder of its own; without a network where this machine can."""
    apart = (
        ["unshare", "-rn"]
        if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0
        else []
    )
    asked = ["env", "-i", *apart, sys.executable, "-I", "-S", "verify.py", *words]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_requirement_10_a_folder_is_verified_where_nothing_of_ours_is(
    exported: Path, disputed: Disputed, tmp_path: Path
):
    apart = tmp_path / "apart"
    apart.mkdir()
    for name in ("bundle.json", "verify.py"):
        shutil.copy(exported / name, apart)
    (apart / "policy.json").write_text(json.dumps(disputed.trail.policy()))
    done = _empty_machine(apart, "bundle.json", "--policy", "policy.json")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1], done.stderr) == (0, "VERIFIED", "")
    for said in (
        f"all 2 facts of {disputed.deal}",
        f"all 3 facts of {disputed.rival}",
        "rulebook 2026-1 of reference is here by value",
        "seen by witness",
    ):
        assert any(said in line for line in lines), said

    data = (apart / "bundle.json").read_bytes()
    (apart / "bundle.json").write_bytes(data.replace(b"48000.00", b"48000.01", 1))
    done = _empty_machine(apart, "bundle.json", "--policy", "policy.json")
    assert (done.returncode, done.stdout.splitlines()[-1][:8], done.stderr) == (1, "REFUSED:", "")


NO_BUNDLE = (
    b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"null\n", b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n\nx\n1\n\n",
)  # fmt: skip
NO_POLICY = (
    b"", b"{}", b"[" * 100_000, b"\xff", b'{"logs": [], "logs": []}',
    b'{"logs": [], "witnesses": [], "quorum": -1, "skew_seconds": 5, "require_completeness": true}',
    b'{"logs": [], "witnesses": [{"vkey": "x+00+AA=="}], "quorum": 0, "skew_seconds": 5, "require_completeness": true}',
)  # fmt: skip


def test_what_is_no_bundle_and_no_policy_is_refused_in_a_sentence(disputed: Disputed, tmp_path: Path):
    (tmp_path / "verify.py").write_text(verifier())
    good, policy = disputed.trail.make("deal", disputed.deal).data, json.dumps(disputed.trail.policy()).encode()
    for bundle, trust in [*((one, policy) for one in NO_BUNDLE), *((good, one) for one in NO_POLICY)]:
        (tmp_path / "b").write_bytes(bundle)
        (tmp_path / "p").write_bytes(trust)
        done = _empty_machine(tmp_path, "b", "--policy", "p")
        said = (done.returncode, done.stdout[:8], done.stdout.count("\n"), done.stderr)
        assert said == (1, "REFUSED:", 1, ""), (bundle[:40], trust[:40])
    assert _empty_machine(tmp_path, "nowhere", "--policy", "p").stdout.startswith("REFUSED:")
    assert _empty_machine(tmp_path, "b").returncode == 2


def test_the_verifier_is_one_file_of_the_standard_library(tmp_path: Path):
    """Every name that it imports is Python's own, and it is the sources that the service runs, joined."""
    tree = ast.parse(verifier())
    modules = {node.module if isinstance(node, ast.ImportFrom) else alias.name for node in ast.walk(tree)
               if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
    assert {str(one).split(".")[0] for one in modules} <= set(sys.stdlib_module_names)
    assert not modules & {"socket", "ssl", "urllib", "http", "subprocess", "os", "ctypes"}
    source = Path(verifier.__code__.co_filename).parents[2] / "proof"
    for name in ("verify", "policy", "bundle", "dated", "evidence"):
        for node in ast.parse((source / f"{name}.py").read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert ast.dump(node) in {ast.dump(one) for one in tree.body if type(one) is type(node)}, node.name


def test_the_folder_holds_what_the_page_says_and_the_export_is_a_fact(exported: Path, disputed: Disputed):
    files = {path.name for path in exported.iterdir()}
    assert files == {"bundle.json", "verify.py", "page.html", "page.pdf", "checkpoint.txt"}, (
        "the policy is not among them"
    )
    said = facts_of(disputed.trail, "audit.exported.v1")[-1]
    digest = hashlib.sha256((exported / "bundle.json").read_bytes()).hexdigest()
    assert (said["form"], said["about"], said["digest"]) == ("bundle", f"deal:{disputed.deal}", digest)
    row = disputed.trail.house.ledger.notifications(0, 10_000, ["audit.exported.v1"])[-1]
    meta = json.loads(row.state)["meta"]
    assert meta["reason"] == "Streit um Łódź 日本"
    assert meta["actor"]["subject"].startswith("login:")
    page = (exported / "page.html").read_text()
    for words in (
        "Łódź – Süd 日本",
        digest,
        "ALPHA war zuerst vollständig – 先着順.",
        "distributor NORTH",
        "rulebook 2026-1",
        "902(13)",
        "Not proved",
    ):
        assert words in page, words
    assert "court-proof" not in page.lower()
    assert not re.search(r"<script|https?://|src=", page), "nothing comes from elsewhere"
    assert (exported / "page.pdf").read_bytes().startswith(b"%PDF-1.7")
    note = json.loads((exported / "bundle.json").read_bytes())["checkpoint"]
    assert (exported / "checkpoint.txt").read_text() == note


def test_the_commands_on_the_page_give_the_hashes_on_the_page(exported: Path):
    """As a person would: copied out of the page into a shell, with printf, base64 and sha256sum."""
    text = html.unescape((exported / "page.html").read_text())
    commands = [found for found in re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL) if found.startswith("(printf")]
    hashes = re.findall(r"<code>([0-9a-f]{64})</code>:</p>", text)
    assert (len(commands), len(hashes)) == (2, 2)
    for command, wanted in zip(commands, hashes, strict=True):
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
        assert done.stdout.split()[0] == wanted


def test_a_page_is_the_same_every_time_and_stands_any_name(disputed: Disputed):
    made = disputed.trail.make("deal", disputed.deal)
    names = "<script>alert(1)</script> & #let x = 1 \\ $ ] } \u202e עברית العربية 日本 \U0001f600 \x01 " + "Ł" * 300
    page = story(made, by="u", reason=names)
    assert rendering.pdf(page) == rendering.pdf(page)
    assert "<script>" not in rendering.html(page)
    assert rendering.html(page) == rendering.html(page)


def test_a_partner_is_shown_what_is_its_own_and_nothing_that_names_others(disputed: Disputed, run, tmp_path: Path):
    out = tmp_path / "for-alpha"
    with disputed.trail.sealing():
        assert (
            run("--deal", disputed.deal, "--for", "ALPHA", "--reason", "the partner asks", "--out", out).exit_code == 0
        )
    data = (out / "bundle.json").read_bytes()
    said = json.loads(data)
    shown = "".join(event["state"] for event in said["events"] if "state" in event)
    for secret in ("GAMMA", "SOUTH", "u-gamma", disputed.rival):
        assert secret not in shown, secret
        assert secret not in (out / "page.html").read_text(), secret
    assert sum("state" in event for event in said["events"] if event["stream"] == disputed.deal) == 2
    hidden = [event for event in said["events"] if event["stream"] == disputed.rival]
    assert [set(event) & {"state", "salt", "digest"} for event in hidden] == [{"digest"}] * 3
    lines = proved(data, disputed.trail.policy())
    assert any("NOT in this bundle" in line for line in lines)
    assert {one["stream"] for one in said["events"]} < {
        one["stream"] for one in json.loads(disputed.trail.make("deal", disputed.deal).data)["events"]
    } | {
        event["stream"]
        for event in said["events"]
        if event["topic"].startswith("audit.") or event["position"] == said["events"][-1]["position"]
    }


def test_requirement_27_a_redacted_fact_cannot_be_guessed_without_its_salt(disputed: Disputed):
    """Whoever knows the payload to the letter cannot tell from the bundle that it is the one: 32 bytes of salt are missing."""
    made = disputed.trail.make("deal", disputed.deal, shown_to="ALPHA")
    hidden = {event["position"]: event for event in json.loads(made.data)["events"] if "digest" in event}
    known = {
        one.position: one
        for one in stored(disputed.trail.house.audited, Wanted(up_to=made.newest.size))
        if one.position in hidden
    }
    salts = [
        bytes(32),
        b"\xff" * 32,
        *(hashlib.sha256(str(number).encode()).digest() for number in range(2000)),
        *(one.salt for one in known.values()),
    ]
    for position, one in list(known.items())[:3]:
        wanted = hidden[position]["digest"]
        assert b64encode(payload_digest(one.salt, one.state)).decode() == wanted, "with the salt it can be told"
        tried = {b64encode(payload_digest(salt, one.state)).decode() for salt in salts if salt != one.salt}
        assert wanted not in tried
        assert wanted not in {
            b64encode(hashlib.sha256(text).digest()).decode()
            for text in (one.state, b"dealreg/payload/v1\n" + one.state)
        }
    salts_of_all = [one.salt for one in stored(disputed.trail.house.audited, Wanted(up_to=made.newest.size))]
    assert len(set(salts_of_all)) == len(salts_of_all)
    assert {len(salt) for salt in salts_of_all} == {32}
    assert not any(b64encode(one.salt).decode() in made.data.decode() for one in known.values())


def _auditor(reason: str) -> By:
    return By(actor=ACTORS["auditor"], program=ProgramId(PROGRAM), reason=reason)


def test_an_erased_value_is_shown_as_erased_and_cannot_be_put_back(disputed: Disputed):
    """What was exported before the erasure still proves what it said; what is exported afterwards says that it was erased."""
    trail = disputed.trail
    earlier = trail.make("deal", disputed.deal)
    before = json.loads(earlier.data)["personal"]
    assert "erika@acme.example" in earlier.data.decode()
    person = Whose("Erika Mustermann, erika@acme.example")
    assert erase(trail.house.ledger, trail.house.audited, person, by=_auditor("her request"), basis="GDPR Art. 17").refs
    assert proved(earlier.data, trail.policy())
    after = trail.make("deal", disputed.deal)
    assert "erika" not in after.data.decode().casefold()
    lines = proved(after.data, trail.policy())
    assert [f"personal value {one['ref']} is not here: erased" in lines for one in before] == [True, True]
    assert any("erased on" in told and "GDPR Art. 17" in told for told in after.told.values())
    said = json.loads(after.data)
    said["personal"] = before
    with pytest.raises(Refused, match="was erased"):
        proved(written(said), trail.policy())


def test_a_legal_hold_is_shown_and_that_it_was_lifted(disputed: Disputed):
    trail = disputed.trail
    placed = place(trail.house.audited, HoldKind.DEAL, disputed.deal, matter="Case 12/26", by=_auditor("litigation"))
    lines = proved(trail.make("deal", disputed.deal).data, trail.policy())
    assert sum("Case 12/26" in line for line in lines) == 1
    assert lift(trail.house.audited, placed.hold, by=_auditor("settled"))
    lines = proved(trail.make("deal", disputed.deal).data, trail.policy())
    assert [line.split(" at ")[0] for line in lines if "Case 12/26" in line] == [
        "audit.hold_placed.v1",
        "audit.hold_lifted.v1",
    ]


def test_a_period_is_exported_by_its_instants(disputed: Disputed, run, tmp_path: Path):
    rows = disputed.trail.house.ledger.notifications(0, 10_000)
    began, ended = rows[20].recorded_at, rows[27].recorded_at
    out = tmp_path / "period"
    with disputed.trail.sealing():
        done = run(
            "--from",
            began.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
            "--to",
            ended.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
            "--reason",
            "r",
            "--out",
            out,
        )
    assert done.exit_code == 0, done.output
    first = min(row.position for row in rows if row.recorded_at >= began)
    last = max(row.position for row in rows if row.recorded_at < ended)
    lines = proved((out / "bundle.json").read_bytes(), disputed.trail.policy())
    assert any(f"at positions {first} to {last}" in line for line in lines)


def test_what_cannot_be_proved_is_not_exported(disputed: Disputed, run, tmp_path: Path):
    """The sealer is away: a sentence that says so, exit code 1, and nothing is left behind or recorded as handed over."""
    out = tmp_path / "evidence"
    done = run("--deal", disputed.deal, "--reason", "r", "--out", out, "--wait", "0.2")
    assert "sealer is away" in str(done.exception)
    assert list(tmp_path.glob("*evidence*")) == []
    assert facts_of(disputed.trail, "audit.exported.v1") == []


def test_called_wrongly_it_says_how(disputed: Disputed, run, tmp_path: Path):
    wrong: tuple[tuple[str, ...], ...] = (
        (), ("--deal", "x", "--conflict", "y"), ("--from", "2026-01-01"), ("--to", "2026-01-01"), ("--deal", "x", "--format", "pdf"),
        ("--all",), ("--deal", "x", "--for", "ALPHA", "--format", "ocel"),
    )  # fmt: skip
    for words in wrong:
        assert run(*words, "--reason", "r", "--out", tmp_path / "x").exit_code == 2, words
    assert run("--deal", disputed.deal, "--out", tmp_path / "x").exit_code == 2, "an export has a reason"


def test_an_export_needs_a_reason_and_overwrites_nothing(disputed: Disputed, run, tmp_path: Path):
    (tmp_path / "there").mkdir()
    with disputed.trail.sealing():
        done = run("--deal", disputed.deal, "--reason", "r", "--out", tmp_path / "there")
        assert isinstance(done.exception, Exception)
        assert "is there already" in str(done.exception)
        done = run("--deal", disputed.deal, "--reason", "  ", "--out", tmp_path / "new")
    assert done.exit_code != 0
    assert not (tmp_path / "new").exists()
    assert facts_of(disputed.trail, "audit.exported.v1") == []


@pytest.mark.parametrize("form", ["cloudevents", "ocel"])
def test_other_forms_are_of_the_same_subjects(disputed: Disputed, run, tmp_path: Path, form):
    out = tmp_path / f"deal.{form}"
    done = run("--deal", disputed.deal, "--reason", "r", "--format", form, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["digest"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert disputed.rival in out.read_text()
    disputed.trail.seal()
    whole = run("--all", "--reason", "r", "--format", form, "--out", tmp_path / "all", "--json")
    assert whole.exit_code == 0, whole.output
    assert (tmp_path / "all.checkpoint").read_text().startswith("dealreg.test/log\n")
    assert [one["form"] for one in facts_of(disputed.trail, "audit.exported.v1")] == [form, form]


def test_a_claim_that_is_filed_meanwhile_is_behind_what_is_complete(trail: Trail):
    """Evidence says up to which position it is complete; what comes while it is made is not half in it."""
    deal = (
        trail.world["alpha"]
        .post("/registrations", claim("ALPHA", "NORTH", domain="busy.example"))
        .json()["registration"]
    )
    made = trail.make("deal", deal)
    trail.world["gamma"].post("/registrations", claim("GAMMA", "SOUTH", domain="busy.example"))
    again = trail.make("deal", deal)
    assert len(json.loads(again.data)["events"]) > len(json.loads(made.data)["events"])
    assert proved(made.data, trail.policy())
    assert datetime.now(UTC) - timedelta(hours=1) < datetime.fromisoformat(made.facts[-1][0].stored.recorded_at)


def test_the_map_of_streams_is_recorded_by_the_sealer_once_an_hour_in_which_something_happened(trail: Trail):
    with Ledger(trail.world.settings.database_url(Role.SEALER), role="dealreg_sealer") as ledger:
        first = record_if_due(ledger)
        assert first is not None
        assert first.log_size == first.position - 1
        assert record_if_due(ledger, timedelta()) is None, "nothing happened since"
        trail.world["alpha"].post("/registrations", claim("ALPHA", "NORTH", domain="hour.example"))
        assert record_if_due(ledger) is None, "the newest is not an hour old"
        again = record_if_due(ledger, timedelta())
        assert again is not None
        assert again.map.size > first.map.size
    said = facts_of(trail, "audit.stream_heads_sealed.v1")
    assert [(one["log_size"], one["root"]) for one in said] == [
        (one.log_size, one.map.root.hex()) for one in (first, again)
    ]


def test_without_a_seal_no_map_is_recorded(seeded: World):
    with Ledger(seeded.settings.database_url(Role.SEALER), role="dealreg_sealer") as ledger:
        assert record_if_due(ledger, timedelta()) is None


def test_a_registration_that_is_hidden_from_a_distributor_is_not_shown_to_it(trail: Trail):
    """ROE-32: it names the distributor, who must not know of it; the dealer is shown its own.

    Of ALPHA's registration nothing is shown to ALPHA and NORTH: its decision read BETA's stream, and that would name the rival.
    """
    asked = {**claim("BETA", "NORTH", domain="hidden.example"), "hidden": True}
    hidden = trail.world["beta"].post("/registrations", asked)
    assert hidden.status_code == 201, hidden.text
    own = (
        trail.world["alpha"]
        .post("/registrations", claim("ALPHA", "NORTH", domain="hidden.example"))
        .json()["registration"]
    )
    hidden_id = hidden.json()["registration"]
    for partner, sees in (("NORTH", {own}), ("BETA", {hidden_id}), ("ALPHA", {own})):
        made = trail.make("deal", own, shown_to=partner)
        assert proved(made.data, trail.policy())
        said = [event for event in json.loads(made.data)["events"] if event["stream"] in {own, hidden_id}]
        assert {event["stream"] for event in said if "state" in event} <= sees, partner
        shown = "".join(event.get("state", "") for event in json.loads(made.data)["events"])
        assert ({own, hidden_id} - sees).pop() not in shown, partner
        assert (hidden_id in shown) == (partner == "BETA")


def test_a_period_for_a_partner_keeps_every_place_and_shows_its_own(disputed: Disputed):
    trail = disputed.trail
    made = trail.of(Subject(Kind.PERIOD, "all of it", PROGRAM, 1, trail.seal()), shown_to="ALPHA")
    said = json.loads(made.data)["events"]
    assert [event["position"] for event in said] == list(range(1, len(said) + 1))
    assert proved(made.data, trail.policy())
    shown = "".join(event.get("state", "") for event in said)
    assert disputed.deal in shown
    assert not any(name in shown for name in (disputed.rival, "GAMMA", "u-gamma", "BETA"))


def test_a_page_tells_a_thousand_facts_and_counts_the_others(disputed: Disputed, monkeypatch):
    monkeypatch.setattr("dealreg.service.evidence.story.MOST_TOLD", 3)
    page = story(disputed.trail.make("deal", disputed.deal), by="u", reason="r")
    assert (len(page["story"]), page["untold"]) == (3, 14)
    assert "And 14 facts more" in rendering.html(page)
    assert rendering.pdf(page)


def test_a_time_stamp_goes_along_and_another_program_takes_it(
    disputed: Disputed, run, authority: Authority, tmp_path: Path
):
    """The stamped checkpoint is one of the bundle's own, so what lies before it is proved to be older than the stamp."""
    trail = disputed.trail
    with Ledger(trail.world.settings.database_url(Role.SEALER), role="dealreg_sealer") as ledger:
        errand = Stamping(ledger.run, authority.url, [authority.root], every=timedelta(hours=1), positions=1)
        assert once(ledger.run, errand) is None
    stamped = trail.sealer.own.size
    trail.world["beta"].post("/registrations", claim("BETA", None, domain="after.example"))
    trail.seal()
    out = tmp_path / "stamped"
    with trail.sealing():
        assert run("--deal", disputed.deal, "--reason", "r", "--out", out).exit_code == 0
    assert {path.name for path in (out / "timestamps").iterdir()} == {f"{stamped}-1.tsr", f"{stamped}-1.txt"}
    assert proved((out / "bundle.json").read_bytes(), trail.policy())
    bodies = [
        one["checkpoint"].partition("\n\n")[0] + "\n"
        for one in json.loads((out / "bundle.json").read_bytes())["anchors"]
    ]
    assert (out / "timestamps" / f"{stamped}-1.txt").read_text() in bodies
    assert f"{stamped}, {authority.url}" in (out / "page.html").read_text()
    if shutil.which("openssl"):  # Another reader than ours, where there is one.
        words = [
            "openssl",
            "ts",
            "-verify",
            "-in",
            f"{stamped}-1.tsr",
            "-data",
            f"{stamped}-1.txt",
            "-CAfile",
            str(authority.pem(tmp_path)),
        ]
        done = subprocess.run(words, cwd=out / "timestamps", capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout + done.stderr


def test_a_page_does_not_speak_of_witnesses_where_there_were_none(trail: Trail):
    """Nor does the verifier say when anything was, under a policy that asks for none."""
    deal = (
        trail.world["alpha"]
        .post("/registrations", claim("ALPHA", "NORTH", domain="unseen.example"))
        .json()["registration"]
    )
    made = replace(trail.make("deal", deal), anchors=())
    alone = replace(made, newest=made.newest._replace(seen=()))
    assert "Witnesses with keys of their own" in rendering.html(story(made, by="u", reason="r"))
    page = rendering.html(story(alone, by="u", reason="r"))
    assert "Witnesses with keys" not in page
    assert "no witness signed" in page
    lines = proved(trail.make("deal", deal).data, trail.policy(witnesses=[], quorum=0))
    assert any(line.startswith("NOT proved: when it was") for line in lines)
