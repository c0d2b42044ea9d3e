"""HubSpot's CRM API: objects by id in batches with their associations, what changed by search, properties written by PATCH.

Published: 100 requests in 10 seconds for each private app (190 from Professional on), of which search takes at most 5 a second over all
apps; a search gives at most 10,000 records. Source: HubSpot developers, API usage guidelines and limits; CRM search.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.sources.client import Page, PageGone, ReadRecord, SourceError, SourceRefused
from dealreg.service.sources.http import Http, Patience
from dealreg.service.sources.instants import instant
from dealreg.service.sources.listing import Listed, listed
from dealreg.service.sources.settings import Api, Quota

QUOTA = Quota(reads_per_second=4, writes_per_second=4)
PAGE = 100
"""Records a page; a batch may name 100."""

MOST_FOUND = 10_000
"""What one search gives; then a new one begins at the last change seen."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLURAL = {"deal": "deals", "company": "companies", "Opportunity": "deals", "Account": "companies"}


class HubSpot:
    """One portal."""

    def __init__(self, mapping: MappingDocument, api: Api, patience: Patience | None = None) -> None:
        """An object of one's own is named in the mapping by the name that its addresses have."""
        self._mapping, self._page = mapping, min(api.page or PAGE, PAGE)
        self._most = int(api.names.get("most_found", MOST_FOUND))
        self._http = Http(api, QUOTA, _judged, patience)
        self._properties: dict[str, list[str]] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """A record with all its properties; the id of one that was merged away leads to another record, so it is gone."""
        return next((one for one in self._whole(self._kind(entity), [record]) if one.value is not None), None)

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Those that search finds, oldest change first, then those that were deleted since."""
        kind = self._kind(entity)
        yield from self._searched(kind, since)
        yield from self._archived(kind, since)

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set properties."""
        url = f"/crm/v3/objects/{self._kind(entity)}/{quote(record, safe='')}"
        self._http.set("PATCH", url, {"properties": dict(values)})

    def _searched(self, kind: str, since: datetime) -> Iterator[Page]:
        def ask(at: datetime, token: str | None) -> tuple[list[Listed], str | None]:
            if token is not None and int(token) + self._page > self._most:
                words = f"more than {self._most} records changed at one instant, which HubSpot cannot page"
                raise SourceRefused(words, httpx.codes.BAD_REQUEST)
            found = self._search(kind, at, token)
            rows = [
                Listed(str(row["id"]), instant(row["properties"]["hs_lastmodifieddate"])) for row in found["results"]
            ]
            return rows, ((found.get("paging") or {}).get("next") or {}).get("after")

        for rows in listed(since, ask):
            yield Page(tuple(self._whole(kind, [row.record for row in rows])), rows[-1].changed_at)

    def _search(self, kind: str, since: datetime, after: str | None) -> Any:
        stamp = str((since - _EPOCH) // timedelta(milliseconds=1))
        body = {
            "filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": stamp}]}],
            "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            "properties": ["hs_lastmodifieddate"],
            "limit": self._page,
            **({"after": after} if after is not None else {}),
        }
        found = self._http.ask(f"/crm/v3/objects/{kind}/search", body)
        return _there(kind, found)

    def _archived(self, kind: str, since: datetime) -> Iterator[Page]:
        """Search does not know the deleted; their list is kept for 90 days and has no order."""
        after: str | None = None
        while True:
            more = {"after": after} if after is not None else {}
            found = self._http.get(f"/crm/v3/objects/{kind}", {"archived": "true", "limit": str(self._page), **more})
            rows = (found or {}).get("results", ())
            gone = [row for row in rows if row.get("archivedAt") and instant(row["archivedAt"]) >= since]
            if gone:
                yield Page(tuple(ReadRecord(str(row["id"]), None, instant(row["archivedAt"])) for row in gone))
            after = ((found or {}).get("paging") or {}).get("next", {}).get("after")
            if after is None:
                return

    def _whole(self, kind: str, ids: list[str]) -> Iterator[ReadRecord]:
        """Records as one read of the API would give them: properties and associations. One that is not there has no value."""
        inputs = [{"id": one} for one in ids]
        asked = {"inputs": inputs, "properties": self._properties_of(kind)}
        given = _there(kind, self._http.ask(f"/crm/v3/objects/{kind}/batch/read", asked))
        values = {str(value["id"]): value for value in given.get("results", ())}
        companies = self._associated(kind, inputs)
        for one in ids:
            value = values.get(one)
            if value is None:
                yield ReadRecord(one, None)
            else:
                linked = {"companies": {"results": companies.get(one, [])}}
                yield ReadRecord(one, {**value, "associations": linked}, instant(value.get("updatedAt")))

    def _associated(self, kind: str, inputs: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
        """The companies of each, in the form in which one read of the API gives them."""
        given = self._http.ask(f"/crm/v4/associations/{kind}/companies/batch/read", {"inputs": inputs}) or {}
        return {
            str(row["from"]["id"]): [
                {"id": str(to["toObjectId"]), "type": _type(kind, kinds)}
                for to in row.get("to", ())
                for kinds in to.get("associationTypes", ())
            ]
            for row in given.get("results", ())
        }

    def _properties_of(self, kind: str) -> list[str]:
        """The names of all. Asked once in the life of a client."""
        if kind not in self._properties:
            told = _there(kind, self._http.get(f"/crm/v3/properties/{kind}"))
            self._properties[kind] = [one["name"] for one in told["results"]]
        return self._properties[kind]

    def _kind(self, entity: Entity) -> str:
        account = self._mapping.account
        name = self._mapping.entity if entity is Entity.OPPORTUNITY else account.entity if account else "company"
        return _PLURAL.get(name, name)


_TYPES = {
    5: "deal_to_company",
    341: "deal_to_company_unlabeled",
    13: "parent_to_child_company",
    14: "child_to_parent_company",
}
"""HubSpot's own association types, as the older interface names them."""


def _there(kind: str, answer: Any) -> Any:
    """The answer. Raises ``SourceRefused`` for 404: a batch leaves out a record that is gone, so it is the kind that is not there."""
    if answer is None:
        words = f"the portal has no object {kind}; correct `entity` in the mapping"
        raise SourceRefused(words, httpx.codes.NOT_FOUND)
    return answer


def _type(kind: str, told: Mapping[str, Any]) -> str:
    return _TYPES.get(int(told.get("typeId", 0)), f"{kind}_{told.get('label') or told.get('typeId')}")


def _judged(response: httpx.Response) -> SourceError | None:
    """A page whose cursor HubSpot does not take any more."""
    if (
        response.status_code == httpx.codes.BAD_REQUEST
        and "after" in response.text
        and "paging" in response.text.lower()
    ):
        return PageGone("HubSpot does not know the next page any more")
    return None
