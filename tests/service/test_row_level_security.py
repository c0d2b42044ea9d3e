"""What a tier must not see, the database does not give it (architecture D9): every reader against every row of every table."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from dealreg.customer.events import IdentityQuestioned
from dealreg.file import events as filed
from dealreg.file.account_events import AccountFlagged
from dealreg.file.conflict_events import AppealLodged
from dealreg.file.notice_events import MinimumReachedTogether
from dealreg.file.words import Against
from dealreg.mirror.events import CustomFieldLearned, CustomFieldsFull
from dealreg.pricing.events import SpecialPriceRequested
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.projecting.asking import DATABASE_ROLES, Reading
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.errors import NotReadable
from dealreg.service.projecting.folders import read_models
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.field_types import Entity, FieldType
from dealreg.vocabulary.ids import PartnerId, crm_schema_id, derived, desk_reader, partner_reader, region_reader
from dealreg.vocabulary.values import Money, Tier
from tests.fix_histories import DAY, PROGRAM, START, Claim, History, another_database, customer, meeting

BY_ROW = [
    (model.name, line.table, line.role)
    for model in read_models().values()
    for line in model.readers
    if line.column is not None
]
"""Every table of which partners or managers read some rows."""

OF_THE_MANUFACTURER = {"protection_intervals"}
"""What was known when is made of instants of recording (architecture D18): no row of it is a partner's."""

NOBODYS = [(model.name, line.table) for model in read_models().values() for line in model.readers if line.role is None]


@pytest.fixture(scope="module")
def world(servers, _template):
    """Twelve claims of six dealers under three distributors in three regions; a conflict, a joining, a grace.

    One database for all: these tests only look, or take back what they did.
    """
    with another_database(servers, _template) as url, Ledger(url) as ledger:
        _fill(ledger)
        Projector(url).catch_up()
        yield url


def _fill(ledger):
    history = History()
    opportunity = derived("opportunity", "x")
    for number in range(12):
        claim = Claim(
            f"r{number}",
            customer(f"c{number // 2}"),
            f"dist-{number % 3}",
            f"dealer-{number % 6}" if number % 4 else None,
            territory=("de", "emea", "fr")[number % 3],
            opportunity=opportunity if number == 1 else None,
        )
        at = START + timedelta(hours=number)
        claim.filed(history, at, number % 2 + 1)
        if number % 2 == 0:
            history.add(claim.file, claim.approved(at), at)
            incumbent = claim
        else:
            meeting(incumbent, claim, history, at)
            history.add(claim.file, claim.queued(at), at)
    history.add(
        incumbent.file, incumbent.leg(filed.GraceBegan, at + DAY, stage="late", grace_to=at + 9 * DAY), at + DAY
    )
    joining = filed.JoiningAsked(
        **incumbent.of,
        joining=derived("joining", 1),
        tier=Tier.DEALER,
        partner=PartnerId("dealer-1"),
        holder=PartnerId(incumbent.distributor),
        asks=filed.Asks.HOLDER,
        answer_to=at + 5 * DAY,
        challenger=None,
        invited=False,
    )
    history.add(incumbent.file, joining, at)
    _fill_later(history, incumbent, at)
    history.save(ledger)


