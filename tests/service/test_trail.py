"""Who looks at the trail is recorded before anything is answered, and whose look cannot be recorded sees nothing."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from fastapi import Request
from typer.testing import CliRunner

from dealreg.cli.app import verbs
from dealreg.cli.exit_codes import answer_to
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.tokens import Claims
from dealreg.service.trail.looking import accesses
from dealreg.service.trail.recording import exported, in_words
from dealreg.vocabulary.refused import Refused
from dealreg.web.access import only
from dealreg.web.permissions import INSIDERS, READERS
from tests.fix_web import PROGRAM, claim

NOTHING = "00000000-0000-5000-8000-000000000000"
AUDITOR = Claims.model_validate({"sub": "u-auditor", "role": "auditor", "program": PROGRAM, "iat": 0, "exp": 0})


def filed(world) -> str:
    done = world["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    assert done.status_code == 201, done.text
    return str(done.json()["registration"])


def looks(world, **wanted):
    return accesses(world.house.audited, **wanted)


def run(monkeypatch, world, *words: object):
    """A verb of the command line on the world's database."""
    monkeypatch.setenv("DATABASE_URL", world.settings.database or "")
    monkeypatch.setenv("DEALREG_DATA", str(world.settings.data))
    monkeypatch.setenv("PROGRAM", PROGRAM)
    done = CliRunner().invoke(verbs(), [str(word) for word in words])
    if done.exception is None or isinstance(done.exception, SystemExit):
        return done.exit_code, done.stdout
    answer = answer_to(done.exception)
    assert answer is not None, done.exception
    return answer.code, answer.reason


def test_requirement_30_a_question_of_an_auditor_is_a_fact_with_actor_and_reason(world):
    registration = filed(world)
    auditor, why = world["auditor"], {"Dealreg-Reason": "complaint 17"}
    assert auditor.get(f"/registrations/{registration}", headers=why).status_code == 200
    assert auditor.get(f"/registrations/{registration}", as_of="2030-01-01T00:00:00Z").status_code == 200
    assert auditor.get("/deals", state="protected").status_code == 200
    assert auditor.get(f"/decisions/{registration}/explain").status_code == 200
    assert auditor.get(f"/conflicts/{NOTHING}").status_code == 404, "asked in vain is asked too"
    found = looks(world)
    assert [(one.what, one.about, one.reason) for one in found] == [
        ("conflict", f"conflict {NOTHING}", None),
        ("decisions", f"identity {registration}", None),
        ("deals", "state protected", None),
        ("registration", f"registration {registration}, as_of 2030-01-01T00:00:00Z", None),
        ("registration", f"registration {registration}", "complaint 17"),
    ]
    assert {(one.who, one.role, one.program, one.face) for one in found} == {("u-auditor", "auditor", PROGRAM, "http")}


def test_nobody_elses_daily_reading_is_recorded(world):
    registration = filed(world)
    for caller in ("alpha", "north", "emea", "desk"):
        assert world[caller].get(f"/registrations/{registration}").status_code == 200
    assert looks(world) == []


def test_requirement_30_who_cannot_be_recorded_is_not_answered(world, servers, monkeypatch: pytest.MonkeyPatch):
    registration = filed(world)
    url = servers.postgres.superuser_url
    with psycopg.connect(
        url, dbname=psycopg.conninfo.conninfo_to_dict(world.settings.database)["dbname"], autocommit=True
    ) as root:
        root.execute("REVOKE EXECUTE ON FUNCTION ledger.append_audit FROM dealreg_auditor")
        done = world["auditor"].get(f"/registrations/{registration}")
        assert (done.status_code, registration in done.text) == (503, False)
        assert world["desk"].get(f"/registrations/{registration}").status_code == 200
        for words in (
            ("history", registration),
            ("as-of", registration, "2030-01-01"),
            ("explain", registration),
            ("audit", "log"),
        ):
            code, said = run(monkeypatch, world, *words)
            assert (code, registration in said) == (3, False), said
        with pytest.raises(Unavailable):
            exported(
                world.house.audited, AUDITOR, form="ocel", about="x", log_size=1, facts=1, digest="ab" * 32, reason="y"
            )
        root.execute("GRANT EXECUTE ON FUNCTION ledger.append_audit TO dealreg_auditor")
    assert world["auditor"].get(f"/registrations/{registration}").status_code == 200


