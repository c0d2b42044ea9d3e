"""The form by which the files of a folder are read: `import.yaml` beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.values import Key, Model

FORM = "import.yaml"

FILES = ("partners", "customers", "opportunities", "registrations")
"""What is imported, in this order: what a later file names stands in an earlier one."""


class ImportFault(Exception):
    """The folder cannot be imported as it is; the message says what to change."""

    exit_code = 2


class ImportForm(Model):
    """How the files of one system are read.

    A file is `<name>.csv` with a header, or `<name>.jsonl` with one object a line. Its columns are ours (docs/import.md) unless
    ``columns`` says what they are called there: file → our column → theirs. ``words``: our column → their word → ours.
    """

    system: Annotated[Key, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
    """The other system's name in the ledger: for a CRM that goes on, the ``source`` of its mapping."""
    program: ProgramId | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    """Between the values of a column that holds several."""
    dates: tuple[Key, ...] = ()
    """How days and instants are written where not as ISO 8601: patterns such as ``%d.%m.%Y`` or ``%m/%d/%Y %H:%M``, tried in order."""
    columns: Mapping[Key, Mapping[Key, Key]] = {}
    words: Mapping[Key, Mapping[str, str]] = {}

    @model_validator(mode="after")
    def _names_files(self) -> Self:
        strange = sorted(set(self.columns) - set(FILES))
        if strange:
            raise ValueError(f"columns names the file {strange[0]!r}; the files are {', '.join(FILES)}")
        return self


def read_form(folder: Path) -> ImportForm:
    """The form in a folder. Raises ``ImportFault``."""
    path = folder / FORM
    try:
        return ImportForm.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ImportFault(f"{path}: {error.strerror}; it says at least 'system: <name of the other system>'") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ImportFault(f"{path} is no YAML that can be read: {error}") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        raise ImportFault("\n".join([f"{path} is no form of an import:", *faults])) from error
