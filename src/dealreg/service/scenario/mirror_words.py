"""What facts of a CRM's own fields say, as ``scenario explain`` tells them."""

from typing import Final

MIRROR_WORDS: Final[dict[str, str]] = {
    "CustomFieldLearned": "{source} has a field {name} on its {entity} records: its first value is of type {type}",
    "CustomFieldTypeChanged": "{name} of {source} was of type {before} and is {after}, for a value came that is {because}",
    "CustomFieldTypeDeclared": "{name} of {source} is read as {effective} from here on (before: {before})",
    "CustomFieldTreated": "the mapping treats {name} of {source} otherwise: personal {personal}, shown to {shown_to}",
    "CustomFieldMisread": "a value of {name} of {source} is {kind} and cannot be read as {declared}: it counts as not known",
    "CustomFieldsFull": "{source} has more than {most} fields on its {entity} records: {name} is not mirrored",
}
