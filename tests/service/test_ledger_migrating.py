"""Migrations: once, together, as facts (architecture D1)."""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import psycopg
import pytest

from dealreg.service.ledger.audit_facts import Migrated
from dealreg.service.ledger.auditing import MIGRATIONS
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.migrating import migrate, pending

FILES = sorted((resources.files("dealreg.service") / "migrations").glob("*.sql"))  # type: ignore[attr-defined]  # a folder on disk


def test_three_racing_runs_apply_each_migration_once(empty_database_url):
    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(migrate, [empty_database_url] * 3))
    assert sorted(applied) == [0, 0, len(FILES)]
    assert migrate(empty_database_url) == 0


def test_each_migration_is_a_fact_with_the_digest_of_its_text(database_url):
    with Ledger(database_url) as ledger:
        facts = [ledger.read(row).event for row in ledger.read_many({MIGRATIONS: 0}).rows]
    digests = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in FILES}
    assert facts == [Migrated(migration=name, digest=digest) for name, digest in digests.items()]


def test_what_is_pending_is_named(empty_database_url):
    assert pending(empty_database_url) == [path.stem for path in FILES]
    migrate(empty_database_url)
    assert pending(empty_database_url) == []


def test_no_connection_is_left_open(empty_database_url):
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert others == (0,)


def test_a_migration_that_fails_leaves_nothing_half_done(empty_database_url, monkeypatch, tmp_path):
    """Its statements, its mark and its fact are one transaction, so the next run starts where this one did."""
    from yoyo import read_migrations

    from dealreg.service import migrating

    for path in FILES:
        (tmp_path / path.name).write_text(path.read_text())
    last = tmp_path / "9999_broken.sql"
    last.write_text("CREATE TABLE intake.half (n int);\nSELECT 1 / 0;\n")
    monkeypatch.setattr(migrating, "_shipped", lambda: read_migrations(str(tmp_path)))
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database_url)
    assert pending(empty_database_url) == ["9999_broken"]
    last.write_text("CREATE TABLE intake.half (n int);\n")
    assert migrate(empty_database_url) == 1


def test_two_databases_of_one_server_migrate_at_once(servers, empty_database_url):
    """The roles belong to the server: both make them, or find them made."""
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE neighbour OWNER dealreg TEMPLATE template1")
    try:
        with ThreadPoolExecutor(2) as pool:
            applied = list(pool.map(migrate, [empty_database_url, servers.postgres.url("neighbour")]))
        assert applied == [len(FILES)] * 2
    finally:
        with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE neighbour WITH (FORCE)")


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable):
        migrate("postgresql://nobody@127.0.0.1:9/none")


def test_the_verb_says_what_it_did(empty_database_url, tmp_path):
    def dealreg(*words, url=empty_database_url):
        command = [str(Path(sys.executable).with_name("dealreg")), "migrate", "--json", *words]
        env = {**os.environ, "DATABASE_URL": url, "DEALREG_DATA": str(tmp_path), "INTAKE_URL": ""}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    assert dealreg("--check") == (1, {"missing": [path.stem for path in FILES]})
    no_feed = "left out, no broker is known; set INTAKE_URL"
    no_guard = "left out, no superuser is known; see `dealreg migrate --superuser-sql`"
    assert dealreg() == (0, {"applied": len(FILES), "guard": no_guard, "feed": no_feed})
    assert dealreg() == (0, {"applied": 0, "guard": no_guard, "feed": no_feed})
    assert dealreg("--check") == (0, {"missing": []})
    code, said = dealreg(url="postgresql://nobody@127.0.0.1:9/none")
    assert (code, said["answer"]) == (3, "error")
