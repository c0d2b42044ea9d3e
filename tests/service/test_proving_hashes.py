"""Roots and proofs out of tiles and rows are those of the whole tree, at every kind of edge."""

import psycopg
import pytest

from dealreg.proof.tree import EMPTY
from dealreg.proof.verify import Refused, verify_consistency, verify_inclusion
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.proving.hashes import Hashes

MANY = """
SELECT ledger.append(array_agg(0), array_agg(md5('many ' || n)::uuid), array_agg(1::bigint), array_agg('boxes_put.v2'::text),
                     array_agg(convert_to('{}', 'UTF8')), '{}', '{}', '{}')
FROM generate_series((SELECT max(position) FROM ledger.events) + 1, %s) AS n
"""
UNGUARDED = """
DO $$ DECLARE one text; BEGIN
    FOR one IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', one); END LOOP;
    ALTER TABLE seal.tiles DISABLE TRIGGER ALL;
    ALTER TABLE ledger.events DISABLE TRIGGER ALL;
END $$
"""


@pytest.fixture
def superuser(database_url, servers):
    name = database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as connection:
        yield connection


@pytest.fixture
def many(superuser):
    """Brings the ledger to so many facts, faster than commands would."""
    return lambda size: superuser.execute(MANY, [size])


@pytest.fixture
def run(database_url):
    with Ledger(database_url, role="dealreg_sealer") as ledger:
        yield ledger.run


def agree(found, tree, sizes, indexes):
    for size in sizes:
        assert found.root(size) == tree.root(size)
        for index in [at for at in indexes if at < size]:
            assert found.inclusion(index, size) == tree.inclusion(index, size)
            verify_inclusion(index, size, tree.leaf(index), found.inclusion(index, size), tree.root(size))
        for old in [one for one in sizes if 0 < one <= size]:
            assert found.consistency(old, size) == tree.consistency(old, size)
            if old < size:
                verify_consistency(old, size, tree.root(old), tree.root(size), found.consistency(old, size))


def test_small_trees_and_the_edges_of_a_tile(sealer, many, run):
    many(515)
    sealer.seal_all()
    sizes = [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 515]
    agree(Hashes(run, sealer.own.origin, 515), sealer.tree, sizes, [0, 1, 100, 254, 255, 256, 511, 512, 514])


@pytest.mark.parametrize("size", [256, 512])
def test_a_log_that_ends_with_a_full_tile(sealer, many, run, size):
    many(size)
    sealer.seal_all()
    agree(Hashes(run, sealer.own.origin, size), sealer.tree, [1, 255, size - 1, size], [0, size - 1])


def test_three_levels_of_tiles(sealer, many, run):
    many(66_100)
    sealer.seal_all()
    sizes = [1, 65_535, 65_536, 65_537, 66_048, 66_100]
    agree(Hashes(run, sealer.own.origin, 66_100), sealer.tree, sizes, [0, 255, 40_000, 65_535, 65_536, 66_099])


def test_the_longest_ragged_edge_is_read_in_few_questions(sealer, many, run):
    """Just below a full tile of the second level: 255 tiles stand under no other, and are fetched at once."""
    many(65_500)
    sealer.seal_all()
    asked = []

    def counted(statement, parameters):
        asked.append(statement)
        return run(statement, parameters)

    for index in (0, 40_000, 65_499):
        asked.clear()
        found = Hashes(counted, sealer.own.origin, 65_500)
        assert found.inclusion(index) == sealer.tree.inclusion(index)
        assert len(asked) < 20, len(asked)


def test_a_log_without_facts_has_the_empty_root_and_a_proof_beyond_the_end_is_refused(sealer, run):
    size = sealer.seal_all().size
    found = Hashes(run, sealer.own.origin, size)
    assert found.root(0) == EMPTY
    for wrong in (
        lambda: found.root(size + 1),
        lambda: found.inclusion(size),
        lambda: found.consistency(0),
        lambda: found.node(0, -1),
    ):
        with pytest.raises(Refused):
            wrong()


def test_a_missing_tile_or_row_is_said_and_not_proved_around(sealer, many, run, superuser):
    many(515)
    sealer.seal_all()
    superuser.execute(UNGUARDED)
    superuser.execute("DELETE FROM seal.tiles WHERE tile = 1")
    superuser.execute("DELETE FROM ledger.events WHERE position = 514")
    found = Hashes(run, sealer.own.origin, 515)
    with pytest.raises(Refused, match="tile/0/001"):
        found.inclusion(300)
    with pytest.raises(Refused, match="rows are missing"):
        found.inclusion(513)
