"""`dealreg scenario run` and `explain`: what a script may rely on, and that nobody's database is touched."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from dealreg.cli import exit_codes
from dealreg.cli.app import verbs
from dealreg.service.scenario import reading
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.naming import Unnamed
from tests.given import filing

SHIPPED = reading.folder()
ONE = SHIPPED / "conflict" / "same_second_is_a_tie.yaml"


def ask(*words):
    return CliRunner().invoke(verbs(), ["scenario", *map(str, words)])


@pytest.fixture
def case(tmp_path):
    """``case(then=…)``: a file with a case of one filing."""

    def write(**over):
        filed = {"at": "2026-03-02 09:00", "as": "R1", "FileRegistration": filing("bauer")}
        said = {"scenario": "A case that somebody wrote", "rule": "ROE-30", "side": "allows", "when": filed}
        path = tmp_path / "case.yaml"
        path.write_text(yaml.safe_dump({**said, "then": {"R1 drives": "protected"}, **over}))
        return path

    return write


def test_a_case_that_is_as_it_says_is_done(case):
    done = ask("run", case())
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        exit_codes.DONE,
        "1 cases, 0 numbers of the domain's hard cases; all are as they say",
    )


def test_a_case_that_is_not_as_it_says_is_a_no_with_its_place(case):
    path = case(then={"R1 drives": "declined"})
    done = ask("run", path, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["failed"]) == (exit_codes.NO, 1)
    assert told["cases"][0]["faults"] == ["when: R1 drives: state is 'protected', not 'declined'"]
    assert "1 are not as they say" in ask("run", path).stdout


def test_viewers_are_shown_a_case_without_any_database_of_ours(case, monkeypatch):
    """The address leads nowhere: what is shown must come from a server of the verb's own."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    sees = {"bauer": {"R1 drives dealer": "protected"}, "claus": {"R1": "nothing"}}
    assert ask("run", case(sees=sees)).exit_code == exit_codes.DONE
    wrong = {"bauer": {"R1 drives dealer": "lapsed"}, "nordwind": {}}
    faults = json.loads(ask("run", case(sees=wrong), "--json").stdout)["cases"][0]["faults"]
    assert faults == [
        "sees.bauer: R1 drives dealer: state is 'protected', not 'lapsed'",
        "sees.nordwind: also sees R1, which the case does not say",
    ]
    assert ask("run", case(sees=wrong), "--no-sees").exit_code == exit_codes.DONE


def test_a_case_is_told_as_prose():
    told = ask("explain", ONE)
    assert told.exit_code == exit_codes.DONE
    for words in (
        "Two claims completed in the same second tie.",
        "a conflict opens over drives: tie (ROE-6)",
        "dana rules",
    ):
        assert words in told.stdout
    assert json.loads(ask("explain", ONE, "--json").stdout)["case"] == ["C1"]


def test_every_shipped_case_can_be_told():
    for path in reading.found([SHIPPED]):
        assert ask("explain", path, "--json").exit_code == exit_codes.DONE, path


def code_of(done):
    answer = exit_codes.answer_to(done.exception)
    return answer and answer.code


@pytest.mark.parametrize(
    ("text", "error"),
    [("scenario: [", Malformed), ("scenario: half a case", Malformed), ("no mapping", Malformed)],
)
def test_what_is_no_case_is_called_wrongly(tmp_path, text, error):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    done = ask("run", path)
    assert isinstance(done.exception, error)
    assert code_of(done) == exit_codes.CALLED_WRONGLY
    assert "broken.yaml" in str(done.exception)


def test_a_path_that_is_not_there_and_a_name_that_nobody_has_are_called_wrongly(tmp_path, case):
    missing = ask("run", tmp_path / "nowhere")
    unnamed = ask("run", case(when={"at": "2026-03-02 09:00", "ApproveRegistration": {"registration": "R7"}}))
    assert (type(missing.exception), type(unnamed.exception)) == (Malformed, Unnamed)
    assert [code_of(done) for done in (missing, unnamed)] == [exit_codes.CALLED_WRONGLY] * 2