def _fill_later(history, incumbent, at):
    """A special price, an appeal, a strategic flag, a question of identity, and a notice, in the incumbent's region."""
    managers = (desk_reader(PROGRAM), region_reader(PROGRAM, "emea"))
    price = derived("special_price", 1)
    asked = SpecialPriceRequested(
        special_price=price, registration=incumbent.id, customer=incumbent.customer, line=incumbent.line,
        asked_by=PartnerId("dealer-1"), distributor=PartnerId(incumbent.distributor), discount=Decimal("0.1"),
        size=Money(amount=Decimal(1), currency="EUR"), competitor=None, levels=("channel_manager",), rulebook_version="1",
        requested_by="u-1", requested_at=at, dealers=(partner_reader(PROGRAM, "dealer-1"),),
        distributors=(partner_reader(PROGRAM, incumbent.distributor),), managers=managers,
    )  # fmt: skip
    history.add(price, asked, at)
    flag = AccountFlagged(
        customer=incumbent.customer, flag=derived("flag", 1), lines=(), clause="ROE-20", reason="x", published_at=at,
        effective_at=at, managers=managers,
    )  # fmt: skip
    appeal = AppealLodged(
        **incumbent.of, against=Against.DECLINE, appealed_by=PartnerId("dealer-1"), decided_by="u-1", reason="x",
        ruling_to=at, appealed_at=at, managers=managers,
    )  # fmt: skip
    noted = MinimumReachedTogether(
        customer=incumbent.customer, line=incumbent.line, partner=PartnerId("dealer-1"), registrations=(incumbent.id,),
        value=Money(amount=Decimal(1), currency="EUR"), managers=managers, noted_at=at,
    )  # fmt: skip
    for fact in (flag, appeal, noted):
        history.add(incumbent.file, fact, at)
    other = customer("another")
    asks = IdentityQuestioned(customer=incumbent.customer, other=other, ground="identifiers", readers=managers)
    history.add(incumbent.customer, asks, at)
    _fill_fields(history, at)


def _fill_fields(history, at):
    """A field of a CRM's own, and that there were more than are mirrored."""
    of: dict[str, Any] = {"source": "crm", "entity": Entity.OPPORTUNITY, "desk": desk_reader(PROGRAM)}
    learned = CustomFieldLearned(
        **of, name="Seats", type=FieldType.WHOLE, personal=False, shown_to=(), record="r", message="0" * 64
    )
    for fact in (learned, CustomFieldsFull(**of, name="Another", most=2000)):
        history.add(crm_schema_id(PROGRAM, "crm", "opportunity"), fact, at)


READERS = [
    *(partner_reader(PROGRAM, f"dealer-{number}") for number in range(6)),
    *(partner_reader(PROGRAM, f"dist-{number}") for number in range(3)),
    partner_reader(PROGRAM, "master"),
    *(region_reader(PROGRAM, region) for region in ("world", "emea", "de", "fr")),
    desk_reader(PROGRAM),
]


def _rows(connection, schema, table, reader):
    with connection.transaction():
        connection.execute("SELECT set_config('dealreg.reader', %s, true)", [str(reader or "")])
        return connection.execute(f"SELECT reader, t::text FROM {schema}.{table} AS t").fetchall()


@pytest.mark.parametrize(("model", "table", "role"), BY_ROW)
def test_every_reader_reads_its_own_rows_and_no_others(world, model, table, role):
    """The question has no WHERE at all: a forgotten one gives nothing extra."""
    with connect(world) as projector:
        everything = projector.execute(f"SELECT reader, t::text FROM {model}_g1.{table} AS t").fetchall()
    assert everything, "a table without rows proves nothing"
    with connect(world, role) as connection:
        seen = {reader: _rows(connection, f"{model}_g1", table, reader) for reader in READERS}
    for reader, rows in seen.items():
        assert {owner for owner, _ in rows} <= {reader}
        assert sorted(rows) == sorted(row for row in everything if row[0] == reader)
    assert sum(map(len, seen.values())) == len(everything), "every row has a reader, and it is one of these"


@pytest.mark.parametrize(("model", "table", "role"), BY_ROW)
def test_who_is_nobody_reads_nothing(world, model, table, role):
    with connect(world, role) as connection:
        for reader in (None, uuid4()):
            assert _rows(connection, f"{model}_g1", table, reader) == []
        # Never set at all, and forgotten after a transaction that set it.
        assert connection.execute(f"SELECT count(*) FROM {model}_g1.{table}").fetchone() == (0,)
        _rows(connection, f"{model}_g1", table, READERS[0])
        assert connection.execute(f"SELECT count(*) FROM {model}_g1.{table}").fetchone() == (0,)


