"""Fixtures live beside their subject; this file names where, and how hypothesis draws."""

import logging
import os
import signal
from typing import Any

import pytest
import structlog
from hypothesis import Phase, settings

# Whoever starts the tests in the background of a shell hands down an ignored SIGINT; the processes under test must hear theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)

# In CI every run draws the same histories and does not shrink, so that a red run says something of the change and ends in time.
# At a desk they are drawn anew each time; HYPOTHESIS_PROFILE=explore shrinks what fails.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("ci", derandomize=True, database=None, phases=WITHOUT_SHRINKING)
settings.register_profile("desk", phases=WITHOUT_SHRINKING)
settings.register_profile("explore")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "desk"))

pytest_plugins = (
    "tests.fix_postgres",
    "tests.fix_nats",
    "tests.fix_nats_cluster",
    "tests.fix_kafka",
    "tests.fix_ledger",
    "tests.fix_web",
    "tests.fix_golden",
    "tests.fix_past",
    "tests.fix_intake",
    "tests.fix_sources",
    "tests.fix_histories",
    "tests.fix_outbox",
    "tests.fix_erasing",
    "tests.fix_witnessing",
    "tests.fix_tsa",
    "tests.fix_sealing",
    "tests.fix_attacks",
    "tests.fix_evidence",
)

_configure = structlog.configure


def _uncached(**given: Any) -> None:
    """A process sets up logging once and keeps its loggers. This one may do so for many tests: none keeps another's."""
    _configure(**{**given, "cache_logger_on_first_use": False})


structlog.configure = _uncached  # type: ignore[assignment]  # the same parameters, by name


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    """A verb that a test runs in this process sets up logging like any process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
