"""Dataverse's Web API: a row by id, what changed by `modifiedon`, columns written by PATCH.

Published: 6,000 requests in 5 minutes for each user, that is 20 a second. Source: Power Apps developer documentation, Service protection API limits.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.sources.client import Page, PageGone, ReadRecord, SourceError
from dealreg.service.sources.http import Http, Patience
from dealreg.service.sources.instants import instant, zulu
from dealreg.service.sources.settings import Api, Quota

QUOTA = Quota(reads_per_second=15, writes_per_second=5)
PAGE = 200
_ODATA = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
_SETS = {"opportunity": "opportunities", "account": "accounts", "Opportunity": "opportunities", "Account": "accounts"}
_KEYS = {"opportunities": "opportunityid", "accounts": "accountid"}


class Dataverse:
    """One environment."""

    def __init__(self, mapping: MappingDocument, api: Api, patience: Patience | None = None) -> None:
        """``names``: ``version`` of the API (v9.2); for a table of one's own, its set and ``key`` column by the table's name."""
        self._mapping, self._page, self._names = mapping, api.page or PAGE, api.names
        self._base = f"/api/data/{api.names.get('version', 'v9.2')}"
        self._http = Http(api, QUOTA, _judged, patience)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """All columns of a row."""
        value = self._http.get(self._row(entity, record), headers=_ODATA)
        return None if value is None else ReadRecord(record, value, instant(value.get("modifiedon")))

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """By `modifiedon`. A row that was deleted is in no such list: its own message, or a read of it, says so."""
        rows, key = self._set(entity)
        asked = {"$filter": f"modifiedon ge {zulu(since)}", "$orderby": f"modifiedon asc,{key} asc"}
        sized = {**_ODATA, "Prefer": f"odata.maxpagesize={self._page}"}
        found = self._http.get(f"{self._base}/{rows}", asked, sized)
        while True:
            if found is None:
                raise PageGone("Dataverse does not know the next page any more")
            records = tuple(ReadRecord(str(one[key]), one, instant(one["modifiedon"])) for one in found["value"])
            yield Page(records, records[-1].changed_at if records else None)
            following = found.get("@odata.nextLink")
            if following is None:
                return
            found = self._http.get(following, headers=sized)

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set columns of a row that is there: without `If-Match` a PATCH would make a new one."""
        self._http.set("PATCH", self._row(entity, record), dict(values), {**_ODATA, "If-Match": "*"})

    def _row(self, entity: Entity, record: str) -> str:
        return f"{self._base}/{self._set(entity)[0]}({quote(record, safe='')})"

    def _set(self, entity: Entity) -> tuple[str, str]:
        """The set of rows and the column of their ids."""
        account = self._mapping.account
        name = self._mapping.entity if entity is Entity.OPPORTUNITY else account.entity if account else "account"
        rows = self._names.get(name, _SETS.get(name, f"{name}s"))
        return rows, self._names.get(f"{name}.key", _KEYS.get(rows, f"{name}id"))


def _judged(response: httpx.Response) -> SourceError | None:
    """A paging cookie that is not taken any more."""
    if response.status_code == httpx.codes.BAD_REQUEST and "paging cookie" in response.text.lower():
        return PageGone("Dataverse does not know the next page any more")
    return None
