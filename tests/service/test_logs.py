"""One pipeline for all log lines, and nothing of a customer in them."""

import io
import json
import logging
import os
import subprocess
import sys

import pytest
import structlog

from dealreg.service.logs import BROKER_LOGGER, configure_logging
from dealreg.service.settings import Settings


@pytest.fixture
def lines(monkeypatch):
    """Configures logging into a buffer and gives it back as parsed lines; logging is as before afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    output = io.StringIO()
    configure_logging(Settings(LOG_FORMAT="json"), output)
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_line_of_ours_and_a_librarys_have_the_same_keys_and_context(lines):
    with structlog.contextvars.bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("dealreg.test").info("command_decided", facts=2)
        logging.getLogger("psycopg.pool").warning("rolling back %s", "it")
    ours, theirs = lines()
    assert (ours["event"], ours["facts"], ours["level"], ours["logger"]) == (
        "command_decided",
        2,
        "info",
        "dealreg.test",
    )
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("rolling back it", "warning", "psycopg.pool")
    assert ours["correlation_id"] == theirs["correlation_id"] == "c-1"
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


@pytest.mark.parametrize("logger", ["ours", "library"])
def test_a_traceback_shows_no_local_variables(lines, logger):
    def fail():
        customer_mail = "someone" + "@" + "example.org"
        raise RuntimeError(len(customer_mail))

    try:
        fail()
    except RuntimeError:
        if logger == "ours":
            structlog.get_logger().exception("intake_failed")
        else:
            logging.getLogger("uvicorn.error").exception("failed")
    (line,) = lines()
    assert "RuntimeError" in json.dumps(line)
    assert "customer_mail" not in json.dumps(line)
    assert "someone@example.org" not in json.dumps(line)


def test_what_the_broker_says_of_a_message_stands_in_keys_and_only_that(lines):
    extra = {"subject": "crm.x", "message_id": "7", "body": "private"}
    logging.getLogger(BROKER_LOGGER).error("handler failed", extra=extra)
    logging.getLogger(BROKER_LOGGER).info("Received")
    (line,) = lines()
    assert (line["subject"], line["message_id"]) == ("crm.x", "7")
    assert "body" not in line


def test_uvicorn_writes_one_line_without_colours(lines):
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[36mStarted\x1b[0m"})
    (line,) = lines()
    assert line["event"] == "Started"
    assert "color_message" not in line


def test_what_is_less_serious_than_the_level_is_not_written(lines):
    structlog.get_logger().debug("unseen")
    assert lines() == []


def test_off_a_terminal_a_process_writes_json():
    code = (
        "import structlog; from dealreg.service.logs import configure_logging; "
        "from dealreg.service.settings import Settings; "
        "configure_logging(Settings()); structlog.get_logger().info('hello')"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOG_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stderr)["event"] == "hello"
    assert done.stdout == ""


def test_a_person_gets_words():
    output = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging(Settings(LOG_FORMAT="console"), output)
        structlog.get_logger().warning("queue_full", waiting=1000)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "queue_full" in output.getvalue()
    assert "waiting" in output.getvalue()
    assert not output.getvalue().startswith("{")
