"""What was learned of a CRM's own fields, one fact a field and change (docs/decisions/0028).

``desk`` is the reader id of the program's deal desk. ``record`` and ``message`` name the message that brought it: the record it was
about, and the digest of its identity.
"""

from typing import ClassVar
from uuid import UUID

from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.field_types import Audience, Entity, FieldType
from dealreg.vocabulary.values import Count, Digest, Key


class _OfField(Event):
    """What every fact about a field names."""

    AGGREGATE: ClassVar[str] = "crm_schema"

    source: Key
    entity: Entity
    name: Key
    desk: UUID


class CustomFieldLearned(_OfField):
    """A field that was not known: ``type`` is the kind of its first value, ``personal`` whether its values are kept out of the ledger."""

    NAME: ClassVar[str] = "custom_field_learned.v1"

    type: FieldType
    personal: bool
    shown_to: tuple[Audience, ...]
    record: Key
    message: Digest


class CustomFieldTypeChanged(_OfField):
    """A value came that the learned type cannot hold; the new one holds it and all that came before. ``because`` is its kind.

    What is shown is ``effective``: a declared type stands.
    """

    NAME: ClassVar[str] = "custom_field_type_changed.v1"

    before: FieldType
    after: FieldType
    because: FieldType
    effective: FieldType
    record: Key
    message: Digest


class CustomFieldTypeDeclared(_OfField):
    """A person, or the mapping, said of what type the field is; without a ``type`` that was taken back.

    ``before`` and ``effective`` are the types by which its values were read and are read from here on: the desk's word, else the
    mapping's, else what was learned.
    """

    NAME: ClassVar[str] = "custom_field_type_declared.v1"

    type: FieldType | None
    by_mapping: bool
    before: FieldType
    effective: FieldType


class CustomFieldTreated(_OfField):
    """The mapping treats the field otherwise than before: personal or harmless, and which partners are shown it."""

    NAME: ClassVar[str] = "custom_field_treated.v1"

    personal: bool
    shown_to: tuple[Audience, ...]


class CustomFieldMisread(_OfField):
    """A value came that cannot be read as the declared type: it counts as not known. Told once for a type and kind of value."""

    NAME: ClassVar[str] = "custom_field_misread.v1"

    declared: FieldType
    kind: FieldType
    record: Key
    message: Digest


class CustomFieldsFull(Event):
    """More fields came than are mirrored; ``name`` is the first that was not. Their values are kept, their types are not."""

    NAME: ClassVar[str] = "custom_fields_full.v1"
    AGGREGATE: ClassVar[str] = "crm_schema"

    source: Key
    entity: Entity
    name: Key
    desk: UUID
    most: Count


EVENTS: tuple[type[Event], ...] = (
    CustomFieldLearned,
    CustomFieldTypeChanged,
    CustomFieldTypeDeclared,
    CustomFieldTreated,
    CustomFieldMisread,
    CustomFieldsFull,
)
