"""Where the cases and their world lie, and how a file becomes a case; everything is text until pydantic has looked at it."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.form import Case

WORLD = "world.yaml"


def folder() -> Path:
    """The shipped cases: beside the source in a checkout, inside the package once installed. Raises ``Malformed``."""
    package = Path(str(files("dealreg")))
    for found in (package / "_scenarios", package.parents[1] / "scenarios"):
        if (found / WORLD).is_file():
            return found
    raise Malformed("the shipped scenarios are not there; install dealreg again, or name a folder of cases")


def text_of(path: Path) -> Any:
    """A YAML file in which every scalar is text. Raises ``Malformed`` with file and line."""
    try:
        return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes text and nothing else
    except yaml.YAMLError as error:
        raise Malformed(f"{path}: not YAML: {error}") from error


def case_of(path: Path) -> Case:
    """The case in a file. Raises ``Malformed`` with the path of each fault."""
    try:
        return Case.model_validate(text_of(path))
    except ValidationError as error:
        faults = [
            f"{path.name}: {'.'.join(map(str, fault['loc'])) or 'the case'}: {fault['msg']}" for fault in error.errors()
        ]
        raise Malformed("\n".join(faults)) from error


def found(paths: Iterable[Path]) -> list[Path]:
    """Every case file that paths name, folders searched, in order. Raises ``Malformed`` for a path that is not there."""
    cases: list[Path] = []
    for path in paths:
        if path.is_dir():
            cases += sorted(file for file in path.rglob("*.yaml") if file.name != WORLD)
        elif path.is_file():
            cases.append(path)
        else:
            raise Malformed(f"{path}: there is no such file or folder")
    return cases


def merged(under: Any, over: Any) -> Any:
    """``over`` laid on ``under``: mappings key by key, everything else replaced."""
    if not isinstance(under, Mapping) or not isinstance(over, Mapping):
        return over
    return {**under, **{key: merged(under[key], value) if key in under else value for key, value in over.items()}}
