"""What the deal desk may ask of a CRM's own fields."""

from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.field_types import Entity, FieldType
from dealreg.vocabulary.values import Key


class DeclareFieldType(Command):
    """Say of what type a field is; without a ``type`` what the desk said is taken back, and the mapping's or the learned type counts."""

    source: Key
    entity: Entity = Entity.OPPORTUNITY
    name: Key
    type: FieldType | None = None
