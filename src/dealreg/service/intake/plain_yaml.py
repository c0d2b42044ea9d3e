"""YAML as people mean it: ``NO`` is Norway, ``9999-12-31`` and ``0123`` are what stands there.

PyYAML reads YAML 1.1, in which NO, off and y are truth values, 0123 is eighty-three and 12:30 is seven hundred and fifty. YAML 1.2 keeps
true and false and whole numbers, and so does this; days stay text, for whoever reads them knows best what they are.
"""

import re
from typing import IO, Any

import yaml

_TAG = "tag:yaml.org,2002:"
_DROPPED = {f"{_TAG}{kind}" for kind in ("bool", "int", "timestamp")}


class _Plain(yaml.SafeLoader):
    """With resolvers of its own; those of the class above stay as they are."""

    yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in known if tag not in _DROPPED]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Plain.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Plain.add_implicit_resolver(f"{_TAG}int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), list("-+0123456789"))


def plain_yaml(written: str | IO[str]) -> Any:
    """The value of a document. Raises ``yaml.YAMLError``."""
    return yaml.load(written, Loader=_Plain)  # noqa: S506 - it is a SafeLoader
