"""Microsoft Partner Center's referrals: one by id, the list by last change, a change by JSON Patch under the record's ETag.

Published: no figure; 429 says how long to wait. Source: Partner Center developer documentation, Get the list of leads and opportunities,
Get a referral by ID, Update a referral.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.sources.client import Page, PageGone, ReadRecord, SourceAway, SourceRefused
from dealreg.service.sources.http import Http, Patience
from dealreg.service.sources.instants import instant, zulu
from dealreg.service.sources.listing import Listed, listed
from dealreg.service.sources.settings import Api, Quota

QUOTA = Quota(reads_per_second=2, writes_per_second=1)
PAGE = 100
_REFERRALS = "/v1.0/engagements/referrals"
_CHANGED_MEANWHILE = 412


class PartnerCenter:
    """One partner organisation's referrals."""

    def __init__(self, mapping: MappingDocument, api: Api, patience: Patience | None = None) -> None:
        """One signs in for a person (App+User): a refresh token."""
        del mapping
        self._page = api.page or PAGE
        self._http = Http(api, QUOTA, None, patience)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """The referral, whole. There are no accounts."""
        _only_opportunities(entity)
        value = self._http.get(f"{_REFERRALS}/{quote(record, safe='')}")
        return None if value is None else ReadRecord(record, value, instant(value.get("updatedDateTime")))

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """By last change, as long as the answer says where it goes on. Nothing can be deleted there."""
        _only_opportunities(entity)
        whole: dict[str, Any] = {}

        def ask(at: datetime, token: str | None) -> tuple[list[Listed], str | None]:
            found = self._list(at, token)
            whole.clear()
            whole.update({str(row["id"]): row for row in found["value"]})
            rows = [Listed(name, instant(row["updatedDateTime"])) for name, row in whole.items()]
            return rows, found.get("@odata.nextLink") or found.get("nextLink")

        for rows in listed(since, ask):
            records = tuple(ReadRecord(row.record, whole[row.record], row.changed_at) for row in rows)
            yield Page(records, rows[-1].changed_at)

    def _list(self, since: datetime, link: str | None) -> Any:
        asked = {
            "$filter": f"updatedDateTime ge {zulu(since)}",
            "$orderby": "updatedDateTime asc",
            "$top": str(self._page),
        }
        found = self._http.get(_REFERRALS, asked) if link is None else self._http.get(link)
        if found is None:
            raise PageGone("Partner Center does not know the next page any more")
        return found

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set fields, slashes leading inside, unless the referral changes in the same moment."""
        _only_opportunities(entity)
        now = self._http.get(f"{_REFERRALS}/{quote(record, safe='')}")
        if now is None:
            raise SourceRefused("the source has no such record (any more); nothing was written", 404)
        patch = [{"op": "replace", "path": f"/{name.lstrip('/')}", "value": value} for name, value in values.items()]
        try:
            self._http.set(
                "PATCH", f"{_REFERRALS}/{quote(record, safe='')}", patch, {"If-Match": str(now.get("eTag", "*"))}
            )
        except SourceRefused as refused:
            if refused.status == _CHANGED_MEANWHILE:
                raise SourceAway("the referral changed while it was written; ask again") from refused
            raise


def _only_opportunities(entity: Entity) -> None:
    if entity is not Entity.OPPORTUNITY:
        raise SourceRefused("the source has opportunities only, with the customer inside", 404)
