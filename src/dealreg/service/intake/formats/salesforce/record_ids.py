"""Salesforce record ids: 15 characters whose case matters, or 18 whose last three say which of the others are capitals."""

import re

from dealreg.matching.identifiers import salesforce_18
from dealreg.service.intake.unreadable import Unreadable, Why

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_SHORT = 15


def canonical(identifier: object, field: str) -> str:
    """The form of 18 characters, by which alone a record is known here.

    Raises ``Unreadable`` for what is no id, and for one of 18 characters whose capitals were lost on the way: it may be another record's.
    """
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise Unreadable(Why.INVALID, "is no Salesforce id of 15 or 18 characters", field)
    long = salesforce_18(identifier[:_SHORT])
    if len(identifier) > _SHORT and identifier != long:
        raise Unreadable(Why.INVALID, "is an id whose capitals do not fit its last three characters", field)
    return long


def is_short(value: object) -> bool:
    """Whether a value has the shape of the form of 15 characters."""
    return isinstance(value, str) and len(value) == _SHORT and _ID.fullmatch(value) is not None
