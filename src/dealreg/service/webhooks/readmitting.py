"""A refused request that may have been the source's after all: checked again by the secrets of today, as of when it came."""

from collections.abc import Mapping
from typing import Any

import structlog

from dealreg.service.intake.mapping import Mappings
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.webhooks.door import caller
from dealreg.service.webhooks.posted import Forged
from dealreg.service.webhooks.refusals import CUT
from dealreg.service.webhooks.schemes import NoSecret

log = structlog.get_logger(__name__)


def readmitted(row: Mapping[str, Any], mappings: Mappings) -> Outgoing | None:
    """The message of a dead letter that the door refused, if it would not today: after a wrong secret was put right, for instance.

    ``None``: it stays refused, whoever asks for its replay.
    """
    by, headers, body = caller(mappings, str(row["source"])), row["headers"], bytes(row["bytes"])
    if by is None or CUT in headers:
        log.warning("webhook_stays_refused", letter=row["id"], why="cut off, or from a source that no mapping names")
        return None
    try:
        by.check(headers, body, row["received_at"])
    except (Forged, NoSecret) as error:
        log.warning("webhook_stays_refused", letter=row["id"], why=str(error))
        return None
    return by.message(headers, body)
