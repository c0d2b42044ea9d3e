"""The slot of a fresh installation, made before anybody records anything: then the watcher has seen everything from the beginning."""

import psycopg

from dealreg.service.watching.slot import Slot

_WORTH = """
SELECT current_setting('wal_level') = 'logical' AND current_setting('max_slot_wal_keep_size') <> '-1'
    AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %s)
    AND NOT EXISTS (SELECT FROM ledger.events AS e WHERE e.topic <> 'audit.migrated.v1')
"""


def prepare(superuser_url: str, slot: str) -> bool:
    """Make the slot where the ledger is fresh and the server does not keep its log for ever for a watcher that never comes."""
    with psycopg.connect(superuser_url, autocommit=True, connect_timeout=5) as connection:
        worth = connection.execute(_WORTH, [slot]).fetchone()
        if not (worth and worth[0]):
            return False
        Slot(connection, slot).make()
        return True
