"""Who may do what to the ledger and to what lies beside it, tried by every role (architecture D9, D10, D15)."""

import psycopg
import pytest

ROLES = ["dealreg_app", "dealreg_reader", "dealreg_projector", "dealreg_auditor"]

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
    "read the ledger": ("SELECT FROM ledger.events", {"dealreg_app", "dealreg_projector", "dealreg_auditor"}),
    "append": (f"SELECT ledger.append{EMPTY}", {"dealreg_app"}),
    "append audit": ("SELECT ledger.append_audit('{}', '{}', '{}', '{}')", {"dealreg_auditor"}),
    "find a position": ("SELECT ledger.position_at(now())", {"dealreg_app", "dealreg_projector", "dealreg_auditor"}),
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
