"""A real HTTP server that behaves like the CRMs' own interfaces, faults included: what a client does with them is seen on the wire."""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import uvicorn

from dealreg.service.sources.json_text import written

EPOCH = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def zulu(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Held:
    """A record of the source: its fields, when it last changed, whether it is gone, and into which other it was merged."""

    value: dict[str, Any]
    changed_at: datetime
    gone: bool = False
    into: str | None = None


@dataclass(frozen=True)
class Fault:
    """What becomes of a request instead of its answer. ``of``: only of requests whose address holds this."""

    kind: str
    of: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = "{}"


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: float


@dataclass
class Sources:
    """Every source behind one address; ``kinds`` holds the records of each kind by id."""

    url: str = ""
    kinds: dict[str, dict[str, Held]] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)
    always: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    tokens: set[str] = field(default_factory=lambda: {"good"})
    given: int = 0
    most_found: int = 10_000
    lists: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)
    after_page: Callable[[], None] | None = None
    """Called between a page of a list and the next: where a record changes meanwhile."""

    def put(self, kind: str, record: str, value: dict[str, Any], changed_at: datetime) -> None:
        self.kinds.setdefault(kind, {})[record] = Held(value, changed_at)

    def remove(self, kind: str, record: str, changed_at: datetime, into: str | None = None) -> None:
        held = self.kinds[kind][record]
        held.gone, held.into, held.changed_at = True, into, changed_at

    def asked(self, part: str) -> list[Seen]:
        return [one for one in self.seen if part in one.path]

    def forget_pages(self) -> None:
        self.lists.clear()

    def sorted(self, kind: str, since: datetime, *, gone: bool = False) -> list[tuple[str, Held]]:
        found = [
            (name, held)
            for name, held in self.kinds.get(kind, {}).items()
            if held.changed_at >= since and (gone or not held.gone)
        ]
        return sorted(found, key=lambda one: (one[1].changed_at, one[0]))

    def answer(self, seen: Seen) -> tuple[int, Any]:
        path = seen.path
        if path == "/token":
            return self._token(seen)
        if (
            not seen.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 ")
            and seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens
        ):
            return 401, {"message": "the token is not known"}
        for start, family in (
            ("/services/data", self._salesforce),
            ("/crm", self._hubspot),
            ("/api/data", self._dataverse),
            ("/v1.0", self._referrals),
        ):
            if path.startswith(start):
                return family(seen, path.removeprefix(start).strip("/").split("/"))
        return self._aws(seen) if "x-amz-target" in seen.headers else (404, {})

    def _token(self, seen: Seen) -> tuple[int, Any]:
        if seen.body.get("client_secret") != "hush":
            return 400, {"error": "invalid_client"}
        self.given += 1
        token = f"given-{self.given}"
        self.tokens = {token}
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    # Salesforce: a list is frozen when it is first asked for, its next page is fetched by a locator that dies.

    def _salesforce(self, seen: Seen, way: list[str]) -> tuple[int, Any]:
        match way[1:]:
            case ["sobjects", kind, "describe"]:
                names = {name for held in self.kinds.get(kind, {}).values() for name in held.value}
                return 200, {
                    "fields": [{"name": name, "type": "string"} for name in sorted(names | {"Id", "SystemModstamp"})]
                }
            case ["sobjects", kind, record] if seen.method == "PATCH":
                held = self.kinds[kind].get(record)
                if held is None or held.gone:
                    return 404, [{"errorCode": "NOT_FOUND"}]
                held.value |= seen.body
                return 204, None
            case ["sobjects", kind, record]:
                held = self.kinds.get(kind, {}).get(record)
                return (
                    (404, [{"errorCode": "NOT_FOUND"}]) if held is None or held.gone else (200, self._row(record, held))
                )
            case ["queryAll"]:
                return self._queried(seen.query["q"])
            case ["query", locator]:
                name, _, start = locator.partition("-")
                return (
                    self._located(name, int(start))
                    if name in self.lists
                    else (404, [{"errorCode": "INVALID_QUERY_LOCATOR"}])
                )
            case ["composite", "sobjects", kind]:
                rows = [(record, self.kinds[kind].get(record)) for record in seen.body["ids"]]
                return 200, [
                    self._row(record, held, seen.body["fields"]) if held and not held.gone else None
                    for record, held in rows
                ]
            case _:
                return 404, [{"errorCode": "NOT_FOUND"}]

    def _queried(self, soql: str) -> tuple[int, Any]:
        words = soql.split()
        kind = words[words.index("FROM") + 1]
        if "WHERE Id =" in soql:
            record = soql.rpartition("= ")[2].strip("'")
            held = self.kinds[kind].get(record)
            master = {"MasterRecordId": held.into if held else None}
            row = (
                {"Id": record, "SystemModstamp": zulu(held.changed_at), "IsDeleted": held.gone, **master}
                if held
                else None
            )
            return 200, {"done": True, "records": [row] if row else []}
        since = datetime.fromisoformat(words[words.index(">=") + 1])
        name = f"01g{len(self.lists)}"
        self.lists[name] = [
            (record, zulu(held.changed_at), held.gone) for record, held in self.sorted(kind, since, gone=True)
        ]
        return self._located(name, 0)

    def _located(self, name: str, start: int) -> tuple[int, Any]:
        rows, size = self.lists[name], 3
        more = (
            {"done": False, "nextRecordsUrl": f"/services/data/v61.0/query/{name}-{start + size}"}
            if start + size < len(rows)
            else {"done": True}
        )
        page = rows[start : start + size]
        into = {name: held.into for kind in self.kinds.values() for name, held in kind.items()}
        listed = [
            {"Id": one, "SystemModstamp": stamp, "IsDeleted": gone, "MasterRecordId": into[one]}
            for one, stamp, gone in page
        ]
        return 200, {"records": listed, **more}

    def _row(self, record: str, held: Held, fields: list[str] | None = None) -> dict[str, Any]:
        whole = {**held.value, "Id": record, "SystemModstamp": zulu(held.changed_at), "IsDeleted": held.gone}
        return {
            "attributes": {},
            **{
                name: value
                for name, value in whole.items()
                if fields is None or name in {*fields, "Id", "SystemModstamp"}
            },
        }

    # HubSpot: search is a living list, and what it gives is counted from its beginning.

    def _hubspot(self, seen: Seen, way: list[str]) -> tuple[int, Any]:
        match way[1:]:
            case ["properties", kind]:
                names = {name for held in self.kinds.get(kind, {}).values() for name in held.value}
                return 200, {"results": [{"name": name} for name in sorted(names)]}
            case ["objects", kind, "search"]:
                return self._searched(kind, seen.body)
            case ["objects", kind, "batch", "read"]:
                asked = [str(one["id"]) for one in seen.body["inputs"]]
                return 200, {"results": [one for one in (self._object(kind, name) for name in asked) if one]}
            case ["associations", _, "companies", "batch", "read"]:
                asked = [one["id"] for one in seen.body["inputs"] if one["id"] in self.kinds.get("deals", {})]
                to = [
                    {
                        "toObjectId": 77,
                        "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 5, "label": None}],
                    }
                ]
                return 200, {"results": [{"from": {"id": one}, "to": to} for one in asked]}
            case ["objects", kind] if seen.query.get("archived") == "true":
                gone = [
                    (name, held) for name, held in self.kinds.get(kind, {}).items() if held.gone and held.into is None
                ]
                return 200, {
                    "results": [
                        {"id": name, "archived": True, "archivedAt": zulu(held.changed_at)} for name, held in gone
                    ]
                }
            case ["objects", kind, record] if seen.method == "PATCH":
                held = self.kinds[kind].get(record)
                if held is None or held.gone:
                    return 404, {"status": "error"}
                held.value |= seen.body["properties"]
                return 200, self._object(kind, record)
            case _:
                return 404, {"status": "error"}

    def _searched(self, kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        since = datetime.fromtimestamp(int(body["filterGroups"][0]["filters"][0]["value"]) / 1000, UTC)
        start, size = int(body.get("after", 0)), min(body["limit"], 3)
        found = self.sorted(kind, since)
        if start + size > self.most_found:
            return 400, {"status": "error", "message": "more than were to be found"}
        rows = [
            {"id": name, "properties": {"hs_lastmodifieddate": zulu(held.changed_at)}}
            for name, held in found[start : start + size]
        ]
        more = {"paging": {"next": {"after": str(start + size)}}} if start + size < len(found) else {}
        return 200, {"total": len(found), "results": rows, **more}

    def _object(self, kind: str, record: str) -> dict[str, Any] | None:
        held = self.kinds.get(kind, {}).get(record)
        if held is not None and held.into is not None:
            return self._object(kind, held.into)
        if held is None or held.gone:
            return None
        return {"id": record, "properties": held.value, "updatedAt": zulu(held.changed_at), "archived": False}

    # Dataverse: rows by OData, pages by a link with a cookie.

    def _dataverse(self, seen: Seen, way: list[str]) -> tuple[int, Any]:
        rows, _, rest = way[1].partition("(")
        key = {"opportunities": "opportunityid", "accounts": "accountid"}[rows]
        if rest:
            record = unquote(rest.rstrip(")"))
            held = self.kinds.get(rows, {}).get(record)
            if held is None or held.gone:
                return 404, {"error": {"code": "0x80040217"}}
            if seen.method == "PATCH":
                assert seen.headers["if-match"] == "*", "it would have made a new row"
                held.value |= seen.body
                return 204, None
            return 200, {**held.value, key: record, "modifiedon": zulu(held.changed_at)}
        if "$skiptoken" in seen.query:
            name, _, start = seen.query["$skiptoken"].partition("-")
            if name not in self.lists:
                return 400, {"error": {"message": "The paging cookie is not valid any more"}}
            return self._paged(rows, key, name, int(start))
        since = datetime.fromisoformat(seen.query["$filter"].split()[-1])
        name = f"cookie{len(self.lists)}"
        self.lists[name] = [(record, "", False) for record, _ in self.sorted(rows, since)]
        return self._paged(rows, key, name, 0)

    def _paged(self, rows: str, key: str, name: str, start: int) -> tuple[int, Any]:
        page = [record for record, _, _ in self.lists[name][start : start + 3]]
        value = [
            {**self.kinds[rows][one].value, key: one, "modifiedon": zulu(self.kinds[rows][one].changed_at)}
            for one in page
        ]
        more = (
            {"@odata.nextLink": f"{self.url}/api/data/v9.2/{rows}?$skiptoken={name}-{start + 3}"}
            if start + 3 < len(self.lists[name])
            else {}
        )
        return 200, {"value": value, **more}

    # AWS: every question is a POST with its name in a header, every error a 400 with its kind.

    def _aws(self, seen: Seen) -> tuple[int, Any]:
        operation, body = seen.headers["x-amz-target"].split(".")[1], seen.body
        held = self.kinds.get("aws", {}).get(body.get("Identifier", ""))
        if operation == "ListOpportunities":
            found = self.sorted("aws", datetime.fromisoformat(body["LastModifiedDate"]["AfterLastModifiedDate"]))
            start = int(body.get("NextToken", 0))
            rows = [
                {"Id": name, "Catalog": "AWS", "LastModifiedDate": zulu(one.changed_at)}
                for name, one in found[start : start + 3]
            ]
            return 200, {
                "OpportunitySummaries": rows,
                **({"NextToken": str(start + 3)} if start + 3 < len(found) else {}),
            }
        if held is None or held.gone:
            return 400, {"__type": "com.amazonaws#ResourceNotFoundException", "Message": "no such opportunity"}
        if operation == "UpdateOpportunity":
            if body["LastModifiedDate"] != zulu(held.changed_at):
                return 400, {"__type": "com.amazonaws#ConflictException"}
            held.value = {
                name: value for name, value in body.items() if name not in {"Catalog", "Identifier", "LastModifiedDate"}
            }
            return 200, {"Id": body["Identifier"], "LastModifiedDate": zulu(held.changed_at)}
        return 200, {
            **held.value,
            "Catalog": "AWS",
            "Id": body["Identifier"],
            "LastModifiedDate": zulu(held.changed_at),
        }

    # Microsoft referrals: a living list, and an ETag on each.

    def _referrals(self, seen: Seen, way: list[str]) -> tuple[int, Any]:
        if len(way) == 3:
            held = self.kinds.get("referrals", {}).get(way[2])
            if held is None or held.gone:
                return 404, {}
            if seen.method == "PATCH":
                if seen.headers["if-match"] != held.value["eTag"]:
                    return 412, {}
                for change in seen.body:
                    held.value[change["path"].strip("/")] = change["value"]
                return 200, {}
            return 200, {**held.value, "id": way[2], "updatedDateTime": zulu(held.changed_at)}
        since, start = datetime.fromisoformat(seen.query["$filter"].split()[-1]), int(seen.query.get("$skip", 0))
        found = self.sorted("referrals", since)
        rows = [
            {**held.value, "id": name, "updatedDateTime": zulu(held.changed_at)}
            for name, held in found[start : start + 3]
        ]
        link = f"{self.url}/v1.0/engagements/referrals?$filter=updatedDateTime ge {zulu(since)}&$skip={start + 3}"
        return 200, {"value": rows, **({"@odata.nextLink": link} if start + 3 < len(found) else {})}


class _App:
    """ASGI by hand, so that an answer can be cut, delayed or never come."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        said: Any = (
            json.loads(body)
            if body and "json" in headers.get("content-type", "")
            else {n: v[0] for n, v in parse_qs(body.decode()).items()}
        )
        seen = Seen(scope["method"], scope["path"], query, headers, said, time.monotonic())
        self.sources.seen.append(seen)
        await self._answer(seen, send)

    async def _answer(self, seen: Seen, send: Any) -> None:
        sources = self.sources
        fault = next((one for one in (*list(sources.faults)[:1], *sources.always) if one.of in seen.path), None)
        if fault is not None and sources.faults and fault is sources.faults[0]:
            sources.faults.popleft()
        if fault is not None and fault.kind.isdecimal():
            await self._send(send, int(fault.kind), fault.body.encode(), fault.headers)
            return
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(2.0)
        status, value = sources.answer(seen)
        text = written(value).encode() if value is not None else b""
        if fault is not None and fault.kind == "cut":
            text = text[: len(text) // 2]
        if fault is not None and fault.kind == "dropped":
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(b"content-length", str(len(text)).encode())],
                }
            )
            await send({"type": "http.response.body", "body": text[: len(text) // 2], "more_body": True})
            raise ConnectionAbortedError("the line is dropped, as asked")
        await self._send(send, status, text)
        if (
            sources.after_page is not None
            and status == 200
            and any(word in seen.path for word in ("query", "search", "opportunities", "referrals"))
        ):
            between, sources.after_page = sources.after_page, None
            between()

    async def _send(self, send: Any, status: int, text: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        told = [(name.encode(), value.encode()) for name, value in headers]
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json"), *told],
            }
        )
        await send({"type": "http.response.body", "body": text})


@pytest.fixture(scope="session")
def _sources_server() -> Iterator[_App]:
    app = _App(Sources())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        app.sources.url = url
        yield app
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def sources(_sources_server: _App, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """The server, empty; a client signs in with what the variable CRM_TOKEN holds."""
    _sources_server.sources = Sources(url=_sources_server.sources.url)
    monkeypatch.setenv("CRM_TOKEN", "good")
    return _sources_server.sources
