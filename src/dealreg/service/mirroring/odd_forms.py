"""Days and instants of a field whose type the mapping declares, from the way in which its CRM writes them to the usual one."""

from typing import Any
from zoneinfo import ZoneInfo

from dealreg.service.intake.conversions import Conversions
from dealreg.service.intake.formats import dates
from dealreg.service.intake.unreadable import Unreadable
from dealreg.vocabulary.field_types import FieldType


def usual(value: Any, declared: FieldType | None, name: str, conversions: Conversions) -> Any:
    """The value as ISO 8601 writes it; one that cannot be read so stays as it is, and is reported as misread."""
    try:
        if declared is FieldType.DAY:
            return dates.day(value, name, conversions)
        if declared is FieldType.INSTANT:
            return dates.instant(value, name, ZoneInfo(conversions.zone)).isoformat()
    except Unreadable:
        return value
    return value
