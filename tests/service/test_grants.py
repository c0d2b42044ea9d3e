"""Who may do what to the ledger and to what lies beside it, tried by every role (architecture D9, D10, D15)."""

import psycopg
import pytest

from dealreg.service.guarding.superuser import set_up
from tests.fix_postgres import as_superuser, let_owner_make_schemas

ROLES = ["dealreg_app", "dealreg_reader", "dealreg_projector", "dealreg_auditor", "dealreg_sealer", "dealreg_watcher"]
SEAL = ["seal.checkpoints", "seal.tiles", "seal.cosignatures", "seal.tokens"]
KEPT = ["ledger.events", *SEAL]

ROWS = {
    "ledger.events": "SELECT ledger.append_audit(ARRAY[gen_random_uuid()], '{1}', '{audit.trail_read.v1}', ARRAY['{}'::bytea])",
    "seal.checkpoints": "INSERT INTO seal.checkpoints (origin, size, root, note) VALUES ('o', 1, sha256(''), 'n')",
    "seal.tiles": "INSERT INTO seal.tiles VALUES ('o', 0, 0, repeat('x', 8192)::bytea)",
    "seal.cosignatures": "INSERT INTO seal.cosignatures VALUES ('o', 1, 'w', 'l', now())",
    "seal.tokens": "INSERT INTO seal.tokens VALUES ('o', 1, 'a', 't', now())",
}
COLUMNS = "originator_id, originator_version, topic, state"
VALUES = "gen_random_uuid(), 1, 'x.v1', ''"
NEVER = {
    **{
        f"update {table}": f"UPDATE {table} SET {'topic' if table == 'ledger.events' else 'origin'} = 'x'"
        for table in KEPT
    },
    **{f"delete {table}": f"DELETE FROM {table}" for table in KEPT},
    **{f"truncate {table}": f"TRUNCATE {table} CASCADE" for table in KEPT},
    "set the position": f"INSERT INTO ledger.events ({COLUMNS}, position) VALUES ({VALUES}, 999)",
    "set the time": f"INSERT INTO ledger.events ({COLUMNS}, recorded_at) VALUES ({VALUES}, '2020-01-01Z')",
    "set the salt": f"INSERT INTO ledger.events ({COLUMNS}, salt) VALUES ({VALUES}, sha256(''))",
    "set who": f"INSERT INTO ledger.events ({COLUMNS}, recorded_by) VALUES ({VALUES}, 'dealreg_app')",
    "set all": "INSERT INTO ledger.events SELECT 999, gen_random_uuid(), 1, 'x.v1', '', now(), 'me', sha256('')",
    "copy in": "COPY ledger.events FROM PROGRAM 'true'",
    "merge": "MERGE INTO ledger.events AS e USING (VALUES (1)) AS v ON e.position = 1 WHEN MATCHED THEN DELETE",
    "another salt for a fact": "UPDATE ledger.events SET salt = sha256('')",
    "change a personal value": "UPDATE personal.held SET value = 'x'",
    "empty the personal values": "TRUNCATE personal.held",
    "be a replica": "SET session_replication_role = replica",
    "take the triggers off": "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
    "let an event trigger pass": "ALTER EVENT TRIGGER dealreg_ends DISABLE",
}
"""Requirement 18: what no role may, whatever its work. With the owner's exceptions it is the matrix of docs/enforcement.md."""

WRITES = {
    "insert": "INSERT INTO ledger.events VALUES (999, gen_random_uuid(), 1, 'x.v1', '{}', now(), 'me')",
    "update": "UPDATE ledger.events SET topic = 'x.v1'",
    "delete": "DELETE FROM ledger.events",
    "truncate": "TRUNCATE ledger.events",
    "drop": "DROP TABLE ledger.events",
    "alter": "ALTER TABLE ledger.events ADD COLUMN more text",
    "trigger": "CREATE TRIGGER t BEFORE INSERT ON ledger.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "rule": "CREATE RULE r AS ON INSERT TO ledger.events DO INSTEAD NOTHING",
    "lock the turn": "LOCK TABLE ledger.turn IN ACCESS SHARE MODE",
    "read the turn": "SELECT FROM ledger.turn",
    "replace append": "CREATE OR REPLACE FUNCTION ledger.append() RETURNS void LANGUAGE sql AS 'SELECT'",
    "enter past append": "SELECT ledger.enter('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
    "forge a migration": "DELETE FROM migrations._yoyo_migration",
}