def test_requirement_30_questions_on_the_command_line_are_recorded_whoever_one_says_one_is(
    world, monkeypatch: pytest.MonkeyPatch
):
    registration = filed(world)
    monkeypatch.setenv("LOGNAME", "mia")
    assert run(monkeypatch, world, "history", registration, "--as", "dealer:ALPHA")[0] == 0
    assert looks(world) == []
    assert run(monkeypatch, world, "explain", registration, "--as", "deal_desk", "--reason", "complaint 17")[0] == 0
    assert run(monkeypatch, world, "as-of", registration, "2030-01-01", "--as", "auditor")[0] == 0
    code, said = run(monkeypatch, world, "audit", "log", "--reason", "who was it", "--json")
    told = json.loads(said)
    assert code == 0
    assert [(one["what"], one["about"], one["reason"], one["who"], one["role"]) for one in told] == [
        ("audit log", "everything", "who was it", "login:mia", "auditor"),
        ("as-of", f"id {registration}, as_of 2030-01-01T00:00:00.000000Z", None, "login:mia", "auditor"),
        ("explain", f"id {registration}", "complaint 17", "login:mia", "deal_desk"),
    ]


def test_the_log_of_looks_is_asked_by_what_whom_and_when(world, monkeypatch: pytest.MonkeyPatch):
    registration = filed(world)
    world["auditor"].get(f"/registrations/{registration}")
    world["auditor"].get("/deals")
    exported(
        world.house.audited,
        AUDITOR,
        form="ocel",
        about="everything",
        log_size=9,
        facts=9,
        digest="ab" * 32,
        reason="court",
    )
    newest, *_, oldest = looks(world)
    assert (newest.what, newest.facts, newest.digest, newest.reason) == ("export ocel", 9, "ab" * 32, "court")
    assert [one.what for one in looks(world, about=registration.upper())] == ["registration"]
    assert looks(world, by="somebody else") == []
    assert looks(world, program="another") == []
    assert [one.what for one in looks(world, since=newest.recorded_at)] == ["export ocel"]
    assert [one.what for one in looks(world, until=newest.recorded_at)] == ["deals", "registration"]
    assert [one.what for one in looks(world, limit=1)] == ["export ocel"]
    assert looks(world, before=oldest.position) == []
    code, said = run(monkeypatch, world, "audit", "log", registration)
    assert (code, registration in said, "u-auditor" in said) == (0, True, True)


def test_an_export_without_a_reason_is_refused(world):
    with pytest.raises(Refused, match="recorded with its reason"):
        exported(
            world.house.audited, AUDITOR, form="ocel", about="x", log_size=1, facts=1, digest="ab" * 32, reason=" "
        )
    assert looks(world) == []


def test_what_somebody_types_is_not_recorded_unless_it_is_an_id_or_a_word_of_the_program():
    assert in_words(
        {"registration": NOTHING, "identity": f"{NOTHING}:3"}, {"state": "protected", "limit": "10", "cursor": "eyJ"}
    ) == (f"registration {NOTHING}, identity {NOTHING}:3, state protected, limit 10, cursor")
    assert in_words(
        {"registration": "Erika Mustermann"}, {"partner": "erika@acme.example", "q": "Erika", "line": ""}
    ) == ("registration, partner, q")


def test_readers_at_one_moment_do_not_hinder_each_other(world):
    """Each look has a stream of its own: all are recorded, positions have no gap, and no stream has two."""
    registration = filed(world)
    head = world.house.ledger.head()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: world["auditor"].get(f"/registrations/{registration}").status_code, range(40)))
    assert set(done) == {200}
    rows = world.house.ledger.notifications(head)
    assert [row.position for row in rows] == list(range(head + 1, head + 41))
    assert {row.version for row in rows} == {1}
    assert len({row.stream for row in rows}) == 40


def test_a_look_does_not_change_what_is_looked_at(world):
    """The fact of the look lies behind the moment that was asked about: a past answer is final and the same before and after."""
    registration = filed(world)
    (row,) = world.house.ledger.run("SELECT max(recorded_at) AS at FROM ledger.events")
    then = (row["at"] + timedelta(microseconds=1)).isoformat()
    first, again = (world["auditor"].get(f"/registrations/{registration}", as_of=then).json() for _ in range(2))
    assert first == again
    assert first["as_of"]["final"] is True, "the look itself is newer than the moment asked about"
    assert (
        world["auditor"].get(f"/registrations/{registration}", as_of="2030-01-01T00:00:00Z").json()["as_of"]["final"]
        is False
    )


