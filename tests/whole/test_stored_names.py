"""Stored names are for ever: what was once recorded is read by every later build (architecture D12, eventsourcing 5.1)."""

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

import dealreg
from dealreg.service.ledger.audit_facts import Migrated, SubjectErased
from dealreg.service.ledger.mapper import decode, encode
from dealreg.service.ledger.stored_names import MODULES, StoredNames, stored_names
from dealreg.vocabulary.fact import Event
from tests.fix_golden import GOLDEN, META, example_event, golden_path, write_missing

LIST = Path(__file__).with_name("stored_names.txt")
"""Every stored name that any build has ever recorded, one a line, in the order of the alphabet."""

NAMES = stored_names()


def test_the_list_of_stored_names_is_complete_and_nothing_leaves_it():
    """To add a fact, add its name to the list. A name never leaves it: an old shape gets an upcaster."""
    assert tuple(LIST.read_text().split()) == NAMES.names


def test_every_fact_of_the_source_has_a_stored_name():
    """Also one whose module nobody has put on the list of modules, or that EVENTS forgot."""
    for module in pkgutil.walk_packages(dealreg.__path__, "dealreg."):
        if module.name.endswith((".events", ".audit_facts")):
            importlib.import_module(module.name)
            assert module.name in MODULES
    forgotten = {cls for cls in _concrete(Event) if NAMES.present(cls.NAME) is not cls}
    assert forgotten == set()


def _concrete(cls):
    for below in cls.__subclasses__():
        if below.__module__.startswith("dealreg.") and "NAME" in vars(below):
            yield below
        yield from _concrete(below)


def test_a_stored_name_is_said_like_the_others():
    for name, cls in NAMES.classes.items():
        words, version = name.rsplit(".", 1)
        assert version.startswith("v")
        assert version[1:].isdecimal()
        spelled = "".join(word.capitalize() for word in words.removeprefix("audit.").split("_"))
        assert spelled == cls.__name__
        assert words.startswith("audit.") == (cls.AGGREGATE == "audit")


@pytest.fixture(scope="module", autouse=True)
def _written(request):
    """Before anything is looked at: what ``--write-golden`` asks for."""
    if request.config.getoption("--write-golden"):
        write_missing(LIST)


def test_every_stored_name_has_a_golden_file():
    missing = [name for name in NAMES.names if not golden_path(name).exists()]
    assert missing == [], "run pytest tests/whole/test_stored_names.py --write-golden and check in what it wrote"
    assert {path.name.removesuffix(".json") for path in GOLDEN.glob("*.json")} == set(NAMES.names)


@pytest.mark.parametrize("name", NAMES.names)
def test_what_was_once_stored_is_still_read(name):
    """A golden file that fails here was changed, or its fact was: give the fact the next version and an upcaster instead."""
    stored = golden_path(name).read_bytes().rstrip(b"\n")
    meta, event = decode(NAMES, name, stored)
    assert (meta.program, meta.request.id if meta.request else None) == ("example", "request-1")
    if NAMES.present(name) is not None:
        assert type(event) is NAMES.present(name)
        assert encode(meta, event) == stored


@pytest.mark.parametrize("name", NAMES.classes)
def test_a_fact_survives_the_round_trip_with_every_field(name):
    event = example_event(NAMES.classes[name])
    meta, back = decode(NAMES, name, encode(META, event))
    assert (meta, back) == (META, event)
    assert json.loads(encode(META, event)).keys() == {"meta", "data"}


class MigratedAgain(Event):
    """Another fact under a name that is taken."""

    NAME = Migrated.NAME
    AGGREGATE = "audit"


def test_two_facts_cannot_share_a_name():
    with pytest.raises(ValueError, match="names two facts"):
        StoredNames([Migrated, MigratedAgain])


@pytest.mark.parametrize(
    ("upcasters", "complaint"),
    [
        ({"x.v1": ("x.v2", dict)}, "names no fact"),
        ({"x.v1": ("x.v2", dict), "x.v2": ("x.v1", dict)}, "circle"),
        ({Migrated.NAME: (SubjectErased.NAME, dict)}, "both a class and an upcaster"),
    ],
)
def test_an_upcaster_leads_somewhere(upcasters, complaint):
    with pytest.raises(ValueError, match=complaint):
        StoredNames([Migrated, SubjectErased], upcasters)


def test_upcasters_follow_one_another():
    names = StoredNames(
        [Migrated],
        {
            "m.v1": ("m.v2", lambda data: {"name": data["n"]}),
            "m.v2": (Migrated.NAME, lambda data: {"migration": data["name"], "digest": "ab" * 32}),
        },
    )
    assert names.names == (Migrated.NAME, "m.v1", "m.v2")
    assert names.resolve("m.v1", {"n": "first"}) == (Migrated, {"migration": "first", "digest": "ab" * 32})
