"""AWS Partner Central's Selling API (JSON 1.0): an opportunity by id, the list by last change, an update that is a whole PUT.

Published: 10 reads and 1 write a second for each account. Source: AWS Partner Central API reference, quotas; botocore's service model of
2022-07-26 for names and shapes.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import httpx

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.sources.client import (
    Page,
    PageGone,
    ReadRecord,
    SourceAway,
    SourceError,
    SourceRefused,
    SourceShut,
)
from dealreg.service.sources.http import Http, Patience
from dealreg.service.sources.instants import instant, zulu
from dealreg.service.sources.listing import Listed, listed
from dealreg.service.sources.settings import Api, Quota

QUOTA = Quota(reads_per_second=10, writes_per_second=1)
PAGE = 50
_OVERLAP = timedelta(seconds=1)
"""`AfterLastModifiedDate` does not say whether the instant itself is in."""

_TARGET = "AWSPartnerCentralSelling"
_TAKEN = (
    "Catalog",
    "PrimaryNeedsFromAws",
    "NationalSecurity",
    "PartnerOpportunityIdentifier",
    "Customer",
    "Project",
    "OpportunityType",
    "Marketing",
    "SoftwareRevenue",
    "LastModifiedDate",
    "LifeCycle",
)
"""What an update may hold beside the identifier; what it leaves out is emptied."""

_AWAY = ("ThrottlingException", "InternalServerException", "ServiceUnavailableException", "ConflictException")
_SHUT = ("AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException")
_GONE = ("ResourceNotFoundException",)


class PartnerCentral:
    """One account's catalog."""

    def __init__(self, mapping: MappingDocument, api: Api, patience: Patience | None = None) -> None:
        """``names.catalog``: ``AWS``, or ``Sandbox``."""
        del mapping
        self._catalog, self._page = api.names.get("catalog", "AWS"), min(api.page or PAGE, 100)
        self._http = Http(api, QUOTA, _judged, patience)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """The opportunity, whole. There are no accounts."""
        _only_opportunities(entity)
        value = self._call("GetOpportunity", {"Identifier": record})
        return None if value is None else ReadRecord(record, value, instant(value.get("LastModifiedDate")))

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """By last change; the list has summaries only, so each is read. Nothing can be deleted there."""
        _only_opportunities(entity)
        for rows in listed(since, self._list, _OVERLAP):
            read = tuple(self.read(entity, row.record) or ReadRecord(row.record, None) for row in rows)
            yield Page(read, rows[-1].changed_at)

    def _list(self, since: datetime, token: str | None) -> tuple[list[Listed], str | None]:
        asked = {
            "Sort": {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"},
            "LastModifiedDate": {"AfterLastModifiedDate": zulu(since)},
            "MaxResults": self._page,
            **({"NextToken": token} if token is not None else {}),
        }
        found = self._call("ListOpportunities", asked) or {}
        rows = found.get("OpportunitySummaries", ())
        return [Listed(row["Id"], instant(row["LastModifiedDate"])) for row in rows], found.get("NextToken")

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set fields, dots leading inside: what an update leaves out is emptied, so the opportunity is read and sent back whole."""
        _only_opportunities(entity)
        now = self._call("GetOpportunity", {"Identifier": record})
        if now is None:
            raise SourceRefused("the source has no such record (any more); nothing was written", 404)
        whole = {name: deepcopy(now[name]) for name in _TAKEN if name in now}
        for name, value in values.items():
            *way, last = name.split(".")
            inside = whole
            for step in way:
                inside = inside.setdefault(step, {})
            inside[last] = value
        self._call("UpdateOpportunity", {**whole, "Identifier": record}, writes=True)

    def _call(self, operation: str, body: Mapping[str, Any], *, writes: bool = False) -> Any:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{_TARGET}.{operation}"}
        whole = {"Catalog": self._catalog, **body}
        return self._http.set("POST", "/", whole, headers) if writes else self._http.ask("/", whole, headers)


def _only_opportunities(entity: Entity) -> None:
    if entity is not Entity.OPPORTUNITY:
        raise SourceRefused("the source has opportunities only, with the customer inside", 404)


def _judged(response: httpx.Response) -> SourceError | None:
    """Every error of AWS is a 400; its ``__type`` says which."""
    try:
        told = response.json()
        kind = str(told.get("__type", "")).rsplit("#", 1)[-1]
    except (ValueError, AttributeError):
        return None
    words = f"AWS answers {kind}: {str(told.get('message') or told.get('Message') or '')[:200]}"
    if kind in _AWAY:
        return SourceAway(words)
    if kind in _SHUT:
        return SourceShut(words)
    if kind == "ValidationException" and "NextToken" in response.text:
        return PageGone(words)
    return SourceRefused(words, httpx.codes.NOT_FOUND) if kind in _GONE else None
