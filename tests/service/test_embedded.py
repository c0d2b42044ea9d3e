"""The embedded servers: what they promise, and what survives which death."""

import psycopg

from dealreg.service.embedded.servers import Servers


def test_a_test_has_a_database_of_its_own_and_is_no_superuser_in_it(database_url: str):
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT current_database() LIKE 'test_%%', rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (True, False)


