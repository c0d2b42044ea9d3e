"""The alternative to our projector: the event-sourcing library's own runner, on the same facts, one transaction each.

Its view is the least that one can keep, a row of each stream with its newest version; a read model of ours does more for each fact.
"""

from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from dealreg.service.ledger.ledger import LedgerApplication
from dealreg.service.ledger.recorded import Recorded

_KEEP = SQL(
    "INSERT INTO public.stock_view VALUES (%(stream)s, %(version)s)"
    " ON CONFLICT (stream) DO UPDATE SET version = excluded.version"
)


class StockView(PostgresTrackingRecorder):
    """A row of each stream, in one transaction with the position."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS public.stock_view (stream uuid PRIMARY KEY, version bigint)").format()
        )

    def keep(self, stream: UUID, version: int, tracking: Tracking) -> None:
        """One fact."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_KEEP, {"stream": stream, "version": version}, prepare=True)


class StockProjection(Projection[StockView]):
    """As the library's manual has it."""

    name = "stock"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Every fact alike."""
        fact = cast("Recorded", domain_event)
        self.view.keep(fact.originator_id, fact.originator_version, tracking)


def run_library(url: str, up_to: int, patience: float = 120.0) -> None:
    """Follow the ledger from its first fact to a position with the library's runner. Raises ``TimeoutError`` of the library."""
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    env = {
        "DATABASE_URL": url,
        "LEDGER_ROLE": "dealreg_app",
        "LEDGER_POOL_SIZE": "4",
        "LEDGER_PATIENCE": "3",
        "STOCK_PERSISTENCE_MODULE": "eventsourcing.postgres",
        "STOCK_POSTGRES_DBNAME": parts["dbname"],
        "STOCK_POSTGRES_HOST": parts.get("host", ""),
        "STOCK_POSTGRES_PORT": parts.get("port", "5432"),
        "STOCK_POSTGRES_USER": parts.get("user", ""),
        "STOCK_POSTGRES_PASSWORD": parts.get("password", ""),
    }
    with ProjectionRunner(
        application_class=LedgerApplication, projection_class=StockProjection, view_class=StockView, env=env
    ) as runner:
        runner.wait(up_to, timeout=patience)
