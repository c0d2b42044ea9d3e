"""Salesforce's REST API: a record by id, what changed by SOQL over everything (deleted ones too), fields written by PATCH.

Published: at most 100,000 requests in 24 hours for an Enterprise org and 25 long ones at once; a day of `reads_per_second` 1 is 86,400.
Source: Salesforce Developer Limits and Allocations Quick Reference, API Request Limits; REST API Developer Guide, Query, sObject Collections.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.sources.client import Page, PageGone, ReadRecord, SourceAway, SourceError, SourceRefused
from dealreg.service.sources.http import Http, Patience
from dealreg.service.sources.instants import instant, zulu
from dealreg.service.sources.settings import Api, Quota

QUOTA = Quota(reads_per_second=5, writes_per_second=2)
PAGE = 200
"""Records a page; a collection may name 2,000."""

OVER_LIMIT_SECONDS = 900.0
"""The pause when the org's requests of 24 hours are used up."""


class Salesforce:
    """One org."""

    def __init__(self, mapping: MappingDocument, api: Api, patience: Patience | None = None) -> None:
        """``names.version`` is the version of the API, v61.0 unless said."""
        self._mapping, self._page = mapping, api.page or PAGE
        self._base = f"/services/data/{api.names.get('version', 'v61.0')}"
        self._http = Http(api, QUOTA, _judged, patience)
        self._fields: dict[str, list[str]] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, entity: Entity, record: str) -> ReadRecord | None:
        """All fields of a record; one in the recycle bin is gone."""
        value = self._http.get(f"{self._base}/sobjects/{self._kind(entity)}/{quote(record, safe='')}")
        if value is None or value.get("IsDeleted") is True:
            return self._merged(entity, record)
        return ReadRecord(record, value, instant(value.get("SystemModstamp")))

    def _merged(self, entity: Entity, record: str) -> ReadRecord | None:
        """Of an account that was merged, into which; ``None`` of any other that is gone."""
        if entity is not Entity.ACCOUNT or not record.isalnum():
            return None
        soql = f"SELECT Id, SystemModstamp, IsDeleted, MasterRecordId FROM {self._kind(entity)} WHERE Id = '{record}'"  # noqa: S608 - SOQL; letters and digits
        found = self._http.get(f"{self._base}/queryAll", {"q": soql}) or {"records": ()}
        return next((_gone(row) for row in found["records"] if row.get("MasterRecordId")), None)

    def changed(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Ids and stamps page by page, each page's records fetched whole; the losers of a merge and the deleted come as gone."""
        kind = self._kind(entity)
        master = ", MasterRecordId" if entity is Entity.ACCOUNT else ""
        soql = f"SELECT Id, SystemModstamp, IsDeleted{master} FROM {kind} WHERE SystemModstamp >= {zulu(since)} ORDER BY SystemModstamp, Id"  # noqa: S608 - SOQL; the kind is the mapping's, the instant ours
        size = {"Sforce-Query-Options": f"batchSize={max(self._page, 200)}"}
        found = self._http.get(f"{self._base}/queryAll", {"q": soql}, size)
        while True:
            if found is None:
                raise PageGone("Salesforce does not know the next page any more")
            rows = found["records"]
            for start in range(0, len(rows), self._page):
                yield self._whole(kind, rows[start : start + self._page])
            if found.get("done", True):
                return
            found = self._http.get(found["nextRecordsUrl"], headers=size)

    def write(self, entity: Entity, record: str, values: Mapping[str, Any]) -> None:
        """Set fields; named by our client id, so that the change event says whose it is."""
        ours = {"Sforce-Call-Options": f"client={self._mapping.client}"} if self._mapping.client else {}
        url = f"{self._base}/sobjects/{self._kind(entity)}/{quote(record, safe='')}"
        self._http.set("PATCH", url, dict(values), ours)

    def _whole(self, kind: str, rows: list[dict[str, Any]]) -> Page:
        there = [row["Id"] for row in rows if row.get("IsDeleted") is not True]
        body = {"ids": there, "fields": self._fields_of(kind)}
        given = self._http.ask(f"{self._base}/composite/sobjects/{kind}", body) if there else []
        values = {value["Id"]: value for value in given or [] if value is not None}
        # One that is not there, and was not deleted when it was listed, was deleted since: its own event or the next listing says so.
        records = tuple(
            ReadRecord(row["Id"], values[row["Id"]], instant(row["SystemModstamp"]))
            if row["Id"] in values
            else _gone(row)
            for row in rows
        )
        return Page(records, instant(rows[-1]["SystemModstamp"]) if rows else None)

    def _fields_of(self, kind: str) -> list[str]:
        """Every field that can be asked for. Asked once in the life of a client."""
        if kind not in self._fields:
            told = self._http.get(f"{self._base}/sobjects/{kind}/describe")
            if told is None:
                raise SourceRefused(f"the org has no {kind}; correct `entity` in the mapping", 404)
            self._fields[kind] = [field["name"] for field in told["fields"] if field.get("type") != "base64"]
        return self._fields[kind]

    def _kind(self, entity: Entity) -> str:
        account = self._mapping.account
        if entity is Entity.OPPORTUNITY:
            return self._mapping.entity
        return account.entity if account is not None else "Account"


def _gone(row: dict[str, Any]) -> ReadRecord:
    """A record that is not there any more; of one that was merged, its row says into which."""
    return ReadRecord(row["Id"], row if row.get("MasterRecordId") else None, instant(row["SystemModstamp"]))


def _judged(response: httpx.Response) -> SourceError | None:
    """Salesforce's own codes where its status says too little."""
    text = response.text
    if "REQUEST_LIMIT_EXCEEDED" in text:
        return SourceAway("the org's requests of 24 hours are used up (REQUEST_LIMIT_EXCEEDED)", OVER_LIMIT_SECONDS)
    if "INVALID_QUERY_LOCATOR" in text:
        return PageGone("Salesforce does not know the next page any more (INVALID_QUERY_LOCATOR)")
    if "UNABLE_TO_LOCK_ROW" in text:
        return SourceAway("the record is being changed by somebody else (UNABLE_TO_LOCK_ROW)")
    return None
