"""Which fields of the CRM take what we decided."""

from collections.abc import Mapping

from dealreg.vocabulary.values import Key, Model


class WriteBack(Model):
    """Our word → the CRM's field."""

    fields: Mapping[Key, Key] = {}
