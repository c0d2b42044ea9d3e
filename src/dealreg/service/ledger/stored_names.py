"""Which class a stored name is, and how an old shape becomes the present one (architecture D12).

The version of a fact's shape is in its stored name only: ``registration_submitted.v1``. When a shape changes, the class gets the
next name, and the module's ``UPCASTERS`` says how one event of the old name becomes one of the new: ``{"x.v1": ("x.v2", function
of the data)}``. Names are never removed.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from dealreg.vocabulary.fact import Event

Upcaster = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]
"""The next stored name, and the change of the data that leads to it."""

MODULES = (
    "dealreg.registration.events",
    "dealreg.customer.events",
    "dealreg.customer.report_events",
    "dealreg.file.events",
    "dealreg.conflict.events",
    "dealreg.override.events",
    "dealreg.partner.events",
    "dealreg.rulebook.events",
    "dealreg.opportunity.events",
    "dealreg.account.events",
    "dealreg.mirror.events",
    "dealreg.pricing.events",
    "dealreg.feed.events",
    "dealreg.service.ledger.audit_facts",
)
"""Every module that names facts; each has ``EVENTS`` and, once a shape has changed, ``UPCASTERS``."""


class StoredNames:
    """The stored names of all facts. Raises ``ValueError`` when two classes share one or an upcaster leads nowhere."""

    def __init__(self, classes: Iterable[type[Event]], upcasters: Mapping[str, Upcaster] | None = None) -> None:
        """``upcasters`` maps an old stored name to the next one and the change of the data."""
        self._classes: dict[str, type[Event]] = {}
        for cls in classes:
            if self._classes.setdefault(cls.NAME, cls) is not cls:
                raise ValueError(f"{cls.NAME} names two facts: {self._classes[cls.NAME].__name__} and {cls.__name__}")
        self._upcasters = dict(upcasters or {})
        for name in self._upcasters:
            if name in self._classes:
                raise ValueError(f"{name} has both a class and an upcaster; give the class the next name")
            self._chain(name)

    @property
    def classes(self) -> dict[str, type[Event]]:
        """The present shapes by stored name."""
        return dict(self._classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may lie in a ledger, old shapes included, sorted."""
        return tuple(sorted({*self._classes, *self._upcasters}))

    def present(self, name: str) -> type[Event] | None:
        """The class of a name in its present shape; ``None`` when the name is old or unknown."""
        return self._classes.get(name)

    def newest(self, name: str) -> type[Event]:
        """The class that a name, old or not, is read as. Raises ``KeyError`` for a name that this build does not know."""
        while name in self._upcasters:
            name = self._upcasters[name][0]
        return self._classes[name]

    def resolve(self, name: str, data: dict[str, Any]) -> tuple[type[Event], dict[str, Any]]:
        """The class and the data in its present shape. Raises ``KeyError`` for a name that this build does not know."""
        seen = data
        while name in self._upcasters:
            name, change = self._upcasters[name]
            seen = change(seen)
        return self._classes[name], seen

    def _chain(self, name: str) -> None:
        """An upcaster ends at a class, without going round."""
        passed = {name}
        while name in self._upcasters:
            name = self._upcasters[name][0]
            if name in passed:
                raise ValueError(f"the upcasters of {name} go round in a circle")
            passed.add(name)
        if name not in self._classes:
            raise ValueError(f"an upcaster leads to {name}, which names no fact")


@cache
def stored_names() -> StoredNames:
    """The stored names of this build, collected from the aggregates once."""
    classes: list[type[Event]] = []
    upcasters: dict[str, Upcaster] = {}
    for name in MODULES:
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        classes.extend(module.EVENTS)
        upcasters.update(getattr(module, "UPCASTERS", {}))
    return StoredNames(classes, upcasters)
