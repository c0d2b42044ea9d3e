"""The database's own description of the schema against the golden list: every kind of change is found (audit 4.3)."""

import json
import re
from pathlib import Path

import psycopg
import pytest

from dealreg.service.embedded.binaries import major_version
from dealreg.service.embedded.postgres import Postgres
from dealreg.service.guarding.superuser import set_up
from dealreg.service.migrating import migrate
from dealreg.service.verifying import catalogue
from tests.fix_postgres import as_superuser

GOLDEN = Path(catalogue.__file__).with_name(catalogue.GOLDEN)

CHANGES = {
    "a trigger that no longer fires": (
        "ALTER TABLE ledger.events DISABLE TRIGGER kept",
        "trigger kept on ledger.events is: enabled D",
    ),
    "one that a replica's session passes": (
        "ALTER TABLE seal.tiles ENABLE TRIGGER kept_whole",
        "trigger kept_whole on seal.tiles is: enabled O",
    ),
    "a trigger that is gone": ("DROP TRIGGER kept ON seal.tokens", "trigger kept on seal.tokens is missing"),
    "one that is new": (
        "CREATE TRIGGER more AFTER INSERT ON ledger.events FOR EACH ROW EXECUTE FUNCTION ledger.keep()",
        "trigger more on ledger.events is not to be there",
    ),
    "a function that does something else": (
        "CREATE OR REPLACE FUNCTION ledger.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        r"function ledger.keep\(\) is: owner dealreg_owner, definer f, sha256",
    ),
    "one that acts as its owner": ("ALTER FUNCTION ledger.position_at SECURITY DEFINER", "function ledger.position_at"),
    "a right on a table": (
        "GRANT UPDATE ON ledger.events TO dealreg_app",
        "grant on table ledger.events to dealreg_app is: SELECT, UPDATE",
    ),
    "a right on a column": (
        "GRANT UPDATE (state) ON ledger.events TO dealreg_app",
        "grant on column ledger.events.state to dealreg_app is not to be there; it is: UPDATE",
    ),
    "a right of everybody": (
        "GRANT SELECT ON personal.held TO PUBLIC",
        "grant on table personal.held to PUBLIC is not to be there",
    ),
    "a right that may be passed on": (
        "GRANT SELECT ON ledger.events TO dealreg_app WITH GRANT OPTION",
        r"grant on table ledger.events to dealreg_app is: SELECT \(may be passed on\)",
    ),
    "a right to a function": (
        "GRANT EXECUTE ON FUNCTION ledger.enter TO dealreg_app",
        "grant on function ledger.enter.* to dealreg_app is not to be there",
    ),
    "a right that is gone": (
        "REVOKE SELECT ON seal.tiles FROM dealreg_auditor",
        "grant on table seal.tiles to dealreg_auditor is missing",
    ),
    "rights on what will be made": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE dealreg_owner IN SCHEMA ledger GRANT ALL ON TABLES TO PUBLIC",
        "grant on default for r in ledger to PUBLIC",
    ),
    "another owner": (
        "REASSIGN OWNED BY dealreg_owner TO dealreg",
        "owner of ledger.events is: dealreg; it is to be: dealreg_owner",
    ),
    "a column": ("ALTER TABLE ledger.events ADD COLUMN more text", "column ledger.events.more is not to be there"),
    "a default": (
        "ALTER TABLE ledger.events ALTER salt SET DEFAULT ''",
        "column ledger.events.salt is: bytea, not null, default '",
    ),
    "a check that is gone": (
        "ALTER TABLE ledger.events DROP CONSTRAINT events_salt_check",
        "constraint events_salt_check on ledger.events is missing",
    ),
    "a foreign key that is not checked": (
        "ALTER TABLE seal.tokens DISABLE TRIGGER ALL",
        "constraint tokens_origin_size_fkey checked on seal.tokens",
    ),
    "an index": ("DROP INDEX ledger.events_by_topic", "index ledger.events_by_topic is missing"),
    "row security": (
        "ALTER TABLE ledger.events ENABLE ROW LEVEL SECURITY",
        "table ledger.events is: .*row security t f",
    ),
    "a policy": ("CREATE POLICY p ON seal.tiles USING (false)", "policy p on seal.tiles is not to be there"),
    "a rule": (
        "CREATE RULE r AS ON INSERT TO seal.tiles DO INSTEAD NOTHING",
        "rule r on seal.tiles is not to be there",
    ),
    "a child whose rows are the parent's": (
        "CREATE TABLE public.c () INHERITS (ledger.events)",
        "child public.c of ledger.events is not to be there",
    ),
    "a table that is not logged": (
        "ALTER TABLE ledger.turn SET UNLOGGED",
        "table ledger.turn is: kind r, persistence u",
    ),
    "a table more": ("CREATE TABLE seal.other (n int)", "table seal.other is not to be there"),
    "a type": ("CREATE DOMAIN ledger.d AS text", "type ledger.d is not to be there"),
    "what the watcher hears of": (
        "ALTER PUBLICATION dealreg_watched DROP TABLE ledger.events",
        "publication dealreg_watched of ledger.events is missing",
    ),
    "which changes it hears of": (
        "ALTER PUBLICATION dealreg_watched SET (publish = 'insert')",
        "publication dealreg_watched is: .* delete f",
    ),
    "of which rows": (
        "ALTER PUBLICATION dealreg_watched SET TABLE ledger.events WHERE (position < 5)",
        "publication dealreg_watched of ledger.events is: all of it, only where",
    ),
    "an event trigger that no longer fires": (
        "ALTER EVENT TRIGGER dealreg_ends DISABLE",
        "event trigger dealreg_ends is: .*enabled D",
    ),
    "one that is gone": ("DROP EVENT TRIGGER dealreg_begins", "event trigger dealreg_begins is missing"),
    "what it does": (
        "CREATE OR REPLACE FUNCTION guard.ends() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        r"function guard.ends\(\) is",
    ),
    "a setting of a role": (
        "ALTER ROLE dealreg_app IN DATABASE {} SET session_replication_role = replica",
        "setting session_replication_role of dealreg_app in this database is not to be there",
    ),
    "a role that may more": (
        "ALTER ROLE dealreg_auditor BYPASSRLS",
        "role dealreg_auditor is: .*sees past row security t",
    ),
    "a role that logs in": ("ALTER ROLE dealreg_owner LOGIN", "role dealreg_owner is: .*logs in t"),
    "a role that becomes another": (
        "GRANT dealreg_owner TO dealreg_app",
        "role dealreg_app as dealreg_owner is not to be there",
    ),
}


