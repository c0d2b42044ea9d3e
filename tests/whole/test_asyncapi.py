"""The AsyncAPI document is that of this build, is sound by FastStream's own models, and every event is what it says.

    pytest tests/whole/test_asyncapi.py --write-golden

writes docs/asyncapi.yaml anew. AsyncAPI's own parser (npm, @asyncapi/parser) was run on it by hand; docs/facts-out.md says how.
"""

import importlib
import importlib.metadata
import json
import re
import warnings
from functools import cache
from pathlib import Path

import pytest
import yaml
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.outbox.message import of_fact
from dealreg.service.projecting.binding import Row
from dealreg.web.asyncapi import document
from tests.fix_golden import golden_path

WRITTEN = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
STREAM = "11111111-2222-5333-8444-555555555555"


@cache
def made():
    return document(importlib.metadata.version("dealreg"))


def validator(message):
    """Of the events of one message of the document."""
    root = DRAFT202012.create_resource(made())
    registry = Registry().with_resource("urn:document", root)
    pointer = f"urn:document#/components/messages/{message}/payload"
    return Draft202012Validator({"$ref": pointer}, registry=registry, format_checker=FormatChecker())


def event_of(name):
    """The golden fact as the desk is told it."""
    row = Row(41, STREAM, 7, name, golden_path(name).read_bytes(), "2026-02-03 04:05:06.789012+00")
    audience = Audience.AUDIT
    message = of_fact(row, audience, Channel(audience), 12, stored_names())
    return json.loads(message.body), message.subject


def test_the_document_is_that_of_this_build(pytestconfig):
    if pytestconfig.getoption("--write-golden"):
        WRITTEN.write_text(yaml.safe_dump(made(), sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    assert yaml.safe_load(WRITTEN.read_text(encoding="utf-8")) == made()


def test_faststream_reads_it_back():
    read = ApplicationSchema.model_validate(made())
    assert set(read.channels) == {"intake", "desk", "audit", "partner"}
    assert {name: operation.action.value for name, operation in read.operations.items()} == {
        "intake": "receive", "desk": "send", "audit": "send", "partner": "send",
    }  # fmt: skip


def test_a_reader_that_is_not_ours_takes_it_and_would_not_take_a_broken_one():
    with warnings.catch_warnings():
        # It names fields like methods of its base class, and says so when it is imported.
        warnings.simplefilter("ignore", UserWarning)
        reader = importlib.import_module("asyncapi3.models.asyncapi").AsyncAPI3
    assert reader.model_validate(made()).asyncapi.startswith("3.")
    faults: list[dict[str, object]] = [
        {"info": {}}, {"asyncapi": "1.2.0"}, {"channels": {"intake": {"messages": 5}}}, {"colour": "red"},
    ]  # fmt: skip
    for broken in faults:
        with pytest.raises(ValidationError):
            reader.model_validate({**made(), **broken})


def test_everything_that_it_points_to_is_there():
    text = json.dumps(made())
    for pointer in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found = made()
        for step in pointer.split("/"):
            assert step in found, pointer
            found = found[step]
    for one in made()["components"]["messages"].values():
        Draft202012Validator.check_schema(one["payload"])
    for one in made()["components"]["schemas"].values():
        Draft202012Validator.check_schema(one)


@pytest.mark.parametrize("name", sorted(stored_names().classes))
def test_every_fact_is_what_the_document_says(name):
    event, subject = event_of(name)
    key = re.sub(r"[^A-Za-z0-9_-]", "_", event["type"].removeprefix("dealreg."))
    validator(key).validate(event)
    audit = made()["channels"]["audit"]
    assert key in audit["messages"]
    assert (key in made()["channels"]["desk"]["messages"]) is not name.startswith("audit.")
    assert re.fullmatch(re.sub(r"\{\w+\}", r"[^.]+", audit["address"]), subject)


@pytest.mark.parametrize(
    ("part", "value"), [("sequence", "41"), ("type", "dealreg.other.v1"), ("time", None), ("data", {}), ("id", None)]
)
def test_an_event_that_is_otherwise_is_told_apart(part, value):
    """Broken on purpose: what the document says is not said of everything."""
    event, _ = event_of("claim_entered.v1")
    event[part] = value
    with pytest.raises(Exception, match=r"is not|was expected|does not match|required"):
        validator("claim_entered_v1").validate(event)
