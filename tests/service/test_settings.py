"""Settings: what the environment says, what `up` left, and what is said when there is neither."""

import os
import stat

import pytest

from dealreg.service.embedded.running import Run, write_run
from dealreg.service.embedded.trouble import NoServer
from dealreg.service.settings import Role, Settings, connect_or_explain


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("DATABASE_URL", "INTAKE_URL", "DEALREG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DEALREG_DATA", str(tmp_path / "dealreg"))


def test_without_servers_a_person_is_told_what_to_do():
    with pytest.raises(NoServer, match="run `dealreg up` or set DATABASE_URL"):
        Settings().database_url()
    with pytest.raises(NoServer, match="run `dealreg up` or set INTAKE_URL"):
        Settings().intake_url()


def test_a_server_that_does_not_answer_is_explained(tmp_path):
    with pytest.raises(NoServer, match="run `dealreg up` or set DATABASE_URL"):
        connect_or_explain(f"postgresql://nobody@/x?host={tmp_path}")


def test_what_up_wrote_is_found_by_every_other_process_and_read_by_its_user_alone():
    settings = Settings()
    settings.data.mkdir()
    write_run(settings.run_file, Run(pid=1, database_url="postgresql://a@/b", intake_url="nats://t@127.0.0.1:4"))
    assert settings.database_url() == "postgresql://a@/b"
    assert settings.intake_url() == "nats://t@127.0.0.1:4"
    assert stat.S_IMODE(settings.run_file.stat().st_mode) == 0o600


def test_the_environment_wins_over_what_up_wrote(monkeypatch):
    settings = Settings()
    settings.data.mkdir()
    write_run(settings.run_file, Run(pid=1, database_url="postgresql://a@/b", intake_url="nats://t@127.0.0.1:4"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://c@/d")
    monkeypatch.setenv("DATABASE_URL_READER", "postgresql://reader@/d")
    assert Settings().database_url(Role.OWNER) == "postgresql://c@/d"
    assert Settings().database_url("reader") == "postgresql://reader@/d"
    assert Settings().database_url("app") == "postgresql://c@/d?options=-c%20role%3Ddealreg_app"


def test_a_pinned_address_keeps_what_it_had_and_makes_the_session_the_role(monkeypatch, database_url: str):
    monkeypatch.setenv("DATABASE_URL", f"{database_url}&options=-c%20statement_timeout%3D7s")
    with connect_or_explain(Settings().database_url("reader")) as connection:
        row = connection.execute("SELECT current_user, session_user, current_setting('statement_timeout')").fetchone()
    assert row == ("dealreg_reader", "dealreg", "7s")


def test_every_setting_has_a_name_in_the_environment_and_a_description():
    for name, field in Settings.model_fields.items():
        assert field.validation_alias, name
        assert field.description, name
