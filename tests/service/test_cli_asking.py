"""The verbs that ask: the same rows and refusals as over HTTP, with exit codes that a script may rely on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import jwt
import pytest
import yaml

from dealreg.service.projecting.projector import Projector
from tests.fix_web import PARTNERS, PROGRAM, RULEBOOK, claim


class Line:
    """The command line on a test's own database."""

    def __init__(self, database_url: str, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DEALREG_"))}
        self.environment = {
            **kept, "DATABASE_URL": database_url, "DEALREG_DATA": str(folder / "dealreg"), "PROGRAM": PROGRAM, "HTTP_PORT": "0",
        }  # fmt: skip
        self.folder = folder

    def __call__(self, *words: str, code: int = 0, as_json: bool = True):
        asked = [sys.executable, "-m", "dealreg", *words, *(["--json"] if as_json else [])]
        done = subprocess.run(asked, env=self.environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if as_json and done.stdout.strip() else done.stdout

    def write(self, name: str, content: object) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Line:
    return Line(database_url, tmp_path)


@pytest.fixture
def program(line: Line) -> Line:
    """A rulebook and partners, by the verbs that a program begins with."""
    line("rulebook", "publish", line.write("rulebook.yaml", yaml.safe_dump(RULEBOOK)))
    everywhere = {"lines": ["storage", "network"], "territories": ["WORLD"], "effective_from": "2026-01-01T00:00:00Z"}
    listed = [{"partner": name, **everywhere, **said} for name, said in PARTNERS.items()]
    line("partners", "enrol", line.write("partners.yaml", yaml.safe_dump(listed)))
    return line


def test_a_program_begins_and_a_second_run_changes_nothing(program: Line):
    again = program("partners", "enrol", str(program.folder / "partners.yaml"))
    assert [(row["partner"], row["repeated"]) for row in again] == [(name, True) for name in PARTNERS]
    assert program("rulebook", "publish", str(program.folder / "rulebook.yaml"))["repeated"] is True
    other = program.write("other.yaml", yaml.safe_dump({**RULEBOOK, "title": "changed under the same name"}))
    assert "stays as it is" in program("rulebook", "publish", other, code=1)["reason"]


def test_a_rulebook_is_checked_without_a_database(line: Line):
    line.environment["DATABASE_URL"] = "postgresql://127.0.0.1:1/none"
    checked = line("rulebook", "check", line.write("rulebook.yaml", yaml.safe_dump(RULEBOOK)))
    assert (checked["version"], checked["product_lines"]) == ("2026-1", ["storage", "network"])
    broken = line.write("broken.yaml", yaml.safe_dump({**RULEBOOK, "time_zone": "Mars/Olympus"}))
    assert "time_zone" in line("rulebook", "check", broken, code=1)["faults"][0]
    line("rulebook", "publish", broken, code=2, as_json=False)
    line("rulebook", "check", "missing.yaml", code=2)


def test_a_deal_from_filing_to_its_explanation(program: Line):
    filed = program("file", program.write("one.json", claim("ALPHA", None)), "--as", "dealer:ALPHA")
    assert filed["state"] == "protected"
    assert program("file", str(program.folder / "one.json"), "--as", "dealer:ALPHA") == filed
    body = claim("GAMMA", None)
    body["evidence"] = [{"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}]
    rival = program("file", program.write("two.json", body), "--as", "dealer:GAMMA", "--key", "mine")
    assert rival["state"] == "waiting"
    Projector(program.environment["DATABASE_URL"]).catch_up()

    rows = {name: program("deals", "--as", name) for name in ("dealer:ALPHA", "distributor:NORTH", "dealer:BETA")}
    assert {name: {row["registration"] for row in found} for name, found in rows.items()} == {
        "dealer:ALPHA": {filed["registration"]}, "distributor:NORTH": {filed["registration"]}, "dealer:BETA": set(),
    }  # fmt: skip
    assert "protected" in program("deals", as_json=False)
    assert "customer" not in rows["dealer:ALPHA"][0], "it tells a partner who came first"
    assert "customer" in program("deals")[0]

    (conflict,) = program("conflicts", "list", "--state", "open", "--region", "DE")
    shown = program("conflicts", "show", conflict["conflict"])
    assert [party["registration"] for party in shown["parties"]] == [filed["registration"], rival["registration"]]
    program("conflicts", "show", conflict["conflict"], "--as", "channel_manager:APAC", code=1)
    rule = ("conflicts", "rule", conflict["conflict"], "--reason", "The quote was first.", "--subject", "u-1")
    assert program(*rule, "--ruling", "award_challenger")["departs"] is True
    assert program(*rule, "--ruling", "uphold_incumbent", code=1)["answer"] == "no"
    program(*rule, "--ruling", "toss_a_coin", code=2, as_json=False)

    prose = program("explain", rival["registration"], as_json=False)
    for words in (
        "filed by GAMMA",
        "conflict ruled",
        "The quote was first.",
        "under rulebook 2026-1",
        "departed from the proposal",
    ):
        assert words in prose
    assert "tried ROE-3 on storage: let it pass" in prose
    assert "equal: true" in prose
    assert "equal: false" not in prose
    Projector(program.environment["DATABASE_URL"]).catch_up()
    facts = program("history", rival["registration"])
    assert facts[0]["event"] == "registration_submitted"
    own = program("history", rival["registration"], "--as", "dealer:GAMMA")
    assert own[-1]["state"] == "protected"
    program("history", rival["registration"], "--as", "dealer:ALPHA", code=1)
    before = next(fact["recorded_at"] for fact in facts if fact["event"] == "claim_entered")
    assert program("as-of", rival["registration"], before.replace(" ", "T"))["state"] == "contested"
    told = program("as-of", rival["registration"], before.replace(" ", "T"), "--as", "dealer:GAMMA")
    assert {leg["state"] for leg in told["legs"]} == {"waiting"}
    program("as-of", rival["registration"], "2026-01-01", code=1)
    program("explain", "6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11", code=1)


def test_any_decision_is_explained_to_whom_may_read_it(program: Line):
    filed = program("file", program.write("one.json", claim("ALPHA", None)), "--as", "dealer:ALPHA")
    Projector(program.environment["DATABASE_URL"]).catch_up()
    (decision,) = program("explain", filed["registration"], "--as", "auditor")["decisions"]
    assert (decision["equal"], decision["asked"].split(":")[0]) == (True, "file registration")
    assert "made again: equal: true" in program("explain", decision["decision"], as_json=False)
    own = program("explain", filed["registration"], "--as", "dealer:ALPHA")
    assert "decisions" not in own
    assert own["changes"][-1]["state"] == "protected"
    program("explain", decision["decision"], "--as", "channel_manager:DE", code=1)


def test_called_wrongly_or_with_nobody_there(line: Line):
    line("deals", "--as", "emperor", code=2, as_json=False)
    line("deals", "--as", "dealer", code=2, as_json=False)
    line("file", line.write("bad.json", "{"), "--as", "dealer:ALPHA", code=2, as_json=False)
    line("token", "--role", "dealer", code=2, as_json=False)
    line("token", "--role", "dealer", "--partner", "D1", "--hours", "1000", code=2, as_json=False)
    line.environment["DATABASE_URL"] = "postgresql://127.0.0.1:1/none"
    line("deals", code=3)
    line("explain", "6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11", code=3)


def test_a_token_is_minted_with_the_key_of_this_installation(line: Line):
    minted = line("token", "--role", "dealer", "--partner", "D1")
    again = line("token", "--role", "channel_manager", "--region", "EMEA", "--program", "other", as_json=False)
    assert (minted["role"], minted["partner"], minted["program"]) == ("dealer", "D1", PROGRAM)
    said = jwt.decode(again.strip(), options={"verify_signature": False})
    assert (said["region"], said["program"], said["iss"], said["aud"]) == ("EMEA", "other", "dealreg", "dealreg")


def test_serving_answers_until_it_is_asked_to_stop(line: Line):
    token = line("token", "--role", "deal_desk")["token"]
    asked = [sys.executable, "-m", "dealreg", "serve", "--json"]
    with subprocess.Popen(
        asked, env=line.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=20), timeout=20) as client:
                assert client.get("/health/live").json() == {"status": "live"}
                assert client.get("/health/ready").status_code == 200
                assert client.get("/deals", headers={"Authorization": f"Bearer {token}"}).json() == {
                    "next": None,
                    "deals": [],
                }
            taken = line("serve", "--port", url.rpartition(":")[2], code=3)
            assert "cannot listen" in taken["reason"]
        finally:
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=30)
    assert process.returncode == 0, logged
    assert all(json.loads(one) for one in logged.splitlines())
