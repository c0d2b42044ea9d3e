"""The schema of the ledger is frozen: it changes by a migration, which is a fact, or not at all (audit 4.3, requirement 19)."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from yoyo import read_migrations

from dealreg.service import migrating
from dealreg.service.guarding.superuser import script, set_up
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.migrating import migrate
from dealreg.service.projecting.loader import provision
from dealreg.service.verifying import catalogue
from tests.fix_postgres import as_superuser, let_owner_make_schemas

ROLES = ["app", "reader", "projector", "auditor", "sealer", "watcher"]

CHANGES = [
    "ALTER TABLE ledger.events ADD COLUMN more text",
    "ALTER TABLE ledger.events DISABLE TRIGGER kept",
    "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
    "ALTER TABLE ledger.events ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE ledger.events DROP CONSTRAINT events_topic_check",
    "ALTER TABLE seal.tiles RENAME TO other",
    "ALTER SCHEMA ledger RENAME TO other",
    "ALTER SCHEMA personal OWNER TO dealreg",
    "ALTER FUNCTION ledger.append SET synchronous_commit = off",
    "ALTER FUNCTION ledger.append SECURITY INVOKER",
    "DROP TRIGGER kept ON ledger.events",
    "DROP TABLE seal.tiles",
    "DROP INDEX ledger.events_by_topic",
    "DROP FUNCTION ledger.keep CASCADE",
    "DROP SCHEMA personal CASCADE",
    "DROP SCHEMA ledger CASCADE",
    "DROP OWNED BY dealreg_owner CASCADE",
    "DROP PUBLICATION dealreg_watched",
    "ALTER PUBLICATION dealreg_watched DROP TABLE ledger.events",
    "CREATE TABLE ledger.more (n int)",
    "CREATE TABLE seal.more AS SELECT 1 AS n",
    "CREATE VIEW personal.more AS SELECT 1 AS n",
    "CREATE INDEX ON ledger.events (recorded_at)",
    "CREATE FUNCTION ledger.more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION ledger.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER t BEFORE INSERT ON ledger.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE r AS ON INSERT TO ledger.events DO INSTEAD NOTHING",
    "CREATE POLICY p ON ledger.events USING (false)",
    "CREATE SCHEMA e CREATE TABLE child () INHERITS (ledger.events)",
    "CREATE SCHEMA e CREATE TABLE child (position bigint REFERENCES ledger.events)",
    "GRANT UPDATE ON ledger.events TO dealreg_app",
    "GRANT UPDATE (topic) ON ledger.events TO dealreg_app",
    "GRANT EXECUTE ON FUNCTION ledger.enter TO PUBLIC",
    "GRANT CREATE ON SCHEMA seal TO dealreg_app",
    "GRANT ALL ON ALL TABLES IN SCHEMA personal TO dealreg_app",
    "REVOKE SELECT ON ledger.events FROM dealreg_sealer",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT ALL ON TABLES TO PUBLIC",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE ledger.events DISABLE TRIGGER kept'; END $$",
    "ALTER EVENT TRIGGER dealreg_ends DISABLE",
    "DROP EVENT TRIGGER dealreg_begins",
    "INSERT INTO guard.before VALUES (pg_backend_pid(), 1, '')",
]


@contextmanager
def session(url, role=None):
    with psycopg.connect(url, options=f"-c role={role}" if role else "") as connection:
        yield connection
        connection.rollback()


def went_through(connection, statements):
    """Those of the statements that changed something; none of them stays. GRANT by somebody without rights is a warning only."""
    done = []
    for statement in statements:
        try:
            before = catalogue.described(connection)
            connection.execute(statement)
            if not statement.startswith(("GRANT", "REVOKE")) or catalogue.described(connection) != before:
                done.append(statement)
        except psycopg.errors.InsufficientPrivilege:
            pass
        connection.rollback()
    return done


@pytest.mark.parametrize("role", ["dealreg_owner", None, *(f"dealreg_{role}" for role in ROLES)])
def test_requirement_19_no_role_and_no_login_changes_the_schema(frozen_url, role):
    """As the owner of every table, as the login that may become it, and as each role."""
    with session(frozen_url, role) as connection:
        assert went_through(connection, CHANGES) == []


def test_requirement_19_without_the_freeze_the_owner_can(database_url):
    """What refuses is the freeze: the same statements without it."""
    let_owner_make_schemas(database_url)
    with session(database_url, "dealreg_owner") as connection:
        done = went_through(connection, [one for one in CHANGES if "EVENT TRIGGER" not in one and "guard" not in one])
        # PostgreSQL asks for more than ownership here: the login owns the database.
        assert set(CHANGES) - set(done) == {
            one for one in CHANGES if "EVENT TRIGGER" in one or "guard" in one or "OWNER TO" in one
        }


def test_requirement_19_a_superuser_is_refused_too_until_it_says_so_twice(frozen_url):
    """The honest limit: two statements (or one setting since 17), and from then on nothing is refused. The catalogue shows it."""
    with session(as_superuser(frozen_url)) as superuser:
        assert (
            went_through(superuser, [one for one in CHANGES if "EVENT TRIGGER" not in one and "INTO guard" not in one])
            == []
        )
        superuser.execute("ALTER EVENT TRIGGER dealreg_ends DISABLE")
        superuser.execute("ALTER TABLE ledger.events DISABLE TRIGGER kept")
        superuser.execute("UPDATE ledger.events SET topic = 'forged.v1' WHERE position = 1")
        what = [one.what for one in catalogue.findings(superuser)]
        assert any(re.match("event trigger dealreg_ends is: .*enabled D", one) for one in what)
        assert any(re.match("trigger kept on ledger.events is: enabled D", one) for one in what)


def test_requirement_19_reassigning_all_ownership_is_not_seen_and_is_found(frozen_url):
    """PostgreSQL tells no event trigger of REASSIGN OWNED. It gives the login nothing that it could not do as the owner."""
    with session(frozen_url) as login:
        login.execute("REASSIGN OWNED BY dealreg_owner TO dealreg")
        assert any("owner of ledger.events is: dealreg" in one.what for one in catalogue.findings(login))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="migration only"):
            login.execute("ALTER TABLE ledger.events DISABLE TRIGGER kept")


def _migrated(connection):
    """The fact that opens the schema, in a stream of its own."""
    facts = (uuid4(), "audit.migrated.v1")
    connection.execute("SELECT ledger.append_audit(ARRAY[%s], '{1}', ARRAY[%s], ARRAY['{}'::bytea])", facts)


def test_requirement_19_a_change_is_let_through_by_the_fact_of_its_own_transaction(frozen_url):
    change = "ALTER TABLE seal.tokens ADD COLUMN more text"
    with session(frozen_url, "dealreg_owner") as owner:
        _migrated(owner)
        owner.execute(change)
        owner.rollback()
        _migrated(owner)
        owner.commit()
        with pytest.raises(
            psycopg.errors.InsufficientPrivilege,
            match="ALTER TABLE is refused: ledger, seal, personal and guard change",
        ):
            owner.execute(change)


def test_requirement_19_another_fact_of_audit_opens_nothing(frozen_url):
    with session(frozen_url, "dealreg_owner") as owner:
        owner.execute(
            "SELECT ledger.append_audit(ARRAY[gen_random_uuid()], '{1}', '{audit.trail_read.v1}', ARRAY['{}'::bytea])"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="migration only"):
            owner.execute("ALTER TABLE seal.tokens ADD COLUMN more text")


def test_requirement_19_a_statement_inside_another_hides_nothing(frozen_url):
    """The inner statement's comparison does not answer for what the outer does."""
    with session(frozen_url, "dealreg_owner") as owner:
        owner.execute("CREATE SCHEMA e")
        owner.execute(
            "CREATE FUNCTION e.inner() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE e.one (n int); RETURN 1; END $$"
        )
        owner.execute("CREATE TABLE e.fine AS SELECT e.inner() AS n")
        owner.execute("DROP TABLE e.one")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="CREATE TABLE AS is refused"):
            owner.execute("CREATE TABLE ledger.more AS SELECT e.inner() AS n")


