"""The command line's codes, with the errors that the real libraries raise."""

import asyncio
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import httpx
import nats
import psycopg
import pytest
import typer
import yaml
from pydantic import BaseModel

from dealreg import cli
from dealreg.cli import app, exit_codes
from dealreg.vocabulary.refused import Refused, Unknown

CLOSED_PORT = 1


class _Order(BaseModel):
    lines: int


def _no_database():
    psycopg.connect(f"host=127.0.0.1 port={CLOSED_PORT} connect_timeout=2")


def _no_broker():
    async def connect():
        async def ignore(_):
            pass

        await nats.connect(f"nats://127.0.0.1:{CLOSED_PORT}", max_reconnect_attempts=1, error_cb=ignore)

    asyncio.run(connect())


def _refuse():
    raise Refused("the window has closed", clause="ROE-3")


class _PortTakenError(Exception):
    exit_code = exit_codes.UNREACHABLE


def _find_the_port_taken():
    raise _PortTakenError("8080 is taken")


def _refuse_and_lose_the_database():
    raise ExceptionGroup("both", [Refused("no"), psycopg.OperationalError("gone")])


@pytest.mark.parametrize(
    ("happening", "code"),
    [
        (_refuse, exit_codes.NO),
        (lambda: _Order.model_validate({"lines": "many"}), exit_codes.CALLED_WRONGLY),
        (lambda: yaml.safe_load("a: [1"), exit_codes.CALLED_WRONGLY),
        (lambda: Path("nowhere/rulebook.yaml").read_text(), exit_codes.CALLED_WRONGLY),
        (_no_database, exit_codes.UNREACHABLE),
        (_no_broker, exit_codes.UNREACHABLE),
        (lambda: httpx.get(f"http://127.0.0.1:{CLOSED_PORT}", trust_env=False), exit_codes.UNREACHABLE),
        (_find_the_port_taken, exit_codes.UNREACHABLE),
        (_refuse_and_lose_the_database, exit_codes.UNREACHABLE),
    ],
)
def test_what_went_wrong_has_its_code_and_words(happening, code):
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is the parameter
        happening()
    answer = exit_codes.answer_to(raised.value)
    assert answer is not None
    assert (answer.code, bool(answer.reason)) == (code, True)


@pytest.mark.parametrize("bug", [KeyError("x"), AssertionError(), ExceptionGroup("g", [Refused("no"), KeyError("x")])])
def test_a_bug_is_not_an_answer(bug):
    assert exit_codes.answer_to(bug) is None


def test_malformed_input_is_not_repeated():
    with pytest.raises(ValueError, match="lines") as raised:
        _Order.model_validate({"lines": "Erika Mustermann"})
    answer = exit_codes.answer_to(raised.value)
    assert answer is not None
    assert "lines" in answer.reason
    assert "Mustermann" not in answer.reason


def _run_with(verb, monkeypatch, capsys, *words):
    def with_one_verb():
        main = typer.Typer()
        main.callback()(lambda: None)
        main.command("ask")(verb)
        return main

    monkeypatch.setattr(app, "verbs", with_one_verb)
    monkeypatch.setattr(sys, "argv", ["dealreg", "ask", *words])
    try:
        return app.main(), capsys.readouterr()
    except SystemExit as left:
        return left.code, capsys.readouterr()


def test_a_refusal_says_why_and_by_which_clause(monkeypatch, capsys):
    code, said = _run_with(_refuse, monkeypatch, capsys)
    assert (code, said.out) == (exit_codes.NO, "")
    assert said.err == "dealreg: the window has closed (ROE-3)\n"


def test_a_refusal_is_json_for_who_asked_for_json(monkeypatch, capsys):
    def ask(*, as_json: bool = typer.Option(False, "--json")):
        assert as_json
        raise Unknown("no registration R1")

    code, said = _run_with(ask, monkeypatch, capsys, "--json")
    assert code == exit_codes.NO
    assert json.loads(said.out) == {"answer": "no", "code": 1, "reason": "no registration R1", "clause": None}


def test_a_bug_leaves_its_traceback_and_its_own_code(monkeypatch, capsys):
    def stumble():
        raise KeyError("nobody thought of this")

    code, said = _run_with(stumble, monkeypatch, capsys)
    assert code == exit_codes.BUG
    assert "nobody thought of this" in said.err


def test_a_wrong_option_is_called_wrongly(monkeypatch, capsys):
    code, said = _run_with(lambda: None, monkeypatch, capsys, "--nonsense")
    assert code == exit_codes.CALLED_WRONGLY
    assert "--nonsense" in said.err


def test_every_module_that_registers_verbs_is_found():
    offered = {command.callback for command in app.verbs().registered_commands if command.callback}
    grouped = {group.typer_instance for group in app.verbs().registered_groups}
    modules = [importlib.import_module(f"dealreg.cli.{found.name}") for found in pkgutil.iter_modules(cli.__path__)]
    for module in [module for module in modules if hasattr(module, "register")]:
        alone = typer.Typer()
        module.register(alone)
        assert {one.callback for one in alone.registered_commands} <= offered
        assert len(alone.registered_groups) <= len(grouped)


def test_the_installed_command_knows_its_version():
    script = Path(sys.executable).with_name("dealreg")
    said = subprocess.run([script, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "dealreg 0.1.0\n"
