"""`dealreg outbox` and `dealreg writeback`, as people call them."""

import json

import pytest
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.cli.exit_codes import answer_to
from dealreg.service.outbox.audiences import Audience, Channel, partner_channel
from dealreg.service.outbox.jetstream import NatsTaker
from dealreg.service.outbox.taking import provision_outbox
from dealreg.vocabulary.ids import partner_reader
from tests.fix_histories import PROGRAM
from tests.fix_outbox import enrolled, messages
from tests.service.test_outbox import history


@pytest.fixture
def verb(database_url, nats_url, monkeypatch):
    said = {"DATABASE_URL": database_url, "INTAKE_URL": nats_url, "PROGRAM": PROGRAM, "LOG_LEVEL": "ERROR"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    app = verbs()

    def run(*words, code=0):
        ran = CliRunner().invoke(app, words)
        answer = answer_to(ran.exception) if ran.exception is not None else None
        found = answer.code if answer is not None else ran.exit_code
        assert found == code, (ran.output, ran.exception)
        return ran

    yield run
    with NatsTaker(nats_url) as taker:
        for audience in Audience:
            taker.retire(Channel(audience))


def test_a_partner_is_given_a_stream_and_it_is_taken_away(outbox_url, ledger, verb, nats_url):
    enrolled("dealer-1").save(ledger)
    history().save(ledger)
    opened = json.loads(verb("outbox", "--open", "dealer-1", "--json").stdout)
    channel = partner_channel(partner_reader(PROGRAM, "dealer-1"))
    assert opened == {"partner": "dealer-1", "stream": channel.stream, "subjects": channel.subjects, "open": True}
    verb("outbox", "--open", "dealer-9", code=1)
    assert provision_outbox(nats_url)
    assert not provision_outbox(nats_url), "what is there is left as it is"
    told = json.loads(verb("outbox", "--once", "--json").stdout)
    (partner,) = told["partners"]
    assert (partner["partner"], partner["messages"], partner["waiting"]) == ("dealer-1", 2, 0)
    head = ledger.head()
    assert {one["follower"]: (one["position"], one["behind"]) for one in told["followers"]} == {
        "audit": (head, 0),
        "desk": (head, 0),
        "partners": (head, 0),
    }
    assert len(messages(nats_url, channel)) == 2
    assert "desk: at" in verb("outbox", "--status").stdout
    verb("outbox", "--close", "dealer-1")
    assert "has no stream" in verb("outbox", "--close", "dealer-1", code=1).output


def test_what_the_crm_was_not_told_is_listed(database_url, ledger, verb):
    history().save(ledger)
    assert json.loads(verb("writeback", "--once", "--json").stdout) == []
    assert verb("writeback", "--failed").stdout == ""
    assert "0 are tried again" in verb("writeback", "--again").stdout
