"""`dealreg up`: what it starts, what it does when something dies, and that nothing is left when it ends."""

import ipaddress
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest

from dealreg.service.embedded.children import command_line
from dealreg.service.embedded.readiness import free_port, reachable, unready_because
from dealreg.service.embedded.running import read_run
from dealreg.service.embedded.servers import Servers
from dealreg.service.embedded.summons import listening
from dealreg.service.embedded.supervising import _Up
from dealreg.service.embedded.trouble import ServerTrouble

PATIENCE_SECONDS = 30

BRING_UP = """
import json, sys
from dealreg.service.embedded.supervising import Reporting, bring_up
from dealreg.service.embedded.workers import Worker
from dealreg.service.settings import Settings
asked = json.loads(sys.argv[1])
workers = [Worker(name, (sys.executable, "-c", code)) for name, code in asked["roles"].items()]
migrate = Worker("migrate", (sys.executable, "-c", asked["migrate"]))
reporting = Reporting(
    line=lambda line: print(line, file=sys.stderr, flush=True), ready=lambda facts: print(json.dumps(facts), flush=True)
)
sys.exit(bring_up(Settings(), reporting, roles=workers, migrate=migrate))
"""

SERVE = """
import http.server, os, signal, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["HTTP_PORT"])), Health).serve_forever()
"""
IDLE = "import time; time.sleep(600)"
DRAINS = """
import pathlib, os, signal, sys, time
done = pathlib.Path(os.environ["DEALREG_DATA"], "drained")
def drain(*_):
    time.sleep(0.5)
    import psycopg
    from dealreg.service.settings import Settings
    psycopg.connect(Settings().database_url()).close()
    done.write_text("the database was still there")
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
done.with_name("handling").touch()
time.sleep(600)
"""
STUBBORN = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(os.environ["DEALREG_DATA"], "handling").touch()
time.sleep(600)
"""
FAILS = """
import os, pathlib, time
with pathlib.Path(os.environ["DEALREG_DATA"], "starts").open("a") as file:
    file.write(f"{time.monotonic()}\\n")
