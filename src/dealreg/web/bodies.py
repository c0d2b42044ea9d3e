"""The body of a request: the command without what the path, the token or the keeper of personal values says.

Made from the command's own model, so that a field that it gains is in the API and its description at once.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, Field, create_model

from dealreg.service.commanding import ACTS_AS
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import seal
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Model, Sealed, Text


def body_of(command: type[Command], in_path: frozenset[str], example: Mapping[str, Any]) -> type[BaseModel]:
    """The model of the body of a command; personal fields are plain text here and sealed before anything is recorded."""
    fields: dict[str, Any] = {}
    for name, field in command.model_fields.items():
        if name in in_path:
            continue
        if Sealed in get_args(field.annotation):
            told = "Personal: kept beside the ledger, where it can be erased; the fact carries a digest."
            fields[name] = (Text | None, Field(default=None, description=told))
        elif ACTS_AS.get(command.__name__) == name:
            told = "For whom it is asked; left out, the partner of the token."
            fields[name] = (field.annotation | None, Field(default=None, description=told))  # type: ignore[operator]  # a type
        else:
            fields[name] = (field.rebuild_annotation(), field)
    body: type[BaseModel] = create_model(command.__name__, __base__=Model, __doc__=command.__doc__, **fields)
    body.model_config["json_schema_extra"] = {"examples": [dict(example)]}
    body.model_rebuild(force=True)
    return body


def sealed(values: Mapping[str, str], whose: str | None = None) -> tuple[dict[str, Sealed], list[PersonalRow]]:
    """What the command carries for each personal field, and the rows to keep beside its facts.

    An erasure asks by ``whose``, else for what was said, whoever said it and however it was capitalised. A repeat of a request seals anew: its digest
    counts only that something personal was said (ROE-28), and its rows are kept only if its facts are recorded.
    """
    pairs = {field: seal(whose or value.strip().casefold(), value) for field, value in values.items()}
    return {field: pair[0] for field, pair in pairs.items()}, [row for _, row in pairs.values()]


def shown(body: BaseModel) -> Iterator[tuple[str, Any]]:
    """The fields that the caller sent; what was left out keeps the command's own default."""
    for name in body.model_fields_set:
        yield name, getattr(body, name)
