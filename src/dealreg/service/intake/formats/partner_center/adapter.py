"""Microsoft Partner Center under the frame of all sources: an event names a referral, and neither itself nor what changed.

Sources: Partner Center's reference of webhook events and of the referrals API; design, domain.md section 3.5. Of the address that an
event gives only the referral's id is used: the record is read from where the mapping says, never from where a message says.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.dates import finer_than_milliseconds, instant
from dealreg.service.intake.formats.envelopes import is_meant, word
from dealreg.service.intake.formats.fields import flat, spoken, whole
from dealreg.service.intake.formats.orders import AFTER_ALL, order
from dealreg.service.intake.heard import NOT_MEANT, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

REFERRAL = frozenset({"referral-created", "referral-updated", "related-referral-created", "related-referral-updated"})
TEST = "test-created"
"""Sent when somebody tries out the registration of a webhook."""
MODIFIED = "updatedDateTime"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


class PartnerCenter:
    """Webhook events; they do not say whose they are."""

    format = Format.PARTNER_CENTER

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By the names that every event has."""
        del delivery
        return isinstance(value, dict) and {"EventName", "ResourceUri", "ResourceChangeUtcDate"} <= value.keys()

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """Never said."""
        del value, delivery
        return None

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """That the referral has to be read again."""
        del delivery
        name = word(value, "EventName")
        if name == TEST:
            return [Ignored("test")]
        if not is_meant(value, mapping):
            return [NOT_MEANT]
        if name not in REFERRAL:
            raise Unreadable(Why.SHAPE, f"is {name[:100]}, which tells of no referral", "EventName")
        written = word(value, "ResourceChangeUtcDate")
        at = instant(written, "ResourceChangeUtcDate")
        uri = word(value, "ResourceUri")
        return [
            Heard(
                source=mapping.source,
                record=_identifier(uri),
                identity=("partner_center", name, uri, written),
                order=order(at, finer_than_milliseconds(written)),
                change="gap",
                changed_at=at,
                why=f"Partner Center tells {name}, and not what changed",
            )
        ]

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """A referral of the API; what it leaves out is empty."""
        if entity is not Entity.OPPORTUNITY:
            raise Unreadable(Why.SHAPE, "Partner Center has referrals and no accounts", "entity")
        written = value.get(MODIFIED)
        changed_at = instant(written, MODIFIED)
        fields = {name: found for name, found in flat(value) if "@" not in name}
        said, custom = spoken(whole(fields, mapping), mapping)
        return Heard(
            source=mapping.source,
            record=record.lower(),
            identity=("partner_center", "read", record, changed_at.isoformat()),
            order=order(changed_at, finer_than_milliseconds(written), AFTER_ALL),
            change="read",
            changed_at=changed_at,
            said=said,
            custom=custom,
        )


def _identifier(uri: str) -> str:
    """The last part of the address."""
    try:
        path = urlsplit(uri).path.rstrip("/")
    except ValueError:
        path = ""
    before, _, last = path.rpartition("/")
    if not before.lower().endswith("referrals") or not _ID.fullmatch(last):
        raise Unreadable(Why.INVALID, "is no address of a referral", "ResourceUri")
    return last.lower()


PARTNER_CENTER = PartnerCenter()