NOTHING = '{"data": {"refs": [], "letters": [], "deleted": 0, "kept_class": "dead_letters", "kept_from": "2026-01-01T00:00:00Z"}}'
ERASE = f"SELECT personal.erase('{{}}', '{{}}', gen_random_uuid(), '{NOTHING}')"
RETIRE = f"SELECT personal.retire('{{}}', '{{}}', gen_random_uuid(), '{NOTHING}')"
EMPTY = "('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"
MAY = {
    "read the ledger": (
        "SELECT FROM ledger.events",
        {"dealreg_app", "dealreg_projector", "dealreg_auditor", "dealreg_sealer", "dealreg_watcher"},
    ),
    "append": (f"SELECT ledger.append{EMPTY}", {"dealreg_app"}),
    "append audit": (
        "SELECT ledger.append_audit('{}', '{}', '{}', '{}')",
        {"dealreg_auditor", "dealreg_sealer", "dealreg_watcher"},
    ),
    "find a position": (
        "SELECT ledger.position_at(now())",
        {"dealreg_app", "dealreg_projector", "dealreg_auditor", "dealreg_sealer"},
    ),
    "sign a checkpoint": (ROWS["seal.checkpoints"], {"dealreg_sealer"}),
    "keep a tile": (ROWS["seal.tiles"], {"dealreg_sealer"}),
    "say how the sealer is": ("UPDATE seal.standing SET halted = 'x'", {"dealreg_sealer"}),
    "read checkpoints": (
        "SELECT FROM seal.checkpoints",
        {"dealreg_app", "dealreg_projector", "dealreg_auditor", "dealreg_sealer", "dealreg_watcher"},
    ),
    "say that it lives": (
        "INSERT INTO intake.heartbeats (role, instance) VALUES ('watch', 'x')",
        {"dealreg_app", "dealreg_watcher"},
    ),
    "read personal values": ("SELECT value, salt FROM personal.held", {"dealreg_app"}),
    "keep personal values": ("INSERT INTO personal.held VALUES (gen_random_uuid(), 's', 'v', '')", {"dealreg_app"}),
    "forget personal values": ("DELETE FROM personal.held", set()),
    "erase a person": (ERASE, {"dealreg_auditor"}),
    "retire what is old": (RETIRE, {"dealreg_app", "dealreg_auditor"}),
    "lift a hold": ("SELECT personal.lift_hold(gen_random_uuid(), '')", {"dealreg_auditor"}),
    "see the holds": ("SELECT FROM personal.holds", {"dealreg_app", "dealreg_auditor"}),
    "blank dead letters": ("UPDATE intake.dead_letters SET bytes = ''", set()),
    "see whose they are": ("SELECT ref, subject FROM personal.held", {"dealreg_app", "dealreg_auditor"}),
    "change personal values": ("UPDATE personal.held SET value = 'other'", set()),
    "read dead letters": ("SELECT FROM intake.dead_letters", {"dealreg_app", "dealreg_projector", "dealreg_auditor"}),
    "resolve dead letters": ("UPDATE intake.dead_letters SET resolution = 'x'", {"dealreg_app"}),
}


@pytest.fixture
def attempt(database_url):
    """Try a statement as a role; was it allowed? Nothing stays."""

    def tried(role, statement):
        with psycopg.connect(database_url, options=f"-c role={role}") as connection:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                return False
            finally:
                connection.rollback()
        return True

    return tried


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_round_the_door(attempt, role):
    allowed = {name for name, statement in WRITES.items() if attempt(role, statement)}
    assert allowed == set()


@pytest.fixture
def filled(database_url):
    """A database with a row in every table that is kept: a statement that meets no row would meet no trigger."""
    with psycopg.connect(as_superuser(database_url), autocommit=True) as superuser:
        for statement in ROWS.values():
            superuser.execute(statement)
        superuser.execute(
            "INSERT INTO personal.held (ref, subject, value, salt) VALUES (gen_random_uuid(), 's', 'v', '')"
        )
    let_owner_make_schemas(database_url)
    set_up(as_superuser(database_url))
    return database_url


def refused(connection, statements):
    """Those that were refused for want of a right, by a grant or by a trigger; nothing stays."""
    found = set()
    for name, statement in statements.items():
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            found.add(name)
        connection.rollback()
    return found


