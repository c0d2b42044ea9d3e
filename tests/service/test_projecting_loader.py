"""What a folder of projections/ may not hold is refused before anything of it runs, with the file and the reason."""

import re
import shutil

import pytest

from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.errors import BadReadModel
from dealreg.service.projecting.folders import projections, read_models
from dealreg.service.projecting.loader import provision
from tests.fix_histories import another_database

GOOD = {
    "table.sql": "CREATE TABLE seen (reader uuid NOT NULL, registration uuid NOT NULL, at timestamptz, n bigint DEFAULT 0);",
    "readers.sql": "-- Who reads.\nVALUES ('seen', 'dealreg_reader', 'reader')",
    "on/claim_linked.sql": "UPDATE seen SET n = n + 1, at = %(linked_at)s WHERE registration = %(registration)s",
    "ask/all.sql": "SELECT * FROM seen WHERE (%(state)s::text IS NULL)",
}


@pytest.fixture
def model(tmp_path):
    """``model({file: text or None})``: the good folder with some files in another way; the root to load."""

    def write(changes=None):
        shutil.rmtree(tmp_path / "asked", ignore_errors=True)
        for name, text in {**GOOD, **(changes or {})}.items():
            path = tmp_path / "asked" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_text(text)
        return tmp_path

    return write


@pytest.fixture(scope="module")
def provisioned(servers, _template):
    """One database for all: a folder that is refused leaves nothing in it."""
    with another_database(servers, _template) as url:
        yield url


def test_the_good_folder_is_good(model, projected_url):
    root = model()
    assert set(read_models(root)["asked"].on) == {"claim_linked.v1"}
    provision(projected_url, root)
    provision(projected_url, root)


REFUSED = {
    "nobody says who reads": ({"readers.sql": None}, "asked/readers.sql: is missing"),
    "partners get every row": ({"readers.sql": "VALUES ('seen', 'dealreg_reader', NULL)"}, "gives dealreg_reader every row of seen"),
    "an unknown role": ({"readers.sql": "VALUES ('seen', 'public', NULL)"}, "names the role public"),
    "something else among the readers": ({"readers.sql": "VALUES ('seen', 'dealreg_reader', 'reader') UNION SELECT 1"}, "is not one VALUES"),
    "two statements for readers": ({"readers.sql": GOOD["readers.sql"] + "; DROP TABLE seen"}, "more than one statement"),
    "an unknown fact": ({"on/claim_lost.sql": "SELECT 1"}, "asked/on/claim_lost.sql: names no fact"),
    "a fact with its version": ({"on/claim_linked.v1.sql": "SELECT 1"}, "names no fact"),
    "an unknown aggregate": ({"on/every_thing_event.sql": "SELECT 1"}, "no fact of 'thing'"),
    "an unknown field": ({"on/claim_linked.sql": "UPDATE seen SET n = %(claim)s"}, r"%\(claim\)s is no field of claim_linked.v1"),
    "a field that not all have": ({"on/every_file_event.sql": "UPDATE seen SET n = %(legs)s"}, r"%\(legs\)s is no field of"),
    "two statements": ({"on/claim_linked.sql": "DELETE FROM seen; DELETE FROM seen"}, "more than one statement"),
    "no statement": ({"on/claim_linked.sql": "-- later"}, "is empty"),
    "a percent sign": ({"on/claim_linked.sql": "UPDATE seen SET n = n % 2"}, "single %"),
    "the time of day": ({"on/claim_linked.sql": "UPDATE seen SET at = now()"}, "asks for 'now'"),
    "the time of day in capitals": ({"on/claim_linked.sql": "UPDATE seen SET at = CURRENT_TIMESTAMP"}, "asks for 'CURRENT_TIMESTAMP'"),
    "the time of day as a word": ({"on/claim_linked.sql": "UPDATE seen SET at = 'today'"}, "asks for \"'today\""),
    "chance": ({"on/claim_linked.sql": "UPDATE seen SET n = random ( )"}, "asks for 'random'"),
    "a sequence": ({"on/claim_linked.sql": "UPDATE seen SET n = nextval('s')"}, "asks for 'nextval'"),
    "another read model": ({"on/claim_linked.sql": "UPDATE seen SET n = (SELECT count(*) FROM my_deals_g1.my_deals)"}, "outside of its own folder"),
    "the ledger": ({"on/claim_linked.sql": "INSERT INTO seen SELECT FROM ledger.events"}, "outside of its own folder"),
}  # fmt: skip
"""Seen without a server."""


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_when_a_process_starts(model, what):
    changes, said = REFUSED[what]
    with pytest.raises(BadReadModel, match=said):
        read_models(model(changes))


