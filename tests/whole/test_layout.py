"""The house rules about the source itself, and a proof that the tools which hold them do so.

Budgets are the ninetieth percentile of the applications measured for the design; above them a file is read twice.
"""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
SOURCE = HERE / "src" / "dealreg"
MODULE_LINES = 200
MODULE_LINES_AT_MOST = 300
STAND_ALONE_LINES = {"src/dealreg/proof/verify.py": 420}
"""The verifier is carried away as one file and read in one sitting: parting it would hide half of it."""
FUNCTION_LINES = 25
FUNCTION_LINES_AT_MOST = 50
OVER_BUDGET_SHARE = 0.10
"""The budgets are a ninetieth percentile, so one in ten may lie between the budget and the hard limit."""

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "data", "info"}
SHELL = {"service", "web", "cli"}
CORE = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in SHELL | {"__main__.py"}]


def _modules():
    return sorted(SOURCE.rglob("*.py"))


def _name(path):
    return str(path.relative_to(HERE))


def _lines(path):
    return len(path.read_text().splitlines())


def _functions(path):
    """Each function with the lines of its body; a docstring explains, so it costs nothing."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{_name(path)}:{node.lineno} {node.name}", length


def test_no_module_is_beyond_the_hard_limit():
    most = {path: STAND_ALONE_LINES.get(_name(path), MODULE_LINES_AT_MOST) for path in _modules()}
    assert {_name(path): _lines(path) for path in _modules() if _lines(path) > most[path]} == {}


def test_no_function_is_beyond_the_hard_limit():
    lengths = {name: length for path in _modules() for name, length in _functions(path)}
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES_AT_MOST} == {}


def test_nine_modules_in_ten_keep_the_budget():
    over = [f"{_name(path)}: {_lines(path)}" for path in _modules() if _lines(path) > MODULE_LINES]
    assert len(over) <= OVER_BUDGET_SHARE * len(_modules()), over


def test_nine_functions_in_ten_keep_the_budget():
    lengths = {name: length for path in _modules() for name, length in _functions(path)}
    over = [f"{name}: {length}" for name, length in lengths.items() if length > FUNCTION_LINES]
    assert len(over) <= OVER_BUDGET_SHARE * len(lengths), over


def test_every_module_is_named_for_what_is_in_it():
    assert [_name(path) for path in _modules() if path.stem in SAYS_NOTHING] == []
    assert [_name(path) for path in SOURCE.rglob("*") if path.is_dir() and path.name in SAYS_NOTHING] == []


def test_every_package_is_one_docstring():
    """Names brought together there make cycles and hide the import contract."""
    packages = {path.parent for path in _modules()}
    assert [_name(package) for package in packages if not (package / "__init__.py").exists()] == []
    for path in SOURCE.rglob("__init__.py"):
        tree = ast.parse(path.read_text())
        assert (len(tree.body), bool(ast.get_docstring(tree))) == (1, True), _name(path)


def test_every_module_says_what_it_is():
    assert [_name(path) for path in _modules() if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_every_silenced_check_is_named_with_its_reason():
    silenced = re.compile(r"#\s*(?:noqa(?P<rule>:\s*[A-Z]+\d+)?|type:\s*ignore(?P<code>\[[\w-]+\])?)(?P<rest>.*)")
    for path in [*_modules(), *HERE.joinpath("tests").rglob("*.py")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for found in silenced.finditer(line) if path != Path(__file__) else ():
                assert found["rule"] or found["code"], f"{_name(path)}:{number} names no rule"
                assert len(found["rest"].strip(" -#:,")) > len("why"), f"{_name(path)}:{number} gives no reason"


def test_nothing_of_a_machine_is_named():
    """A path or a registry of whoever wrote a file makes it wrong everywhere else."""
    foreign = re.compile(
        r"(?<![\w.])/(?:work|root|home|Users)/|/opt/(?:pypi|wheels)|--(?:extra-)?index-url|--find-links\s+\S*/"
    )
    kept = [path for path in _text_files() if path != Path(__file__)]
    lines = [(path, line) for path in kept for line in path.read_text(errors="replace").splitlines()]
    found = [f"{_name(path)}: {line.strip()}" for path, line in lines if foreign.search(line)]
    assert not found, "\n".join(found)


def _text_files():
    folders = ["src", "tests", "projections", "scenarios", "docs", ".ci"]
    written = (path for path in HERE.iterdir() if not path.name.startswith(".coverage"))
    tops = [path for path in written if path.is_file() and not path.is_symlink()]
    inside = [path for folder in folders for path in HERE.joinpath(folder).rglob("*") if path.is_file()]
    return [path for path in tops + inside if "__pycache__" not in path.parts]


TRESPASSES = {
    # Upwards, from every layer to the one above it.
    "vocabulary/_trespass.py": "import dealreg.matching",
    "matching/_trespass.py": "import dealreg.engagement",
    "engagement/_trespass.py": "import dealreg.registration",
    "conflict/_trespass.py": "import dealreg.process",
    "process/_trespass.py": "import dealreg.service",
    "service/_trespass.py": "import dealreg.cli",
    "cli/_trespass.py": "import dealreg.__main__",
    # Sideways.
    "registration/_trespass.py": "import dealreg.conflict",
    "file/_trespass.py": "import dealreg.opportunity",
    "proof/_trespass.py": "import dealreg.vocabulary",
    "web/_trespass.py": "import dealreg.cli",
    # Outwards.
    "partner/_trespass.py": "import time",
    "customer/_trespass.py": "import psycopg",
    "override/_trespass.py": "import os",
    "rulebook/_trespass.py": "import structlog",
    "opportunity/_trespass.py": "import asyncio",
    "service/intake/_trespass.py": "import eventsourcing.persistence",
}
ALLOWED = {
    # The same layers the other way round: if these were reported, the test above would prove nothing.
    "vocabulary/_neighbour.py": "import uuid",
    "proof/_neighbour.py": "import hashlib\nimport dealreg.proof.tree",
    "matching/_neighbour.py": "import dealreg.vocabulary",
    "engagement/_neighbour.py": "import dealreg.matching",
    "registration/_neighbour.py": "import dealreg.engagement",
    "process/_neighbour.py": "import dealreg.registration\nimport dealreg.conflict",
    "service/_neighbour.py": "import dealreg.process\nimport psycopg\nimport time",
    "service/ledger/_neighbour.py": "import eventsourcing.persistence",
    "web/_neighbour.py": "import dealreg.service",
    "cli/_neighbour.py": "import dealreg.service",
}


@pytest.fixture(scope="module")
def contracts_with(tmp_path_factory):
    """The import contracts' verdict on a copy of the source with some modules added."""

    def verdict(added):
        folder = tmp_path_factory.mktemp("copy")
        shutil.copytree(SOURCE, folder / "dealreg", ignore=shutil.ignore_patterns("__pycache__"))
        for name, statement in added.items():
            (folder / "dealreg" / name).write_text(f'"""Added by a test."""\n\n{statement}\n')
        linter = Path(sys.executable).with_name("lint-imports")
        asked = [str(linter), "--no-cache", "--config", str(HERE / "pyproject.toml")]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
        return done.returncode, done.stdout + done.stderr

    return verdict


