"""Which fields of the CRM take what we decided."""

from collections.abc import Mapping
from enum import StrEnum

from dealreg.vocabulary.values import Key, Model


class Said(StrEnum):
    """What can be written back about the registrations that ride on a record."""

    STATUS = "status"
    """The state of the registrations together, protection first: `protected`, `approved`, `contested`, `pending`, `queued`, `declined` …"""
    PROTECTED_UNTIL = "protected_until"
    """The last protected day in the program's zone; empty while nothing is protected."""
    PROTECTED_TO = "protected_to"
    """The first instant that is free again; empty while nothing is protected."""
    PARTNER = "partner"
    """Who filed the registration that leads."""
    REGISTRATION = "registration"
    """Its id."""


class WriteBack(Model):
    """Our word → the CRM's field, and where the field is a picklist, our state → its value (a state that is not named goes as it is)."""

    fields: Mapping[Said, Key] = {}
    states: Mapping[Key, Key] = {}