@pytest.mark.parametrize("role", ROLES)
def test_requirement_18_no_role_changes_what_is_recorded(filled, role):
    """No UPDATE, DELETE, TRUNCATE; no position, time, salt or name of its own; no way to switch the guard off."""
    with psycopg.connect(filled, options=f"-c role={role}") as connection:
        assert refused(connection, NEVER) == set(NEVER)


def test_requirement_18_nor_does_the_owner(filled):
    """Its grants let it; the triggers do not, and it cannot take them away (requirement 19). Personal values are no record: see the watcher."""
    with psycopg.connect(filled, options="-c role=dealreg_owner") as connection:
        assert set(NEVER) - refused(connection, NEVER) == {"change a personal value", "empty the personal values"}


def test_requirement_18_nor_a_superuser_who_replays_as_a_replica(filled):
    """``session_replication_role`` silences ordinary triggers and these not."""
    guarded = {
        name: NEVER[name] for name in NEVER if name.startswith(("update", "delete", "truncate", "set", "copy", "merge"))
    }
    with psycopg.connect(as_superuser(filled), autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.autocommit = False
        assert refused(superuser, guarded) == set(guarded)


@pytest.mark.parametrize("table", KEPT)
def test_requirement_18_the_honest_limit_is_a_superuser_with_two_statements(filled, table):
    """Let the event trigger pass, take the triggers off, then do it. What is left is evidence: the catalogue, the watcher, the seal."""
    with psycopg.connect(as_superuser(filled)) as superuser:
        superuser.execute("ALTER EVENT TRIGGER dealreg_ends DISABLE")
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        superuser.execute(f"DELETE FROM {table}")
        assert superuser.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        superuser.rollback()


def test_requirement_18_what_the_door_sets_nobody_can_steer(database_url):
    """A session's own functions, tables and settings: the instant, the position, the salt and the name are the database's."""
    with psycopg.connect(database_url, options="-c role=dealreg_app") as app:
        app.execute("CREATE TEMP TABLE events (position bigint)")
        app.execute(
            "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2020-01-01Z'::timestamptz $$"
        )
        app.execute(
            "CREATE FUNCTION pg_temp.gen_random_uuid() RETURNS uuid LANGUAGE sql AS $$ SELECT repeat('0', 32)::uuid $$"
        )
        app.execute("SET search_path = pg_temp, pg_catalog")
        app.execute("SET TIME ZONE 'Pacific/Kiritimati'")
        before = app.execute("SELECT max(position), pg_catalog.clock_timestamp() FROM ledger.events").fetchone()
        assert before is not None
        for _ in range(2):
            app.execute(
                "SELECT ledger.append('{0}', ARRAY[pg_catalog.gen_random_uuid()], '{1}', '{x.v1}', ARRAY[''::bytea], '{}', '{}', '{}')"
            )
        rows = app.execute(
            "SELECT position, recorded_at, recorded_by, salt FROM ledger.events WHERE position > %s ORDER BY position",
            [before[0]],
        ).fetchall()
    assert [row[0] for row in rows] == [before[0] + 1, before[0] + 2]
    assert before[1] < rows[0][1] < rows[1][1]
    assert {row[2] for row in rows} == {"dealreg_app"}
    assert rows[0][3] != rows[1][3] != b"\0" * 32


FORGED = """
CREATE FUNCTION e.forged(cmds int[], ids uuid[], versions bigint[], topics text[], states bytea[], before bigint, at timestamptz, late int[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
    SELECT before + row_number() OVER (ORDER BY u.n), u.id, u.v, u.topic, u.state, at,
           coalesce(nullif(current_setting('role'), 'none'), session_user)
    FROM unnest(cmds, ids, versions, topics, states) WITH ORDINALITY AS u (c, id, v, topic, state, n)
    WHERE u.c <> ALL (late)
    ORDER BY u.n;
END $$
"""
FRAME = "PL/pgSQL function ledger.enter(integer[],uuid[],bigint[],text[],bytea[],integer[],uuid[],bigint[]) line 83 at SQL statement"
CALL = (
    "SELECT e.{}('{{0}}', ARRAY[gen_random_uuid()], '{{1}}', '{{x.v1}}', ARRAY[''::bytea], 999, '2020-01-01Z', '{{}}')"
)


def test_requirement_18_the_owner_cannot_pretend_to_be_the_door(filled):
    """The very statement of the door from a function of one's own; a name and a comment that hold the door's frame."""
    forgeries = {
        "a function of its own": (FORGED, CALL.format("forged")),
        "one with a telling name": (
            FORGED.replace("e.forged", f'e."a\n{FRAME[:60]}"'),
            CALL.format(f'"a\n{FRAME[:60]}"'),
        ),
        "a comment behind": (
            FORGED.replace("ORDER BY u.n;", f'ORDER BY u.n --\n;/*"\n{FRAME}\n*/'),
            CALL.format("forged"),
        ),
        "a comment behind what is made up at run time": (
            "SELECT",
            f"DO $$ BEGIN EXECUTE $e$INSERT INTO ledger.events SELECT 999, {VALUES}, now(), 'me' /*\"\n{FRAME}\n*/$e$; END $$",
        ),
    }
    with psycopg.connect(filled, options="-c role=dealreg_owner") as owner:
        for name, (made, call) in forgeries.items():
            owner.execute("CREATE SCHEMA e")
            owner.execute(made)
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="a fact enters through"):
                owner.execute(call)
            owner.rollback()
            assert name


