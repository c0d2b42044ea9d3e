"""The messages of a day, in the order in which they reach us: late, twice, out of order, merged, with gaps, with poison between them."""

import csv
import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dealreg.service.intake.publishing import Outgoing
from tests.day.crms import (
    CRMS,
    REAL,
    Crm,
    DataverseCrm,
    Deal,
    HubSpotCrm,
    InHouse,
    PartnerCentral,
    Post,
    Salesforce,
    Thin,
    dumped,
    zulu,
)  # fmt: skip

PARTNERS = (("ALPHA", "NORTH"), ("BETA", "NORTH"), ("GAMMA", "SOUTH"))
LINES = ("storage", "network")
FORGED = (DataverseCrm.source, PartnerCentral.source)
"""In whose name somebody else posts."""
CROWD = int(os.environ.get("DAY_CROWD", "2"))
"""How many deals chase one customer."""
LATE = timedelta(minutes=50)
"""How much later than it happened a message may come."""


def _nested() -> str:
    return "[" * 40 + "]" * 40


def poison(at: datetime) -> list[tuple[bytes, str]]:
    """What no CRM should send, and as what it is set aside."""
    sf = Salesforce()
    header = sf._header(sf.record(1), "UPDATE", ["Name"], at)

    def changed(**more: Any) -> bytes:
        return dumped({"ChangeEventHeader": {**header, **more}, "Name": "x"})

    event = json.loads(next(iter(InHouse().told("deal-x", "updated", {"name": "x"}, at))).body)
    return [
        (b"no JSON", "not_json"),
        (b"\xff\xfe{}", "not_json"),
        (b"", "not_json"),
        (b'{"specversion": "1.0"', "not_json"),
        (b'{"a": "\\u0000"}', "not_json"),
        (b'{"a": "\\ud800 alone"}', "not_json"),
        (b'{"a": 18446744073709551616}', "not_json"),
        (b'{"a": 1, "a": 2}', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (_nested().encode(), "not_json"),
        (b"[]", "shape"),
        (b'"opportunity"', "shape"),
        (b'{"hello": "world"}', "shape"),
        (changed(entityName="Fridge"), "shape"),
        (changed(recordIds=["006"]), "invalid"),
        (changed(commitTimestamp=9_223_372_036_854_775_807), "invalid"),
        (changed(commitNumber="many"), "invalid"),
        (dumped({**event, "id": ""}), "invalid"),
        (dumped({**event, "time": "yesterday"}), "invalid"),
        (dumped({**event, "data": {"record": "deal-x", "close_on": "10000-01-01"}}), "invalid"),
        (dumped({**event, "data": {"record": "deal-x", "amount": "a lot"}}), "invalid"),
        (dumped({**event, "type": "com.example.other"}), "shape"),
    ]


@dataclass
class Day:
    """``posts`` in the order of arrival; ``crms`` as they are in the evening; ``deals`` in our words."""

    posts: list[Post]
    crms: list[Crm]
    contended: int = 0
    gaps: int = 0

    @property
    def real(self) -> list[Post]:
        """Without what only a door turns away."""
        return [post for post in self.posts if post.poison != "forged"]

    def counted(self) -> dict[str, int]:
        good = [post for post in self.posts if post.poison is None]
        return {
            "posts": len(self.posts),
            "distinct": len(good) - sum(post.again > 0 for post in good),
            "repeats": sum(post.again > 0 for post in good),
            "poison": len(self.posts) - len(good),
            "gaps": self.gaps,
        }


def names() -> Iterator[str]:
    """Names of real suppliers, each once."""
    with (REAL / "goc_contracts" / "original_vendor_names.csv").open(encoding="utf-8", newline="") as file:
        seen: set[str] = set()
        for row in csv.DictReader(file):
            core = row["normalized_vendor_name"]
            if core not in seen and core[:1].isalpha():
                seen.add(core)
                yield row["original_vendor_name"].strip()


def day(deals: int, *, seed: int = 1, begins: datetime | None = None, first: int = 0) -> Day:
    """So many opportunities over all sources, from their creation to the evening; ``first`` numbers them."""
    chance = random.Random(seed)
    began = begins or (datetime.now(UTC) - timedelta(days=2)).replace(hour=6, minute=0, second=0, microsecond=0)
    crms = [make() for make in CRMS]
    made = Day([], crms)
    told = [
        (post, number)
        for number, posts in enumerate(_lives(range(first, first + deals), chance, began, made))
        for post in posts
    ]
    told += [(post, -1) for post in _mass_update(made, began + timedelta(hours=9))]
    arrived = [(post.at + _late(chance, post), post) for post, _ in told]
    arrived += [
        (when + timedelta(minutes=chance.uniform(1, 90)), _repeated(post))
        for when, post in arrived
        if chance.random() < 0.1
    ]
    arrived += [
        (began + timedelta(hours=chance.uniform(0, 10)), Post("", body, began, "", kind="poison", poison=why))
        for body, why in poison(began)
    ]
    posting = [post for _, post in arrived if post.source in FORGED][:: max(len(arrived) // 8, 1)]
    arrived += [(post.at, replace(post, body=post.body + b"\n", poison="forged", again=0)) for post in posting]
    made.posts = [post for _, post in sorted(arrived, key=lambda one: one[0])]
    return made


def _mass_update(made: Day, at: datetime) -> list[Post]:
    """In the evening one transaction changes every fifth deal of Salesforce, and all that is told of it is that it was too much."""
    (crm,) = (one for one in made.crms if isinstance(one, Salesforce))
    for record, (fields, _, gone) in list(crm.truth.items())[::5]:
        if not gone:
            crm.truth[record] = ({**fields, "Name": f"{fields['Name']} (reviewed)"}, at, gone)
            made.gaps += 1
    return [crm.overflow(at)]


def _late(chance: random.Random, post: Post) -> timedelta:
    """Most come at once, some late, a few very late."""
    return LATE * chance.choice((0, 0, 0, 0.02, 0.1, 1)) * chance.random()


def _repeated(post: Post) -> Post:
    """The same message again; HubSpot counts its attempts in it."""
    body = post.body
    if post.source == HubSpotCrm.source:
        body = dumped([{**one, "attemptNumber": 1} for one in json.loads(body)])
    return replace(post, body=body, again=post.again + 1)


def _lives(numbers: range, chance: random.Random, began: datetime, made: Day) -> Iterator[list[Post]]:
    named = names()
    shared: list[str] = [next(named)]
    for number in numbers:
        crm = made.crms[number % len(made.crms)]
        gapped = isinstance(crm, Salesforce | DataverseCrm) and chance.random() < 0.15
        together = isinstance(crm, Salesforce | DataverseCrm | InHouse) and not gapped and chance.random() < 0.6
        which = made.contended // CROWD if together else 0
        if which == len(shared):
            shared.append(next(named, f"Geteilt {number}"))
        customer = shared[which] if together else next(named, f"Firma {number}")
        partner, distributor = chance.choice(PARTNERS)
        deal = Deal(
            number,
            f"Projekt {number} – Łódź 日本",
            customer,
            f"kunde{numbers.start + which}.example" if together else f"firma{number}.example",
            f"Ort {numbers.start + which if together else number}",
            partner,
            distributor,
            chance.choice(LINES),
            20_000 + number,
            date(2027, 3, 31),
        )
        made.contended += together
        if isinstance(crm, Salesforce) and not together and not gapped:
            deal = replace(deal, account=number, line=LINES[len(crm.accounts) % 2])
            yield list(_accounts(crm, deal, began))
        yield list(_life(crm, deal, chance, began, made, gapped=gapped, alone=not together))


def _accounts(crm: Salesforce, deal: Deal, began: datetime) -> Iterator[Post]:
    """The company of a deal; every second one turns out in the afternoon to be the one before it."""
    before = list(crm.accounts)
    at = began + timedelta(seconds=deal.number * 11 % 14_400)
    yield crm.account_opened(deal.number, deal.customer, deal.place, at)
    if len(before) % 2:
        yield from crm.accounts_merged(
            deal.number, int(before[-1][9:15]), began + timedelta(hours=8, seconds=deal.number)
        )


def _life(
    crm: Crm, deal: Deal, chance: random.Random, began: datetime, made: Day, *, gapped: bool, alone: bool
) -> Iterator[Post]:
    at = began + timedelta(seconds=deal.number * 7 % 14_400, milliseconds=deal.number % 997)
    yield from crm.created(deal, at)
    for step in range(1, chance.randrange(2, 5)):
        at += timedelta(minutes=chance.uniform(20, 90))
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        deal = replace(deal, amount=deal.amount + step * 1000, stage=min(step, 2))
        posts = crm.updated(deal, at)
        gap = crm.gap(crm.record(deal.number), "updated", at) if gapped and chance.random() < 0.7 else None
        made.gaps += gap is not None or isinstance(crm, Thin)
        yield from posts if gap is None else [gap]
    echo = crm.echo(crm.record(deal.number), at) if chance.random() < 0.2 else None
    if echo is not None:
        yield echo
    if alone and chance.random() < 0.3:
        yield from _ends(crm, deal, chance, at + timedelta(minutes=7))


def _ends(crm: Crm, deal: Deal, chance: random.Random, at: datetime) -> Iterator[Post]:
    """Won, lost, deleted, or deleted by mistake."""
    match chance.randrange(4):
        case 0:
            yield from crm.updated(replace(deal, outcome="won"), at)
        case 1:
            yield from crm.updated(replace(deal, outcome="lost"), at)
        case 2:
            yield from crm.removed(deal, at)
        case _:
            yield from crm.removed(deal, at)
            yield from crm.removed(deal, at + timedelta(minutes=5), back=True)


def mappings(crms: list[Crm], url: str | None, webhooks: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The mapping documents of these CRMs, with their interfaces at ``url``, and how those that post sign."""
    documents = []
    for crm in crms:
        api = (
            {}
            if url is None or not crm.table
            else {
                "api": {"url": url, "token": "CRM_TOKEN", "quota": {"reads_per_second": 500, "writes_per_second": 100}}
            }
        )
        if api and crm.table == "aws":
            api = {
                "api": {
                    "url": f"{url}/aws",
                    "auth": {"scheme": "aws"},
                    "quota": {"reads_per_second": 500, "writes_per_second": 100},
                }
            }
        webhook = (webhooks or {}).get(crm.source)
        documents.append({**crm.mapping, **api, **({"webhook": webhook} if webhook else {})})
    return documents


def served(made: Day, sources: Any) -> None:
    """Put what every CRM has in the evening behind its interface."""
    for crm in made.crms:
        if not crm.table:
            continue
        for record, (fields, changed_at, into) in crm.accounts.items():
            sources.put("Account", record, fields, changed_at)
            if into is not None:
                sources.remove("Account", record, changed_at, into)
        for record, (fields, changed_at, gone) in crm.truth.items():
            sources.put(crm.table, record, fields, changed_at)
            if gone:
                sources.remove(crm.table, record, changed_at)


def as_served(crm: Crm, record: str, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    """A record as the interface of its CRM gives it."""
    match crm.table:
        case "Opportunity":
            return {**fields, "Id": record, "SystemModstamp": zulu(at), "IsDeleted": False}
        case "deals":
            return {"id": record, "properties": fields, "updatedAt": zulu(at), "archived": False}
        case "opportunities":
            return {**fields, "opportunityid": record, "modifiedon": zulu(at)}
        case "aws":
            return {**fields, "Catalog": "AWS", "Id": record, "LastModifiedDate": zulu(at)}
        case _:
            return {**fields, "id": record, "updatedDateTime": zulu(at)}


def outgoing(posts: list[Post], *, first: int = 0) -> Iterator[Outgoing]:
    """As the broker gets them; a repeat is a message of its own there, so that ours to notice it is."""
    for number, post in enumerate(posts, first):
        named = {"dealreg-source": post.source} if post.source and post.kind != "cloudevents" else {}
        yield Outgoing(
            post.body, {**post.headers, **named}, f"{number}", kind=post.kind or "poison", key=post.record or None
        )