raise SystemExit("the world is not enough")
"""


class Up:
    """A supervisor in a process of its own, with workers that the test wrote."""

    def __init__(self, data, roles, *, migrate="pass", **environment):
        self.data = data
        self.process: Any
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
        clean.pop("INTAKE_URL", None)
        self.errors = data.with_name("errors")
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BRING_UP, json.dumps({"roles": roles, "migrate": migrate})],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**clean, "DEALREG_DATA": str(data), "HTTP_PORT": "0", **environment},
            )

    def ready(self):
        return json.loads(self.process.stdout.readline())

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        return self.wait()

    def wait(self):
        return self.process.wait(PATIENCE_SECONDS)

    @property
    def said(self):
        return self.errors.read_text()

    def pid_of(self, server):
        file = {"postgres": "pg/data/postmaster.pid", "nats": "nats/nats.pid"}[server]
        return int((self.data / file).read_text().split()[0])


@pytest.fixture
def start(data_dir):
    running = []

    def begin(roles, **options):
        running.append(Up(data_dir, roles, **options))
        return running[-1]

    yield begin
    for up in running:
        up.process.terminate()
        try:
            up.wait()
        except subprocess.TimeoutExpired:
            up.process.kill()
            up.wait()
        up.process.stdout.close()


def in_time(question):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if question():
            return True
        time.sleep(0.05)
    return False


def none_of(pids):
    return lambda: not any(command_line(pid) for pid in pids)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_stop_it_is_clean_and_leaves_nothing(start, by):
    up = start({"serve": SERVE, "consume": IDLE})
    facts = up.ready()
    assert facts["ready"]
    pids = [*facts["roles"].values(), up.pid_of("postgres"), up.pid_of("nats")]
    assert len(pids) == 4
    assert all(command_line(pid) for pid in pids)
    assert up.stop(by) == 0
    assert none_of(pids)()
    assert "return code" not in up.said


def test_migrations_run_before_any_role_and_their_failure_ends_it(start, data_dir):
    up = start({"serve": FAILS}, migrate="raise SystemExit(3)")
    assert up.wait() == 3
    assert "migrate failed (return code 3)" in up.said
    assert not (data_dir / "starts").exists()


def test_roles_finish_what_they_hold_before_the_servers_close(start, data_dir):
    up = start({"serve": SERVE, "consume": DRAINS})
    assert up.ready()["ready"]
    assert in_time((up.data / "handling").exists)
    assert up.stop() == 0
    assert (data_dir / "drained").read_text() == "the database was still there"


def test_a_role_that_does_not_stop_is_killed_when_its_time_is_over(start):
    up = start({"serve": SERVE, "consume": STUBBORN}, DRAIN_SECONDS="1")
    stubborn = up.ready()["roles"]["consume"]
    assert in_time((up.data / "handling").exists)
    assert up.stop() == 0
    assert none_of([stubborn])()
    assert "consume did not finish in time and was killed" in up.said


def test_a_second_ctrl_c_ends_the_waiting(start):
    up = start({"serve": SERVE, "consume": STUBBORN})
    up.ready()
    assert in_time((up.data / "handling").exists)
    up.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert up.process.poll() is None
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(10) == 0  # far less than the 25 s that the role has


def test_a_dead_role_is_started_again_with_growing_pauses(start, data_dir):
    up = start({"serve": SERVE, "clock": FAILS})
    up.ready()
    starts = data_dir / "starts"
    assert in_time(lambda: starts.exists() and len(starts.read_text().splitlines()) >= 4)
    instants = [float(line) for line in starts.read_text().splitlines()[:4]]
    first, second, third = (after - before for before, after in itertools.pairwise(instants))
    assert 0.5 <= first < second < third
    assert in_time(lambda: up.said.count("clock ended") >= 3)
    # Each death is told with what that life said, not with what the earlier ones did.
    said = up.said
    assert said.count("the world is not enough") == said.count("clock ended")


def test_kill_9_of_one_role_disturbs_no_other(start):
    up = start({"serve": SERVE, "consume": IDLE})
    roles = up.ready()["roles"]
    os.kill(roles["consume"], signal.SIGKILL)
    assert in_time(lambda: "consume ended (return code -9)" in up.said)
    assert command_line(roles["serve"])


@pytest.mark.parametrize("server", ["postgres", "nats"])
def test_a_dead_server_ends_it_with_1(start, server):
    up = start({"serve": SERVE, "consume": IDLE})
    pids = list(up.ready()["roles"].values())
    os.kill(up.pid_of(server), signal.SIGKILL)
    assert up.wait() == 1
    assert none_of(pids)()
    assert "died (return code -9); its log:" in up.said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_kill_9_of_the_supervisor_leaves_no_process(start):
    up = start({"serve": SERVE, "consume": STUBBORN})
    pids = [*up.ready()["roles"].values(), up.pid_of("postgres"), up.pid_of("nats")]
    assert in_time((up.data / "handling").exists)
    up.stop(signal.SIGKILL)
    assert in_time(none_of(pids))


def test_other_processes_find_its_servers(start, data_dir):
    up = start({"serve": SERVE})
    up.ready()
    run = read_run(data_dir / "run.json")
    assert run is not None
    assert run.pid == up.process.pid
    assert run.database_url is not None
    with psycopg.connect(run.database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("dealreg",)


def test_servers_named_by_the_environment_are_used_and_not_written_down(start, data_dir, servers: Servers, nats_url):
    up = start({"serve": SERVE}, DATABASE_URL=servers.database_url, INTAKE_URL=nats_url)
    assert up.ready()["ready"]
    run = read_run(data_dir / "run.json")
    assert run is not None
    assert (run.database_url, run.intake_url) == (None, None)
    assert not (data_dir / "pg").exists()
    assert not (data_dir / "nats").exists()


def test_a_service_that_is_not_ready_in_time_is_said_to_be_so_once(start):
    up = start({"serve": IDLE}, READY_SECONDS="1")
    facts = up.ready()
    assert not facts["ready"]
    assert "/health/ready does not answer" in facts["because"]


def test_a_request_to_stop_during_the_start_ends_it_cleanly(start, data_dir):
    up = start({"serve": SERVE}, migrate=IDLE)
    assert in_time((data_dir / "logs" / "migrate.log").exists)
    assert up.stop(signal.SIGINT) == 0
    assert "stopped before it was up" in up.said
    assert not (data_dir / "pg" / "data" / "postmaster.pid").exists()


def test_a_request_to_stop_whose_exception_was_swallowed_still_ends_the_start(monkeypatch):
    """An exception raised in a signal handler is lost where it falls into a finaliser; what is remembered counts."""
    with listening() as summons, subprocess.Popen([sys.executable, "-c", IDLE]) as child:
        summons.no_longer_raise()
        signal.raise_signal(signal.SIGTERM)
        up = object.__new__(_Up)
        monkeypatch.setattr(up, "summons", summons, raising=False)
        with pytest.raises(KeyboardInterrupt):
            up._wait(child)
        child.kill()


def test_a_port_that_is_taken_is_a_clear_refusal():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServerTrouble, match="HTTP_PORT"):
        free_port("127.0.0.1", taken.getsockname()[1])


def test_a_service_that_listens_everywhere_is_asked_on_this_machine():
    port = free_port("127.0.0.1", 0)
    assert "does not answer" in (unready_because("127.0.0.1", port) or "")
    everywhere = str(ipaddress.IPv4Address(0))
    assert (reachable(everywhere), reachable("::"), reachable("localhost")) == ("127.0.0.1", "::1", "localhost")


def test_the_verb_says_who_holds_the_folder(servers: Servers):
    folder = servers.postgres.folder.parent
    environment = {**os.environ, "HTTP_PORT": "0"}
    command = [sys.executable, "-m", "dealreg", "up", "--data-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 3
    assert f"{folder} is in use by another dealreg" in done.stderr


def test_the_whole_product_is_ready_is_stopped_and_is_ready_again_after_kill_9(data_dir):
    """With the real roles: what was kept of the first life is there in the second."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "INTAKE"))}
    environment |= {"HTTP_PORT": "0"}
    command = [sys.executable, "-m", "dealreg", "up", "--json", "--data-dir", str(data_dir)]
    for by, code in ((signal.SIGKILL, -9), (signal.SIGINT, 0)):
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as up:
            assert up.stdout is not None
            assert up.stderr is not None
            facts = json.loads(up.stdout.readline())
            assert facts["ready"], facts
            roles = facts["roles"]
            pids = [*roles.values()]
            up.send_signal(by)
            assert up.wait(PATIENCE_SECONDS) == code
            assert in_time(none_of(pids))
            assert "return code" not in up.stderr.read()
            told = {"publish", "outbox", "writeback", "reread", "witness"}
            assert set(roles) == {"serve", "consume", "project", "clock", "seal", "watch"} | told
