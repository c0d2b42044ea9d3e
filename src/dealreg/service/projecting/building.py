"""Make the schema of a generation: its tables, who may read which rows, and the proof that every statement fits them (architecture D9).

What a folder cannot do is enforced here and not asked of it: row-level security is enabled and forced by the loader, views and
anything that computes by itself are refused.
"""

from dealreg.service.projecting.connecting import PROJECTOR, Connection
from dealreg.service.projecting.errors import BadReadModel
from dealreg.service.projecting.folders import Readable, ReadModel
from dealreg.service.projecting.statements import Statement

READER = "nullif(current_setting('dealreg.reader', true), '')::uuid"
"""Whose rows are shown. After a SET LOCAL the setting is an empty text, not missing."""

_RELATIONS = """
SELECT c.relname, c.relkind FROM pg_class AS c WHERE c.relnamespace = %s::regnamespace AND c.relkind NOT IN ('i', 't', 'c')
"""
_DEFAULTS = """
SELECT c.relname || '.' || a.attname FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid
JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE c.relnamespace = %s::regnamespace AND pg_get_expr(d.adbin, d.adrelid) LIKE '%%(%%'
"""
_OTHERS = """
SELECT 'the function ' || proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
UNION ALL SELECT 'the trigger ' || t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
UNION ALL SELECT 'the policy ' || p.polname FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
WHERE c.relnamespace = %(schema)s::regnamespace
"""
_COLUMN_TYPE = """
SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND NOT a.attisdropped
"""


def build(connection: Connection, model: ReadModel, generation: int) -> None:
    """Make a generation's schema inside the caller's transaction. Raises ``BadReadModel``; then nothing of it stays."""
    schema = model.schema(generation)
    if model.tables is not None:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("SELECT set_config('search_path', %s, true)", [f"{schema}, pg_catalog"])
        try:
            with connection.transaction():
                connection.execute(model.tables)
        except Exception as error:
            raise BadReadModel(f"{model.name}/table.sql", str(error)) from error
        _require_plain_tables(connection, model, schema)
        for line in model.readers:
            _protect(connection, model, schema, line)
        for role in sorted({*model.roles}):
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    for statement in {id(one): one for one in [*model.on.values(), *model.ask.values()]}.values():
        _try(connection, statement)
    connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")


def _require_plain_tables(connection: Connection, model: ReadModel, schema: str) -> None:
    """Tables and indexes, nothing that acts or computes by itself, and every table answered for in ``readers.sql``."""
    file = f"{model.name}/table.sql"
    relations: dict[str, bytes | str] = dict(connection.execute(_RELATIONS, [schema]).fetchall())
    kinds = {name: kind.decode() if isinstance(kind, bytes) else kind for name, kind in relations.items()}
    if odd := sorted(name for name, kind in kinds.items() if kind not in {"r", "p"}):
        raise BadReadModel(
            file, f"makes {', '.join(odd)}; only tables and indexes: a view would show every row, a sequence differs"
        )
    if computed := connection.execute(_DEFAULTS, [schema]).fetchall():
        raise BadReadModel(file, f"lets {computed[0][0]} compute its own default; give the value in the statement")
    if others := connection.execute(_OTHERS, {"schema": schema}).fetchall():
        raise BadReadModel(
            file, f"makes {others[0][0]}; the loader protects rows, statements change them, nothing else does"
        )
    answered = {line.table for line in model.readers}
    if forgotten := sorted(set(kinds) - answered):
        raise BadReadModel(
            f"{model.name}/readers.sql", f"does not say who reads {', '.join(forgotten)}; NULL, NULL for nobody"
        )
    if unknown := sorted(answered - set(kinds)):
        raise BadReadModel(f"{model.name}/readers.sql", f"names {', '.join(unknown)}, which table.sql does not make")


def _protect(connection: Connection, model: ReadModel, schema: str, line: Readable) -> None:
    """Rows by reader: enabled and forced, so that even the table's owner sees none without a policy."""
    table = f"{schema}.{line.table}"
    if any(other.column is not None for other in model.readers if other.table == line.table):
        connection.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute(f"DROP POLICY IF EXISTS projected ON {table}")
        connection.execute(f"CREATE POLICY projected ON {table} TO {PROJECTOR} USING (true) WITH CHECK (true)")
    if line.role is None:
        return
    connection.execute(f"GRANT SELECT ON {table} TO {line.role}")
    if line.column is None:
        return
    found = connection.execute(_COLUMN_TYPE, [table, line.column]).fetchone()
    if found is None or found[0] != "uuid":
        kind = "no such column" if found is None else f"a {found[0]}"
        raise BadReadModel(f"{model.name}/readers.sql", f"{line.table}.{line.column} is {kind}; a reader is a uuid")
    connection.execute(
        f"CREATE POLICY read_by_{line.role} ON {table} FOR SELECT TO {line.role} USING ({line.column} = {READER})"
    )


def _try(connection: Connection, statement: Statement) -> None:
    """Let the server read the statement, without running it."""
    try:
        with connection.transaction():
            connection.execute(f"PREPARE tried AS {statement.text}")
        connection.execute("DEALLOCATE tried")
    except Exception as error:
        raise BadReadModel(statement.file, str(error)) from error
