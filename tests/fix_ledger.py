"""The ledger of a test's own database, and dispatch over it."""

from collections.abc import Iterator

import pytest

from dealreg.service.ledger.ledger import Ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """The ledger as the deciding processes have it (role ``dealreg_app``), on a fresh migrated database."""
    with Ledger(database_url) as opened:
        yield opened
