"""AWS Partner Central under the frame of all sources: every event says that something changed, and none says what.

Sources: EventBridge's reference of partnercentral-selling (the events; delivery is best effort), the selling API's model of
GetOpportunity; design, domain.md section 3.4. Whoever writes back must send the whole opportunity: UpdateOpportunity empties what it is
not given.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.dates import instant
from dealreg.service.intake.formats.envelopes import inside, is_meant, word
from dealreg.service.intake.formats.fields import flat, spoken, whole
from dealreg.service.intake.formats.orders import order, order_of_read
from dealreg.service.intake.heard import NOT_MEANT, Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why

SOURCE = "aws.partnercentral-selling"
OPPORTUNITY = frozenset({"Opportunity Created", "Opportunity Updated", "Opportunity Accepted", "Opportunity Rejected"})
AROUND = re.compile(r"(Engagement (Invitation|Member|Resource Snapshot)|Resource Snapshot) [A-Z][a-z]+")
"""What happens around an opportunity: who was invited to work on it, who joined, what was shared. It changes no field of it."""
_ID = re.compile(r"O[0-9]{1,19}")
MODIFIED = "LastModifiedDate"


class PartnerCentral:
    """Events of the default bus; the account's number says whose they are."""

    format = Format.PARTNER_CENTRAL

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """By the source that EventBridge names."""
        del delivery
        return isinstance(value, dict) and value.get("source") == SOURCE and "detail-type" in value

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """The number of the AWS account."""
        del delivery
        return word(value, "account")

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """That the opportunity has to be read again; of an invitation there is nothing to decide."""
        del delivery
        if not is_meant(value, mapping):
            return [NOT_MEANT]
        kind = word(value, "detail-type")
        record = inside(value, "detail.opportunity.identifier")
        if kind not in OPPORTUNITY and AROUND.fullmatch(kind) is None:
            raise Unreadable(Why.SHAPE, f"is {kind[:100]}, which is no event that is known here", "detail-type")
        if kind not in OPPORTUNITY and record is None:
            return [Ignored("engagement")]
        at = instant(value.get("time"), "time")
        return [
            Heard(
                source=mapping.source,
                record=_identifier(record, "detail.opportunity.identifier"),
                identity=("partner_central", word(value, "id")),
                order=order(at),
                change="gap",
                changed_at=at,
                why=f"AWS tells {kind}, and not what changed",
            )
        ]

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """The answer to GetOpportunity; what it leaves out is empty."""
        if entity is not Entity.OPPORTUNITY:
            raise Unreadable(Why.SHAPE, "Partner Central has opportunities and no accounts", "entity")
        changed_at = instant(value.get(MODIFIED), MODIFIED)
        said, custom = spoken(whole(dict(flat(value)), mapping), mapping)
        return Heard(
            source=mapping.source,
            record=_identifier(record, "record"),
            identity=("partner_central", "read", record, changed_at.isoformat()),
            order=order_of_read(changed_at),
            change="read",
            changed_at=changed_at,
            said=said,
            custom=custom,
        )


def _identifier(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unreadable(Why.INVALID, "is no opportunity's identifier such as O123456789", field)
    return value


PARTNER_CENTRAL = PartnerCentral()