def test_a_longer_reason_than_anybody_writes_is_malformed(world):
    registration = filed(world)
    done = world["auditor"].get(f"/registrations/{registration}", headers={"Dealreg-Reason": "x" * 1001})
    assert done.status_code == 422
    assert looks(world) == []


def test_requirement_30_an_auditor_reads_the_log_of_looks_page_by_page_and_nobody_else_does(world):
    registration = filed(world)
    for _ in range(3):
        world["auditor"].get(f"/registrations/{registration}")
    first = world["auditor"].get("/audit/log", limit=2, headers={"Dealreg-Reason": "yearly"}).json()
    assert [(one["what"], one["reason"]) for one in first["accesses"]] == [
        ("audit_log", "yearly"),
        ("registration", None),
    ]
    second = world["auditor"].get("/audit/log", limit=2, before=first["next"]).json()
    assert [one["what"] for one in second["accesses"]] == ["registration", "registration"]
    assert world["auditor"].get("/audit/log", limit=2, before=second["next"]).json() == {"accesses": [], "next": None}
    of_it = world["auditor"].get("/audit/log", about=registration).json()["accesses"]
    assert [one["what"] for one in of_it] == ["audit_log", "registration", "registration", "registration"]
    assert {world[caller].get("/audit/log").status_code for caller in ("alpha", "north", "emea", "desk")} == {403}


def test_a_request_that_is_admitted_twice_is_one_look(world):
    """A route may demand two things of its caller; it is one question all the same."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "path_params": {},
        "query_string": b"",
        "headers": [],
        "state": {},
    }
    request = Request({**scope, "server": ("testserver", 80), "scheme": "http"})
    for roles in (READERS, INSIDERS):
        only(roles, "read this")(request, world.house, AUDITOR, "why")
    assert [(one.what, one.about, one.reason) for one in looks(world)] == [("/x", "everything", "why")]


def test_requirement_30_an_export_is_recorded_with_the_digest_of_the_very_file(world, tmp_path: Path, monkeypatch):
    filed(world)
    files = {}
    for form in ("cloudevents", "ocel"):
        files[form] = tmp_path / form
        code, said = run(
            monkeypatch,
            world,
            "audit",
            "export",
            "--all",
            "--format",
            form,
            "--out",
            files[form],
            "--reason",
            "for the court",
        )
        assert code == 0, said
    told = {one.what: one for one in looks(world)}
    for form, path in files.items():
        look = told[f"export {form}"]
        assert (look.digest, look.reason) == (hashlib.sha256(path.read_bytes()).hexdigest(), "for the court")
        assert look.facts == look.log_size
    assert told["export ocel"].log_size == (told["export cloudevents"].log_size or 0) + 1, (
        "the first export is in the second"
    )


def test_requirement_30_an_export_that_cannot_be_recorded_is_not_handed_over(
    world, servers, tmp_path: Path, monkeypatch
):
    filed(world)
    out, asked = tmp_path / "log.jsonl", ("audit", "export", "--all", "--format", "cloudevents", "--out")
    assert run(monkeypatch, world, *asked, out)[0] == 2, "no reason"
    assert run(monkeypatch, world, *asked, out, "--reason", " ")[0] == 1
    name = psycopg.conninfo.conninfo_to_dict(world.settings.database)["dbname"]
    with psycopg.connect(servers.postgres.superuser_url, dbname=name, autocommit=True) as root:
        root.execute("REVOKE EXECUTE ON FUNCTION ledger.append_audit FROM dealreg_auditor")
        assert run(monkeypatch, world, *asked, out, "--reason", "for the court")[0] == 3
    assert list(tmp_path.glob("*log.jsonl*")) == []
    assert list(tmp_path.glob(".*")) == []


def test_a_reason_in_any_language_is_recorded_as_it_was_typed(world):
    registration = filed(world)
    for header in ("Łódź – 東京".encode(), "für".encode("latin-1"), b"plain"):
        world["auditor"].get(f"/registrations/{registration}", headers={"Dealreg-Reason": header})
    assert [one.reason for one in looks(world)] == ["plain", "für", "Łódź – 東京"]
