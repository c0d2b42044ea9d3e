"""The sources that post, signed as each signs: through the door and on to the broker, and again until they are told that it is there."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

import httpx
from standardwebhooks import Webhook

from dealreg.service.intake.publishing import publish_opportunities
from tests.day.crms import DataverseCrm, HubSpotCrm, InHouse, PartnerCentral, Post
from tests.day.traffic import outgoing

SECRETS = {
    "HUBSPOT_SECRET": "a secret of the app",
    "DATAVERSE_KEY": "key of the service endpoint",
    "EVENTBRIDGE_KEY": "key of the connection",
    "IN_HOUSE_SECRET": "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
}
WEBHOOKS: dict[str, dict[str, Any]] = {
    HubSpotCrm.source: {
        "scheme": "hubspot",
        "secret": "HUBSPOT_SECRET",
        "url": "https://deals.example/webhooks/hubspot-eu",
    },
    DataverseCrm.source: {"scheme": "dataverse", "secret": "DATAVERSE_KEY"},
    PartnerCentral.source: {"scheme": "eventbridge", "secret": "EVENTBRIDGE_KEY"},
    InHouse.source: {"scheme": "standard", "secret": "IN_HOUSE_SECRET"},
}
PATIENCE_SECONDS = 90.0


def signed(post: Post, *, forged: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query of a request."""
    body = post.body + (b" " if forged else b"")
    headers = {"content-type": "application/json", **post.headers}
    wrong = "x" if forged else ""
    match post.source:
        case HubSpotCrm.source:
            at = str(int(time.time() * 1000))
            said = b"POST" + WEBHOOKS[post.source]["url"].encode() + body + at.encode()
            mac = hmac.new(SECRETS["HUBSPOT_SECRET"].encode(), said, hashlib.sha256).digest()
            return {
                **headers,
                "x-hubspot-signature-v3": base64.b64encode(mac).decode(),
                "x-hubspot-request-timestamp": at,
            }, {}
        case DataverseCrm.source:
            return headers, {"code": SECRETS["DATAVERSE_KEY"] + wrong}
        case PartnerCentral.source:
            return {**headers, "x-api-key": SECRETS["EVENTBRIDGE_KEY"] + wrong}, {}
        case _:
            now = datetime.now(UTC)
            name = hashlib.sha256(post.body).hexdigest()[:20]
            signature = Webhook(SECRETS["IN_HOUSE_SECRET"]).sign(name, now, body.decode())
            told = {"webhook-id": name, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
            return {**headers, **told, "content-type": "application/cloudevents+json"}, {}


def bring(posts: list[Post], intake_url: str, door: str) -> Iterator[int]:
    """Everything in its order, what posts through the door; yields how many came in so far."""
    come = 0
    with httpx.Client(base_url=door, timeout=20) as client:
        for through, several in groupby(posts, key=lambda post: post.source in WEBHOOKS):
            part = list(several)
            if not through:
                publish_opportunities(intake_url, outgoing(part, first=come))
                come += len(part)
                yield come
                continue
            for post in part:
                _posted(client, post)
                come += 1
                yield come


def _posted(client: httpx.Client, post: Post) -> None:
    """Until it is answered: a source tries again. What is forged is refused, and stays it."""
    until = time.monotonic() + PATIENCE_SECONDS
    forged = post.poison == "forged"
    while True:
        headers, query = signed(post, forged=forged)
        try:
            done = client.post(
                f"/webhooks/{quote(post.source, safe='')}", content=post.body, headers=headers, params=query
            )
            if done.status_code == (401 if forged else 202):
                return
            why = f"{done.status_code} {done.text[:200]}"
            assert done.status_code >= 500, why
        except httpx.TransportError as error:
            why = repr(error)
        assert time.monotonic() < until, f"{post.source} is not let in: {why}"
        time.sleep(0.2)