def test_requirement_18_the_door_is_known_in_any_language(filled):
    """The slower look that a server takes which does not speak English, on the same stack in German words."""
    with psycopg.connect(as_superuser(filled)) as superuser:
        (body,) = superuser.execute("SELECT prosrc FROM pg_proc WHERE oid = 'ledger.enter'::regproc").fetchall()[0]
        statement = body[body.index("INSERT INTO ledger.events") :].split(";")[0]
        frame = FRAME.replace("PL/pgSQL function", "PL/pgSQL-Funktion").replace(
            "line 83 at SQL statement", "Zeile 83 bei SQL-Anweisung"
        )
        own = "PL/pgSQL-Funktion ledger.only_by_the_door() Zeile 5 bei GET DIAGNOSTICS"
        stacks = {
            f"{own}\nSQL-Anweisung »{statement}«\n{frame}\nund mehr": True,
            f"{own}\nSQL-Anweisung »{statement}«\nPL/pgSQL-Funktion e.forged() Zeile 1": False,
            f"{own}\nSQL-Anweisung »{statement} --\n{frame}«\nPL/pgSQL-Funktion e.forged() Zeile 1": False,
            f"{own}\nSQL-Anweisung »{statement} /*\n{frame}*/«\nPL/pgSQL-Funktion e.forged() Zeile 1": False,
            f"{own}\nSQL-Anweisung »x«\n{own}\nSQL-Anweisung »{statement}«\n{frame}": False,
            own: False,
        }
        for stack, expected in stacks.items():
            assert superuser.execute("SELECT ledger.by_the_door(%s)", [stack]).fetchone() == (expected,), stack


@pytest.mark.parametrize("what", MAY)
def test_each_role_has_the_rights_of_its_work(attempt, what):
    statement, expected = MAY[what]
    assert {role for role in ROLES if attempt(role, statement)} == expected


def test_public_has_nothing(servers, attempt):
    """A login of the server that is none of ours."""
    with psycopg.connect(servers.postgres.superuser_url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS stranger")
        admin.execute("CREATE ROLE stranger NOLOGIN")
        admin.execute("GRANT stranger TO dealreg")
    allowed = [one for one in (*WRITES.values(), *(may for may, _ in MAY.values())) if attempt("stranger", one)]
    assert allowed == []


def test_the_catalogue_agrees(database_url):
    """Not only what was tried: no role but the owner holds a right to write the events, by table or by column."""
    with psycopg.connect(database_url) as connection:
        holders = connection.execute(
            "SELECT grantee, privilege_type FROM information_schema.table_privileges WHERE table_schema = 'ledger'"
            " AND grantee <> 'dealreg_owner' UNION SELECT grantee, privilege_type FROM information_schema.column_privileges"
            " WHERE table_schema = 'ledger' AND grantee <> 'dealreg_owner'"
        ).fetchall()
    assert {right for _, right in holders} == {"SELECT"}


def test_the_owner_cannot_be_logged_in(database_url):
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'dealreg\\_%'"
        ).fetchall()
    assert {name for name, *_ in rows} == {*ROLES, "dealreg_owner"}
    assert not any(any(rights) for _, *rights in rows)
