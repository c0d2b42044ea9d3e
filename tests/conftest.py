"""Fixtures live beside their subject; this file only names where."""

pytest_plugins = (
    "tests.fix_postgres",
    "tests.fix_nats",
    "tests.fix_ledger",
    "tests.fix_web",
    "tests.fix_golden",
    "tests.fix_intake",
    "tests.fix_histories",
)