REFUSED_BY_THE_SERVER = {
    "a view": ({"table.sql": GOOD["table.sql"] + "CREATE VIEW shown AS SELECT * FROM seen;"}, "makes shown; only tables"),
    "a materialised view": ({"table.sql": GOOD["table.sql"] + "CREATE MATERIALIZED VIEW shown AS SELECT * FROM seen;"}, "makes shown"),
    "a serial": ({"table.sql": GOOD["table.sql"].replace("n bigint DEFAULT 0", "n bigserial")}, "makes seen_n_seq"),
    "a default of today": ({"table.sql": GOOD["table.sql"].replace("at timestamptz", "at timestamptz DEFAULT now()")}, "seen.at compute"),
    "a table without readers": ({"table.sql": GOOD["table.sql"] + "CREATE TABLE more (n bigint);"}, "does not say who reads more"),
    "readers without a table": ({"readers.sql": GOOD["readers.sql"] + ", ('gone', 'dealreg_auditor', NULL)"}, "names gone"),
    "a reader that is no uuid": ({"readers.sql": "VALUES ('seen', 'dealreg_reader', 'n')"}, "seen.n is a bigint"),
    "a reader that is no column": ({"readers.sql": "VALUES ('seen', 'dealreg_reader', 'who')"}, "seen.who is no such column"),
    "a policy of its own": (
        {"table.sql": GOOD["table.sql"] + "CREATE POLICY all_of_it ON seen USING (true);"}, "makes the policy all_of_it"),
    "a trigger": (
        {"table.sql": GOOD["table.sql"] + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"}, "makes the function f"),
    "a table of PostgreSQL's that is not SQL": ({"table.sql": "CREATE TABEL seen ()"}, "asked/table.sql: syntax error"),
    "a statement that is not SQL": ({"on/claim_linked.sql": "UPDATE seen SOT n = 1"}, "asked/on/claim_linked.sql: syntax error"),
    "a column that there is not": ({"on/claim_linked.sql": "UPDATE seen SET m = 1"}, 'asked/on/claim_linked.sql: column "m"'),
    "a question about nothing": ({"ask/all.sql": "SELECT * FROM unseen"}, 'asked/ask/all.sql: relation "unseen"'),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED_BY_THE_SERVER)
def test_what_the_server_would_refuse_later_is_refused_now(model, provisioned, what):
    """And nothing of the folder stays behind."""
    changes, said = REFUSED_BY_THE_SERVER[what]
    with pytest.raises(BadReadModel, match=said):
        provision(provisioned, model(changes))
    with connect(provisioned) as connection:
        assert connection.execute("SELECT count(*) FROM projection.generations WHERE model = 'asked'").fetchone() == (
            0,
        )
        assert connection.execute("SELECT to_regnamespace('asked_g1')").fetchone() == (None,)


def test_a_word_in_quotes_or_in_a_comment_is_not_asked_for(model):
    read_models(model({"on/claim_linked.sql": "UPDATE seen SET n = length('then() ; nextval()') -- now(); random()"}))


def test_every_folder_of_this_project_says_what_it_is():
    for name in read_models():
        assert (projections() / name / "README.md").read_text().startswith(f"# {name}: ")
        assert re.search(rf"^\| `{name}` \|", (projections() / "README.md").read_text(), re.MULTILINE)


def test_the_history_hears_every_fact_of_its_aggregates():
    from dealreg.service.ledger.stored_names import stored_names

    kinds = {"registration", "file", "conflict"}
    named = {topic for topic, cls in stored_names().classes.items() if cls.AGGREGATE in kinds}
    assert named <= set(read_models()["registration_history"].on)
