"""docs/witnesses.md is executed, in its order, on a machine where `dealreg up` runs: log, witness and verifier as a reader has them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from dealreg.service.embedded.workers import roles_here

HERE = Path(__file__).parents[2]
PAGE = (HERE / "docs" / "witnesses.md").read_text(encoding="utf-8")
PATIENCE = 100


def commands():
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def up(tmp_path):
    """The environment of a shell beside a running `dealreg up`, and its address."""
    kept = {
        name: said
        for name, said in os.environ.items()
        if not name.startswith(("DATABASE_URL", "INTAKE_URL", "DEALREG", "WITNESS"))
    }
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    environment = {**kept, "DEALREG_DATA": str(tmp_path / "data"), "HTTP_PORT": "0", "PATH": binaries}
    with (tmp_path / "up.err").open("w") as errors:
        running = subprocess.Popen(
            [sys.executable, "-m", "dealreg", "up", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert running.stdout is not None
        try:
            ready = json.loads(running.stdout.readline())
            assert ready["ready"], (tmp_path / "up.err").read_text()
            yield environment, ready
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == 0, (tmp_path / "up.err").read_text()
            running.stdout.close()


@pytest.mark.timeout(
    300
)  # `up` and a dozen commands, each a process of its own: a minute alone, more on a busy machine.
def test_every_command_of_the_page_does_what_it_says(up, tmp_path):
    environment, ready = up
    assert {"publish", "witness"} <= ready["roles"].keys()
    (tmp_path / "docs").symlink_to(HERE / "docs")
    said = {}
    for command in commands():
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said[command] = done.stdout + done.stderr
    shown = "\n".join(said.values())
    witness = re.search(r"vkey: (\S+)", said["dealreg witness --show-key"])
    assert witness is not None
    policy = json.loads((tmp_path / "policy.json").read_text())
    assert policy["witnesses"] == [{"vkey": witness[1]}]
    assert policy["quorum"] == 1
    verified = said["python -I verify.py kept.tlog-proof --policy policy.json"]
    assert "VERIFIED" in verified
    assert f"seen by {witness[1].partition('+')[0]}" in verified
    assert "registration_submitted.v1" in verified
    assert "REFUSED" in said["! python -I verify.py changed.tlog-proof --policy policy.json"]
    assert shown.count("VERIFIED") == 1
    until = time.monotonic() + PATIENCE
    while 'dealreg_outside_behind{errand="broker",taker="audit.checkpoints"} 0.0' not in _metrics(ready["url"]):
        assert time.monotonic() < until
        time.sleep(0.2)


def _metrics(url):
    return httpx.get(f"{url}/metrics", timeout=30).text


def test_a_witness_of_this_machine_runs_only_where_none_is_named():
    assert "witness" in {one.name for one in roles_here(witnesses=None)}
    assert "witness" not in {one.name for one in roles_here(witnesses="w+1+1 https://w.example")}


def test_the_page_names_every_setting_of_the_outside_and_every_refusal():
    from dealreg.service.witnessing.settings import OutsideSettings

    named = [str(field.validation_alias) for name, field in OutsideSettings.model_fields.items() if name != "data"]
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert [one for one in named if one not in readme] == []
    for words in ("positions were lost", "the log was rewritten", "it says no (422)"):
        assert words in PAGE
        source = (HERE / "src" / "dealreg" / "service" / "witnessing" / "asking.py").read_text()
        assert words.partition(" (")[0] in source