@pytest.fixture(scope="module")
def trespassing(contracts_with):
    return contracts_with(TRESPASSES)


def test_import_contracts_break_when_violated(trespassing):
    code, said = trespassing
    assert code == 1, said
    assert re.search(r"\b0 kept, 4 broken", said), said


@pytest.mark.parametrize("name", TRESPASSES)
def test_import_contract_names_the_trespasser(name, trespassing):
    _, said = trespassing
    module = "dealreg." + name.removesuffix(".py").replace("/", ".")
    assert f"{module} -> " in said, said


def test_import_contracts_hold_for_the_source_and_the_right_direction(contracts_with):
    code, said = contracts_with(ALLOWED)
    assert code == 0, said


def test_core_asks_nobody_what_time_it_is(tmp_path):
    """ruff's banned names, tried in the core (refused) and in the service (allowed)."""
    (tmp_path / "pyproject.toml").write_text(HERE.joinpath("pyproject.toml").read_text())
    asking = "import datetime\n\n\ndef now() -> datetime.datetime:\n    return datetime.datetime.now(datetime.UTC)\n"
    for package in ("process", "service"):
        (tmp_path / "src" / "dealreg" / package).mkdir(parents=True)
        (tmp_path / "src" / "dealreg" / package / "asking.py").write_text(asking)
    ruff = Path(sys.executable).with_name("ruff")
    asked = [str(ruff), "check", "--no-cache", "--select", "TID251", "--output-format", "concise", "src"]
    said = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60).stdout
    assert "process/asking.py" in said
    assert "service/asking.py" not in said


def test_what_proves_imports_the_standard_library_only():
    """Whoever is given the verifier has nothing to install."""
    for path in (SOURCE / "proof").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = [
                name
                for name in names
                if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("dealreg.proof.")
            ]
            assert foreign == [], _name(path)


def test_core_is_not_empty():
    """A rule about nothing holds for ever."""
    assert len(CORE) > len(TRESPASSES)