@pytest.mark.parametrize(("model", "table"), sorted({(model, table) for model, table, _ in BY_ROW}))
def test_not_even_the_tables_owner_is_exempt(world, model, table):
    """Row-level security is forced: without the one policy that lets it write, the owner sees nothing."""
    with connect(world) as owner:
        assert owner.execute(f"SELECT count(*) > 0 FROM {model}_g1.{table}").fetchone() == (True,)
        with owner.transaction(force_rollback=True):
            owner.execute(f"DROP POLICY projected ON {model}_g1.{table}")
            assert owner.execute(f"SELECT count(*) FROM {model}_g1.{table}").fetchone() == (0,)


@pytest.mark.parametrize(
    "forbidden", ["ledger.events", "personal.held", "intake.dead_letters", "projection.generations"]
)
def test_the_readers_role_has_nothing_but_read_models(world, forbidden):
    with connect(world, "dealreg_reader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {forbidden}")


@pytest.mark.parametrize("role", ["dealreg_reader", "dealreg_auditor", "dealreg_app"])
@pytest.mark.parametrize(("model", "table"), NOBODYS)
def test_what_nobody_reads_nobody_reads(world, role, model, table):
    with connect(world, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {model}_g1.{table}")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET reader = reader", "INSERT INTO {} SELECT * FROM {}", "TRUNCATE {}"]
)
def test_readers_write_nothing(world, statement):
    with connect(world, "dealreg_reader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.replace("{}", "my_deals_g1.my_deals"))


def test_there_is_no_view_and_nothing_that_a_partner_reads_is_made_of_the_position(world):
    with connect(world) as connection:
        kinds = connection.execute(
            "SELECT DISTINCT c.relkind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname ~ '_g[0-9]+$'"
        ).fetchall()
        assert {kind for (kind,) in kinds} <= {"r", "i", b"r", b"i"}
    for name, table, role in BY_ROW:
        if role == "dealreg_reader" and name not in OF_THE_MANUFACTURER:
            model = read_models()[name]
            assert all(
                "_position" not in statement.names and "_recorded_at" not in statement.names
                for statement in model.on.values()
            ), table


def test_what_was_known_when_is_read_by_no_partner(world):
    partners = [
        partner_reader(PROGRAM, name)
        for name in ("master", *(f"dist-{n}" for n in range(3)), *(f"dealer-{n}" for n in range(6)))
    ]
    with Reading(world) as reading:
        for name in OF_THE_MANUFACTURER:
            params = {"from": START, "to": START + 300 * DAY}
            assert reading.ask(name, "protected", desk_reader(PROGRAM), Role.DEAL_DESK, params)
            assert reading.ask(name, "protected", region_reader(PROGRAM, "emea"), Role.CHANNEL_MANAGER, params)
            assert [reading.ask(name, "protected", one, Role.DEALER, params) for one in partners] == [[]] * 10


def test_a_role_asks_only_what_readers_sql_gives_it(world):
    with Reading(world) as reading:
        for model in read_models().values():
            for role in (role for role in Role if DATABASE_ROLES[role] not in model.roles):
                for query in model.ask:
                    with pytest.raises(NotReadable, match="is not for"):
                        reading.ask(model.name, query, uuid4(), role)


def test_a_connection_goes_back_to_the_pool_as_nobody(world):
    """One connection, asked as one reader and then as another and as none."""
    with Reading(world, pool_size=1) as reading:
        asked = [
            {row["registration"] for row in reading.ask("my_deals", "newest", reader, Role.DEALER)}
            for reader in (READERS[1], READERS[2], None, READERS[1])
        ]
        assert asked[0]
        assert asked[1]
        assert (asked[0] & asked[1], asked[2], asked[3]) == (set(), set(), asked[0])
        assert reading._pool.get_stats()["connections_num"] == 1
        with reading._connection() as connection:
            row = connection.execute(
                "SELECT current_setting('dealreg.reader', true), current_user = session_user"
            ).fetchone()
    assert row in {("", True), (None, True)}
