"""In which forms the trail leaves the house: a bundle with proofs is one, each of `dealreg.service.exporting` another."""

import importlib
from typing import Final, cast

from dealreg.service.exporting.wanted import Write

BUNDLE: Final = "bundle"

OTHERS: Final = {"cloudevents": "dealreg.service.exporting.cloudevents", "ocel": "dealreg.service.exporting.ocel"}
"""By name the module that writes it: ``FORM``, ``SUFFIX`` and ``write``."""

ALL: Final = (BUNDLE, *OTHERS)


def writer(form: str) -> tuple[str, Write]:
    """The ending of a file of a form, and what writes it."""
    module = importlib.import_module(OTHERS[form])
    return cast("str", module.SUFFIX), cast("Write", module.write)
