"""Read models are what a replay gives, row for row; a row that a superuser changed is found by the name of its table."""

import hashlib
import json
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors, sql
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Saved
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.simulating.plan import plan
from dealreg.service.simulating.simulation import Simulation

TABLES = """
SELECT g.model, n.nspname AS schema, c.relname AS name FROM projection.generations AS g
JOIN pg_namespace AS n ON n.nspname = g.model || '_g' || g.generation JOIN pg_class AS c ON c.relnamespace = n.oid
WHERE g.state = 'live' AND c.relkind = 'r' ORDER BY 1, 3
"""
CHANGED = {
    "text": "{} || 'x'",
    "int4": "{} + 1",
    "int8": "{} + 1",
    "bool": "NOT {}",
    "timestamptz": "{} + interval '1 microsecond'",
    "uuid": "gen_random_uuid()",
}
"""By a column's type: the smallest other value."""


@pytest.fixture
def program(projected_url: str, ledger: Ledger) -> str:
    """A simulated program with everything projected."""
    simulation = Simulation(plan(seed=2, partners=20, registrations=60))
    for _ in simulation.steps():
        pass
    ledger.append([Saved(list(simulation.ledger.facts), {})])
    Projector(projected_url, strict=True).catch_up()
    return projected_url


@pytest.fixture
def superuser(servers, program: str) -> Iterator[psycopg.Connection]:
    name = psycopg.conninfo.conninfo_to_dict(program)["dbname"]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        yield connection


def tables(connection: psycopg.Connection) -> dict[tuple[str, str], sql.Composable]:
    return {
        (model, name): sql.Identifier(schema, name) for model, schema, name in connection.execute(TABLES).fetchall()
    }


def digests(connection: psycopg.Connection) -> dict[tuple[str, str], tuple[int, str]]:
    """Of every table how many rows, and SHA-256 over all of them in their own order."""
    found = {}
    for key, table in tables(connection).items():
        rows = connection.execute(sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(table)).fetchall()
        found[key] = len(rows), hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    return found


def tamper(connection: psycopg.Connection, table: sql.Composable) -> str | None:
    """One value of one row, the first that the table's own checks let pass; what was changed."""
    columns = connection.execute(
        "SELECT attname, typname FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = %s::regclass AND attnum > 0",
        [table.as_string(connection)],
    ).fetchall()
    for column, kind in columns:
        named = sql.Identifier(column)
        if kind not in CHANGED:
            continue
        change = sql.SQL(
            "UPDATE {table} SET {column} = {value} WHERE ctid = (SELECT min(ctid) FROM {table} WHERE {column} IS NOT NULL)"
        ).format(table=table, column=named, value=sql.SQL(CHANGED[kind]).format(named))
        try:
            if connection.execute(change).rowcount:
                return str(column)
        except errors.IntegrityError:
            continue
    return None


def checked(monkeypatch: pytest.MonkeyPatch, url: str) -> tuple[int, dict[str, list[str]]]:
    """`dealreg rebuild --check`: its exit code, and of every model the tables that differ."""
    monkeypatch.setenv("DATABASE_URL", url)
    done = CliRunner().invoke(verbs(), ["rebuild", "--check", "--json"])
    said = json.loads(done.stdout)
    return done.exit_code, {one["model"]: one["differs"] for one in said["models"]}


def test_requirement_25_the_digest_of_a_rebuild_is_the_digest_of_what_is_read(program: str, superuser):
    live = digests(superuser)
    assert sum(rows for rows, _ in live.values()) > 1000
    rebuild(program)
    assert digests(superuser) == live


def test_requirement_25_a_row_that_a_superuser_changed_is_found_by_its_table(
    program: str, superuser, monkeypatch: pytest.MonkeyPatch
):
    """In every table of every read model that has rows; and none is accused that was not touched."""
    assert checked(monkeypatch, program) == (0, {model: [] for model, _ in tables(superuser)})
    touched = {key for key, table in tables(superuser).items() if tamper(superuser, table) is not None}
    assert len(touched) >= 0.9 * sum(rows > 0 for rows, _ in digests(superuser).values())
    code, differs = checked(monkeypatch, program)
    assert (code, {(model, name) for model, names in differs.items() for name in names}) == (1, touched)


def test_requirement_25_a_row_that_was_taken_out_or_put_in_is_found(
    program: str, superuser, monkeypatch: pytest.MonkeyPatch
):
    superuser.execute("DELETE FROM my_deals_g1.my_deals WHERE ctid = (SELECT max(ctid) FROM my_deals_g1.my_deals)")
    superuser.execute("INSERT INTO network_deals_g1.accounts VALUES ('reference', 'crm', 'x', '{}', '{}')")
    code, differs = checked(monkeypatch, program)
    assert (code, {model: names for model, names in differs.items() if names}) == (
        1,
        {"my_deals": ["my_deals"], "network_deals": ["accounts"]},
    )
