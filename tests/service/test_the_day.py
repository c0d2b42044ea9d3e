"""A day of every source at once, while consumer, re-reader, database and broker are killed at random: exact, and twice the same."""

import os
import sys
from datetime import timedelta

import pytest

from dealreg.service.embedded.servers import embedded_servers
from dealreg.service.ledger.ledger import Ledger
from tests.day.crms import Post
from tests.day.living import Roles, live, prepared
from tests.day.reckoning import Reckoned, reckon
from tests.day.settling import settle
from tests.day.traffic import Day, day, served
from tests.fix_web import PROGRAM

DEALS = int(os.environ.get("DAY_DEALS", "72"))


def lived_through(folder, made: Day, sources, *, kills: int, seed: int) -> Reckoned:
    """One run on servers of its own."""
    served(made, sources)
    with embedded_servers(folder / "data") as servers:
        environment = prepared(servers, folder / "mappings", made, sources.url)
        roles = Roles(("serve", "consume", "project", "reread"), environment)
        try:
            lived = live(
                servers, made, roles, kills=kills, seed=seed, door=f"http://127.0.0.1:{environment['HTTP_PORT']}"
            )
        finally:
            roles.stop()
        with Ledger(servers.database_url) as ledger:
            found = reckon(ledger, made, PROGRAM, read_again_too=True)
            notices(ledger, made)
            found.protected = dict(settle(ledger, PROGRAM))
    sys.stdout.write(
        f"\n{made.counted()}, killed {lived.kills}, {lived.seconds:.1f} s: {dict(found.messages)}, {len(found.protected)} claims, {found.conflicts.total()} conflicts\n"
    )
    return found


def notices(ledger, made: Day) -> None:
    """The reckoning itself is shown to fail: a message that never came, a record that is otherwise, an account, a dead letter."""
    crm = made.crms[0]
    record, (fields, at, gone) = next(one for one in crm.truth.items() if not one[1][2])
    account, (company, since, into) = next(iter(crm.accounts.items()))
    never = next(crm.told(record, "updated", {"Name": "never told"}, at + timedelta(hours=1)))
    crm.truth[record] = ({**fields, "Amount": 1}, at, gone)
    crm.accounts[account] = ({**company, "Name": "another"}, since, into)
    made.posts += [never, Post("", b"never came", at, "", poison="not_json")]
    wrong = reckon(ledger, made, PROGRAM, read_again_too=True).wrong
    crm.truth[record], crm.accounts[account] = (fields, at, gone), (company, since, into)
    del made.posts[-2:]
    assert len(wrong) == 4, wrong


def _decided(found: Reckoned) -> dict[str, int]:
    told = dict(found.messages)
    folded = told.pop("folded") + told.pop("nothing_newer", 0)
    return {**told, "folded": folded}


@pytest.mark.timeout(300)
def test_two_days_killed_at_different_moments_lose_nothing_and_end_alike(tmp_path, sources):
    made = day(DEALS, seed=3)
    one = lived_through(tmp_path / "one", made, sources, kills=5, seed=1)
    other = lived_through(tmp_path / "other", made, sources, kills=5, seed=2)
    assert one.wrong == other.wrong == []
    # Once people have ruled as was proposed: before that an earlier claim that came late waits for them.
    assert one.protected == other.protected
    assert len(one.protected) > 5
    # Whether a late message found something newer hangs on when its record was read again; that each came to something does not.
    assert _decided(one) == _decided(other)