def test_the_golden_list_is_what_this_build_makes(frozen_url, pytestconfig):
    """Written anew with ``--write-golden`` after a migration; the difference is what a reviewer reads."""
    with psycopg.connect(frozen_url, options="-c role=dealreg_auditor") as auditor:
        found = catalogue.described(auditor)
        if pytestconfig.getoption("--write-golden"):
            GOLDEN.write_text(json.dumps(found, indent=0, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        assert catalogue.findings(auditor) == []
    assert found == catalogue.golden()


def test_an_unfrozen_database_is_a_note_and_no_finding(database_url):
    with psycopg.connect(database_url, options="-c role=dealreg_auditor") as auditor:
        assert catalogue.findings(auditor) == []
        said = catalogue.notes(auditor)
    assert [one[0] for note in said if (one := re.match("the schema is not frozen|nobody watches", note))] == [
        "the schema is not frozen",
        "nobody watches",
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_found_and_named(frozen_url, change):
    """A superuser makes each in a transaction that is then given up: it is found before, by the same session, and nothing stays."""
    statement, said = CHANGES[change]
    with psycopg.connect(as_superuser(frozen_url), autocommit=True) as superuser:
        before = catalogue.findings(superuser)
        superuser.execute("BEGIN")
        if "EVENT TRIGGER" not in statement:
            superuser.execute("ALTER EVENT TRIGGER dealreg_begins DISABLE")
            superuser.execute("ALTER EVENT TRIGGER dealreg_ends DISABLE")
        superuser.execute(statement.format(superuser.info.dbname))
        found = [one.what for one in catalogue.findings(superuser) if one not in before]
        superuser.execute("ROLLBACK")
        assert [what for what in found if re.match(said, what)], found
        assert catalogue.findings(superuser) == before


def test_the_oldest_postgresql_describes_itself_in_the_same_words(tmp_path_factory, servers):
    """Where the machine has one of another major version beside the embedded one (architecture D1: 15 is the floor)."""
    others = [Path("/usr/local/bin"), *Path("/usr/lib/postgresql").glob("*/bin")]
    with psycopg.connect(servers.postgres.superuser_url) as connection:
        embedded = connection.info.server_version // 10000
    found = [path for path in others if (path / "initdb").exists() and major_version(path) != embedded]
    for path in found:
        server = Postgres(tmp_path_factory.mktemp("other") / "pg", binaries=path)
        server.start()
        try:
            migrate(server.database_url)
            set_up(as_superuser(server.database_url))
            with psycopg.connect(server.database_url) as connection:
                assert catalogue.findings(connection) == []
        finally:
            server.stop()