def test_requirement_19_a_migration_still_runs_and_is_a_fact(frozen_url, monkeypatch, tmp_path):
    for path in Path(migrating.__file__).with_name("migrations").glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "9999_more.sql").write_text(
        "ALTER TABLE seal.tokens ADD COLUMN more text;\nGRANT INSERT ON seal.tokens TO dealreg_auditor;\n"
    )
    monkeypatch.setattr(migrating, "_shipped", lambda: read_migrations(str(tmp_path)))
    assert migrate(frozen_url) == 1
    with session(frozen_url, "dealreg_auditor") as auditor:
        newest = auditor.execute(
            "SELECT convert_from(state, 'UTF8') FROM ledger.events ORDER BY position DESC LIMIT 1"
        ).fetchone()[0]
        assert '"migration":"9999_more"' in newest.replace(" ", "")
        assert auditor.execute("SELECT more FROM seal.tokens").fetchall() == []


def test_read_models_and_what_is_not_ours_stay_free(frozen_url, tmp_path):
    """Provisioning a changed read model makes, grants and drops in schemas of its own; maintenance names no change."""
    with psycopg.connect(frozen_url, autocommit=True, options="-c role=dealreg_projector") as projector:
        projector.execute("DELETE FROM projection.generations")
        for (schema,) in projector.execute(
            "SELECT nspname FROM pg_namespace WHERE nspowner = 'dealreg_projector'::regrole AND nspname <> 'projection'"
        ).fetchall():
            projector.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    provision(frozen_url)
    with psycopg.connect(frozen_url, autocommit=True, options="-c role=dealreg_owner") as owner:
        owner.execute("REINDEX TABLE CONCURRENTLY ledger.events")
        owner.execute("VACUUM ANALYZE ledger.events")
        owner.execute("CREATE TEMP TABLE t AS SELECT 1 AS n")
    with psycopg.connect(frozen_url) as connection:
        assert catalogue.findings(connection) == []


def test_many_sessions_at_once_do_not_meet(frozen_url):
    """Each compares with its own beginning."""

    def make(number):
        with psycopg.connect(frozen_url, autocommit=True, options="-c role=dealreg_owner") as owner:
            for turn in range(5):
                owner.execute(f"CREATE SCHEMA s{number}_{turn}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))


def test_setting_up_again_changes_nothing_and_needs_a_superuser(frozen_url):
    set_up(as_superuser(frozen_url))
    with psycopg.connect(frozen_url) as connection:
        assert catalogue.findings(connection) == []
    with pytest.raises(Unavailable, match="needs a superuser"):
        set_up(frozen_url)


def test_the_printed_script_is_what_runs(database_url, tmp_path):
    """A DBA with psql and no dealreg gets the same."""
    with psycopg.connect(as_superuser(database_url), autocommit=True) as superuser:
        superuser.execute(script())
        assert catalogue.findings(superuser) == []
        assert not [note for note in catalogue.notes(superuser) if "frozen" in note]
