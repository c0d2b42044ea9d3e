"""CRMs that live through a day: what is true in each, and the messages, in the shapes of the real payloads, that tell of it.

The shapes come of the captured and documented events in the shared data; nothing of them is written down here but what a day changes.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dealreg.matching.identifiers import salesforce_18

REAL = Path(__file__).parents[3] / "shared" / "data"
EVENTS = REAL / "crm_change_events"
OURS = "our-own-app"
"""The client through which we write back: what it changed is our echo."""


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EVENTS / name).read_text(encoding="utf-8").splitlines() if line.strip()]


COMETD = lines("salesforce_cdc_cometd_captured.jsonl")[0]
PUBSUB = lines("salesforce_cdc_pubsub_documented.jsonl")[0]
OVERFLOW = lines("salesforce_cdc_pubsub_documented.jsonl")[-1]
HUBSPOT = {one["subscriptionType"]: one for one in lines("hubspot_webhooks_captured.jsonl")}


@dataclass(frozen=True)
class Deal:
    """An opportunity in our words, as a CRM would be filled in; ``None`` for what is not said."""

    number: int
    name: str
    customer: str
    domain: str
    place: str
    partner: str
    distributor: str
    line: str
    amount: int
    close_on: date
    stage: int = 0
    """0 to 2: the stages that every CRM here has."""
    outcome: str = "open"
    account: int | None = None
    """The number of its account, which then says who the customer is."""


@dataclass(frozen=True)
class Post:
    """One message: where it goes in, and what becomes of it if it is no opportunity's (``poison``)."""

    source: str
    body: bytes
    at: datetime
    record: str
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "cloudevents"
    poison: str | None = None
    again: int = 0
    """A repeat of the same bytes: how many came before it."""


def milliseconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class Crm(ABC):
    """One source; ``truth`` holds every record as it is now, in its own words, with the instant of its last change."""

    source = ""
    kind = ""
    table = ""
    mapping: dict[str, Any] = {}

    def __init__(self) -> None:
        self.truth: dict[str, tuple[dict[str, Any], datetime, bool]] = {}
        self.accounts: dict[str, tuple[dict[str, Any], datetime, str | None]] = {}
        """Companies, with the one into which each was merged."""
        self.made = 0

    @abstractmethod
    def record(self, number: int) -> str:
        """Each source in its own words."""

    @abstractmethod
    def native(self, deal: Deal) -> dict[str, Any]:
        """Each source in its own words."""

    @abstractmethod
    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        """Each source in its own words."""

    def gap(self, record: str, change: str, at: datetime) -> Post | None:
        """The source says that something changed and not what; ``None`` where it never does."""
        del record, change, at
        return None

    def echo(self, record: str, at: datetime) -> Post | None:
        """What we wrote ourselves comes back."""
        del record, at
        return None

    def created(self, deal: Deal, at: datetime) -> list[Post]:
        record, fields = self.record(deal.number), self.native(deal)
        self.truth[record] = (fields, at, False)
        return list(self.told(record, "created", fields, at))

    def updated(self, deal: Deal, at: datetime) -> list[Post]:
        """Every field that is another now; told as a gap by who asks for one."""
        record, fields = self.record(deal.number), self.native(deal)
        before = self.truth[record][0]
        changed = {name: value for name, value in fields.items() if before.get(name) != value}
        self.truth[record] = (fields, at, self.truth[record][2])
        return list(self.told(record, "updated", changed, at))

    def removed(self, deal: Deal, at: datetime, *, back: bool = False) -> list[Post]:
        record = self.record(deal.number)
        fields = self.truth[record][0]
        self.truth[record] = (fields, at, not back)
        return list(self.told(record, "undeleted" if back else "deleted", fields if back else {}, at))

    def post(self, body: Any, at: datetime, record: str, **more: Any) -> Post:
        self.made += 1
        return Post(self.source, dumped(body), at, record, kind=self.kind, **more)


class Salesforce(Crm):
    """Change Data Capture: the Pub/Sub form of a creation, the CometD form of all else."""

    source, kind, table = "salesforce-emea", "salesforce", "Opportunity"
    mapping = {
        "source": source,
        "format": "salesforce",
        "client": OURS,
        "currency": "EUR",
        "fields": {
            "name": "Name", "stage": "StageName", "customer_name": "End_Customer__c", "country": "Country__c", "place": "City__c",
            "partner": "Partner__c", "distributor": "Distributor__c", "lines": "Lines__c", "territory": "Territory__c", "amount": "Amount",
            "close_on": "CloseDate", "contact": "Contact__c", "customer_ref": "AccountId",
        },
        "identifiers": {"domain": "Domain__c"},
        "account": {"entity": "Account", "fields": {"name": "Name", "country": "BillingCountryCode", "place": "BillingCity", "parent": "ParentId"}, "identifiers": {"domain": "Website"}, "ignored": ["LastModifiedDate"]},
        "stages": {"Prospecting": {"stage": "prospecting"}, "Qualification": {"stage": "qualified"}, "Proposal": {"stage": "proposal"}, "Closed Won": {"outcome": "won"}, "Closed Lost": {"outcome": "lost"}},
        "harmless": ["Probability"],
        "ignored": ["*Date", "OwnerId", "CreatedById", "LastModifiedById", "CampaignId", "Pricebook2Id", "ContractId", "Is*", "Has*", "Forecast*", "Description", "Type", "NextStep", "LeadSource", "ExpectedRevenue", "Total*"],
    }  # fmt: skip
    STAGES = ("Prospecting", "Qualification", "Proposal")

    def record(self, number: int) -> str:
        return salesforce_18(f"006Kd0000{number:06d}")

    def native(self, deal: Deal) -> dict[str, Any]:
        stage = {"won": "Closed Won", "lost": "Closed Lost"}.get(deal.outcome, self.STAGES[deal.stage])
        customer = {
            "End_Customer__c": deal.customer,
            "Country__c": "DE",
            "City__c": deal.place,
            "Domain__c": deal.domain,
        }
        if deal.account is not None:
            customer = {"AccountId": self.account(deal.account)}
        return {
            "Name": deal.name, "StageName": stage, **customer, "Partner__c": deal.partner, "Distributor__c": deal.distributor, "Lines__c": deal.line,
            "Territory__c": "DE", "Amount": deal.amount, "CloseDate": deal.close_on.isoformat(), "Contact__c": f"Buyer {deal.number}",
        }  # fmt: skip

    def account(self, number: int) -> str:
        return salesforce_18(f"001Kd0000{number:06d}")

    def account_opened(self, number: int, name: str, place: str, at: datetime) -> Post:
        """A company, told by a change event of its own."""
        record = self.account(number)
        fields = {
            "Name": name,
            "BillingCountryCode": "DE",
            "BillingCity": place,
            "Website": f"https://www.konto{number}.example",
        }
        self.accounts[record] = (fields, at, None)
        header = {**self._header(record, "CREATE", [], at), "entityName": "Account"}
        return self.post({**fields, "ChangeEventHeader": header}, at, record)

    def accounts_merged(self, loser: int, winner: int, at: datetime) -> list[Post]:
        """Salesforce tells a deletion, and not into which account: that is read."""
        gone, stays = self.account(loser), self.account(winner)
        self.accounts[gone] = (self.accounts[gone][0], at, stays)
        fields, _, into = self.accounts[stays]
        fields = {**fields, "Name": f"{fields['Name']} Gruppe"}
        self.accounts[stays] = (fields, at, into)
        deleted = {**self._header(gone, "DELETE", [], at), "entityName": "Account"}
        changed = {**self._header(stays, "UPDATE", ["Name"], at), "entityName": "Account"}
        return [
            self.post({"ChangeEventHeader": deleted}, at, gone),
            self.post({"Name": fields["Name"], "ChangeEventHeader": changed}, at, stays),
        ]

    def _header(
        self, record: str, change: str, names: list[str], at: datetime, client: str = "devconsole"
    ) -> dict[str, Any]:
        self.made += 1
        return {
            **COMETD["payload"]["ChangeEventHeader"],
            "entityName": "Opportunity",
            "recordIds": [record],
            "changeType": change,
            "changedFields": names,
            "changeOrigin": f"com/salesforce/api/rest/60.0;client={client}",
            "transactionKey": str(uuid5(NAMESPACE_URL, f"{record}{change}{at.isoformat()}")),
            # A commit number of today is beyond 2^53: a double would lose its end.
            "commitNumber": milliseconds(at) * 1_000_000 + self.made % 1_000_000,
            "commitTimestamp": milliseconds(at),
        }

    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        word = {"created": "CREATE", "updated": "UPDATE", "deleted": "DELETE", "undeleted": "UNDELETE"}[change]
        header = self._header(record, word, list(fields) if change == "updated" else [], at)
        if change == "created" and int(record[-9:-3]) % 2:
            fields = {
                **fields,
                "CloseDate": milliseconds(datetime.fromisoformat(fields["CloseDate"]).replace(tzinfo=UTC)),
            }
            empty = {name: None for name in PUBSUB if name not in {"ChangeEventHeader", *fields}}
            yield self.post({**empty, **fields, "ChangeEventHeader": header}, at, record)
            return
        whole = deepcopy(COMETD)
        whole["payload"] = {**fields, "LastModifiedDate": zulu(at), "ChangeEventHeader": header}
        whole["event"]["replayId"] += self.made
        yield self.post({"data": whole, "channel": "/data/OpportunityChangeEvent"}, at, record)

    def gap(self, record: str, change: str, at: datetime) -> Post | None:
        word = {"created": "GAP_CREATE", "updated": "GAP_UPDATE", "deleted": "GAP_DELETE", "undeleted": "GAP_UNDELETE"}[
            change
        ]
        return self.post({"ChangeEventHeader": {**self._header(record, word, [], at), "sequenceNumber": 1}}, at, record)

    def echo(self, record: str, at: datetime) -> Post | None:
        header = self._header(record, "UPDATE", ["Registration_Status__c"], at, client=OURS)
        return self.post({"Registration_Status__c": "protected", "ChangeEventHeader": header}, at, record)

    def overflow(self, at: datetime) -> Post:
        """So much changed in one transaction that the rest of it is not told."""
        header = {
            **self._header("000000000000000AAA", "GAP_OVERFLOW", [], at),
            "recordIds": OVERFLOW["ChangeEventHeader"]["recordIds"],
        }
        return self.post({**OVERFLOW, "ChangeEventHeader": header}, at, "overflow")


class HubSpotCrm(Crm):
    """Webhooks: one property an event, an array a post, and no event says what a new deal holds."""

    source, kind, table = "hubspot-eu", "hubspot", "deals"
    mapping = {
        "source": source,
        "format": "hubspot",
        "client": "39522895",
        "currency": "EUR",
        "entity": "deal",
        "fields": {
            "name": "dealname", "stage": "dealstage", "customer_ref": "company_key", "customer_name": "company_name", "country": "company_country", "place": "company_city",
            "partner": "partner_id", "distributor": "distributor_id", "lines": "product_lines", "territory": "territory", "amount": "amount",
            "close_on": "closedate", "contact": "buyer",
        },
        "identifiers": {"domain": "company_domain"},
        "stages": {"appointmentscheduled": {"stage": "prospecting"}, "qualifiedtobuy": {"stage": "qualified"}, "presentationscheduled": {"stage": "proposal"}, "closedwon": {"outcome": "won"}, "closedlost": {"outcome": "lost"}},
    }  # fmt: skip
    STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled")

    def record(self, number: int) -> str:
        return str(332_507_000_000 + number)

    def native(self, deal: Deal) -> dict[str, Any]:
        stage = {"won": "closedwon", "lost": "closedlost"}.get(deal.outcome, self.STAGES[deal.stage])
        return {
            "dealname": deal.name, "dealstage": stage, "company_name": deal.customer, "company_country": "DE", "company_city": deal.place,
            "distributor_id": deal.distributor, "product_lines": deal.line, "territory": "DE", "amount": str(deal.amount),
            "closedate": zulu(datetime(deal.close_on.year, deal.close_on.month, deal.close_on.day, tzinfo=UTC)), "buyer": f"Buyer {deal.number}", "company_domain": deal.domain,
            # Told last: with the partner the deal can be filed.
            "partner_id": deal.partner,
        }  # fmt: skip

    def _one(self, shape: str, record: str, at: datetime, **more: Any) -> dict[str, Any]:
        self.made += 1
        # No event's id is to be trusted: two in a hundred come twice.
        number = self.made - self.made % 50
        return {
            **HUBSPOT[shape],
            "objectId": int(record),
            "occurredAt": milliseconds(at),
            "eventId": number,
            "changeSource": "CRM_UI",
            "sourceId": "userId:7",
            **more,
        }

    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        events = []
        if change == "created":
            events.append(self._one("deal.creation", record, at))
        if change in {"created", "updated"}:
            events += [
                self._one("deal.propertyChange", record, at, propertyName=name, propertyValue=value)
                for name, value in fields.items()
            ]
        if change == "deleted":
            events.append(self._one("deal.deletion", record, at))
        if change == "undeleted":
            events.append(
                {**self._one("deal.creation", record, at), "subscriptionType": "deal.restore", "changeFlag": "RESTORED"}
            )
        half = max(len(events) // 2, 1)
        for part in (events[:half], events[half:]):
            if part:
                yield self.post(part, at, record)

    def echo(self, record: str, at: datetime) -> Post | None:
        ours = self._one(
            "deal.propertyChange",
            record,
            at,
            propertyName="registration_status",
            propertyValue="protected",
            changeSource="INTEGRATION",
            sourceId="39522895",
        )
        return self.post([ours], at, record)


class DataverseCrm(Crm):
    """RemoteExecutionContext; over 256 KB the fields are left out and a header says so."""

    source, kind, table = "dataverse-north", "dataverse", "opportunities"
    mapping = {
        "source": source,
        "format": "dataverse",
        "client": "75c2dd85-e89e-e711-8122-000d3aa2331c",
        "currency": "EUR",
        "fields": {
            "name": "name", "stage": "stepname", "customer_name": "new_customer", "country": "new_country", "place": "new_city", "partner": "new_partnerid",
            "distributor": "new_distributorid", "lines": "new_productlines", "territory": "new_territory", "amount": "estimatedvalue",
            "close_on": "estimatedclosedate", "contact": "new_buyer",
        },
        "identifiers": {"domain": "new_domain"},
        "outcomes": {"statecode": {0: "open", 1: "won", 2: "lost"}},
        "stages": {"1-Qualify": {"stage": "prospecting"}, "2-Develop": {"stage": "qualified"}, "3-Propose": {"stage": "proposal"}},
        "ignored": ["modified*", "created*", "versionnumber", "opportunityid"],
    }  # fmt: skip
    STAGES = ("1-Qualify", "2-Develop", "3-Propose")

    def record(self, number: int) -> str:
        return str(uuid5(NAMESPACE_URL, f"dataverse {number}"))

    def native(self, deal: Deal) -> dict[str, Any]:
        return {
            "name": deal.name, "stepname": self.STAGES[deal.stage], "new_customer": deal.customer, "new_country": "DE", "new_city": deal.place,
            "new_partnerid": deal.partner, "new_distributorid": deal.distributor, "new_productlines": deal.line, "new_territory": "DE",
            "estimatedvalue": deal.amount, "estimatedclosedate": deal.close_on.isoformat(), "new_buyer": f"Buyer {deal.number}", "new_domain": deal.domain,
            "statecode": {"open": 0, "won": 1, "lost": 2}[deal.outcome],
        }  # fmt: skip

    def _context(
        self,
        record: str,
        message: str,
        at: datetime,
        inputs: list[Any],
        user: str = "e2b9dd85-e89e-e711-8122-000d3aa2331c",
    ) -> dict[str, Any]:
        self.made += 1
        stamp = f"/Date({milliseconds(at)}+0100)/"
        return {
            "BusinessUnitId": "e2b9dd85-e89e-e711-8122-000d3aa2331c", "CorrelationId": str(uuid5(NAMESPACE_URL, f"c{self.made}{record}")), "Depth": 1,
            "InitiatingUserId": user, "UserId": user, "InputParameters": inputs, "MessageName": message, "Mode": 1, "OperationCreatedOn": stamp,
            "OperationId": str(uuid5(NAMESPACE_URL, f"o{self.made}{record}")), "OrganizationId": "4ef5b371-e89e-e711-8122-000d3aa2331c",
            "PostEntityImages": [], "PreEntityImages": [], "PrimaryEntityId": record, "PrimaryEntityName": "opportunity", "Stage": 40,
        }  # fmt: skip

    def _target(self, record: str, fields: dict[str, Any]) -> list[Any]:
        values = []
        for name, value in fields.items():
            told: Any = value
            if name == "estimatedvalue":
                told = {"__type": "Money:http://schemas.microsoft.com/xrm/2011/Contracts", "Value": value}
            if name == "statecode":
                told = {"__type": "OptionSetValue:http://schemas.microsoft.com/xrm/2011/Contracts", "Value": value}
            if name == "estimatedclosedate":
                told = f"/Date({milliseconds(datetime.fromisoformat(value).replace(tzinfo=UTC))})/"
            values.append({"key": name, "value": told})
        target = {
            "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts",
            "Attributes": values,
            "Id": record,
            "LogicalName": "opportunity",
            "RowVersion": None,
        }
        return [{"key": "Target", "value": target}]

    def _headers(self, message: str, **more: str) -> dict[str, str]:
        return {
            "x-ms-dynamics-organization": "north.example",
            "x-ms-dynamics-entity-name": "opportunity",
            "x-ms-dynamics-request-name": message,
            **more,
        }

    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        message = {"created": "Create", "updated": "Update", "deleted": "Delete", "undeleted": "Restore"}[change]
        if change == "deleted":
            inputs: list[Any] = [
                {
                    "key": "Target",
                    "value": {
                        "__type": "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts",
                        "Id": record,
                        "LogicalName": "opportunity",
                        "Name": None,
                        "RowVersion": None,
                    },
                }
            ]
        else:
            inputs = self._target(record, fields)
        yield self.post(self._context(record, message, at, inputs), at, record, headers=self._headers(message))

    def gap(self, record: str, change: str, at: datetime) -> Post | None:
        message = {"created": "Create", "updated": "Update"}.get(change)
        if message is None:
            return None
        headers = self._headers(message, **{"x-ms-dynamics-msg-size-exceeded": "true"})
        return self.post(self._context(record, message, at, []), at, record, headers=headers)

    def echo(self, record: str, at: datetime) -> Post | None:
        told = self._context(
            record, "Update", at, self._target(record, {"new_status": "protected"}), user=self.mapping["client"]
        )
        return self.post(told, at, record, headers=self._headers("Update"))


class Thin(Crm):
    """A source that only says that something changed: everything is read again."""

    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        del fields
        yield self.post(self.notice(record, change, at), at, record)

    @abstractmethod
    def notice(self, record: str, change: str, at: datetime) -> dict[str, Any]:
        """Each source in its own words."""

    def removed(self, deal: Deal, at: datetime, *, back: bool = False) -> list[Post]:
        """Neither of these two deletes."""
        del back
        return self.updated(deal, at)


class PartnerCentral(Thin):
    """AWS, by EventBridge."""

    source, kind, table = "aws-partner-central", "partner_central", "aws"
    mapping = {
        "source": source,
        "format": "partner_central",
        "fields": {
            "name": "Project.Title", "stage": "LifeCycle.Stage", "customer_name": "Customer.Account.CompanyName", "country": "Customer.Account.Address.CountryCode",
            "place": "Customer.Account.Address.City", "amount": "Project.ExpectedCustomerSpend.0.Amount", "currency": "Project.ExpectedCustomerSpend.0.CurrencyCode",
            "close_on": "LifeCycle.TargetCloseDate", "contact": "Customer.Contacts.0.Email",
        },
        "identifiers": {"domain": "Customer.Account.WebsiteUrl"},
        "stages": {"Prospect": {"stage": "prospecting"}, "Qualified": {"stage": "qualified"}, "Business Validation": {"stage": "proposal"}, "Launched": {"outcome": "won"}, "Closed Lost": {"outcome": "lost"}},
        "ignored": ["Id", "Arn", "CreatedDate", "LastModifiedDate", "Catalog"],
    }  # fmt: skip
    STAGES = ("Prospect", "Qualified", "Business Validation")

    def record(self, number: int) -> str:
        return f"O{number:07d}"

    def native(self, deal: Deal) -> dict[str, Any]:
        stage = {"won": "Launched", "lost": "Closed Lost"}.get(deal.outcome, self.STAGES[deal.stage])
        return {
            "LifeCycle": {"Stage": stage, "TargetCloseDate": deal.close_on.isoformat(), "ReviewStatus": "Approved"},
            "Project": {"Title": deal.name, "ExpectedCustomerSpend": [{"Amount": str(deal.amount), "CurrencyCode": "EUR", "Frequency": "Monthly", "TargetCompany": "AWS"}]},
            "Customer": {"Account": {"CompanyName": deal.customer, "WebsiteUrl": f"https://www.{deal.domain}/", "Address": {"CountryCode": "DE", "City": deal.place}}, "Contacts": [{"Email": f"buyer{deal.number}@{deal.domain}"}]},
        }  # fmt: skip

    def notice(self, record: str, change: str, at: datetime) -> dict[str, Any]:
        word = "Opportunity Created" if change == "created" else "Opportunity Updated"
        return {
            "version": "1", "id": str(uuid5(NAMESPACE_URL, f"aws {record} {change} {at.isoformat()}")), "source": "aws.partnercentral-selling", "detail-type": word,
            "time": zulu(at), "region": "us-east-1", "account": "123456789012",
            "detail": {"schemaVersion": "1.0", "catalog": "AWS", "opportunity": {"identifier": record}},
        }  # fmt: skip


class PartnerCenter(Thin):
    """Microsoft's referrals."""

    source, kind, table = "microsoft-partner-center", "partner_center", "referrals"
    mapping = {
        "source": source,
        "format": "partner_center",
        "fields": {
            "name": "name", "stage": "substatus", "customer_name": "customerProfile.name", "country": "customerProfile.address.country", "place": "customerProfile.address.city",
            "amount": "details.dealValue", "currency": "details.currency", "close_on": "details.closingDateTime", "contact": "customerProfile.team.0.email",
        },
        "stages": {"Received": {"stage": "prospecting"}, "Accepted": {"stage": "qualified"}, "Engaged": {"stage": "proposal"}, "Won": {"outcome": "won"}, "Lost": {"outcome": "lost"}},
        "ignored": ["id", "eTag", "updatedDateTime"],
    }  # fmt: skip
    STAGES = ("Received", "Accepted", "Engaged")

    def record(self, number: int) -> str:
        return str(uuid5(NAMESPACE_URL, f"referral {number}"))

    def native(self, deal: Deal) -> dict[str, Any]:
        stage = {"won": "Won", "lost": "Lost"}.get(deal.outcome, self.STAGES[deal.stage])
        return {
            "name": deal.name, "substatus": stage, "eTag": f"tag-{deal.number}",
            "customerProfile": {"name": deal.customer, "address": {"country": "DE", "city": deal.place}, "team": [{"email": f"buyer{deal.number}@{deal.domain}"}]},
            "details": {"dealValue": deal.amount, "currency": "EUR", "closingDateTime": f"{deal.close_on.isoformat()}T00:00:00Z"},
        }  # fmt: skip

    def notice(self, record: str, change: str, at: datetime) -> dict[str, Any]:
        # Seven digits of a second, as Microsoft writes them.
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}7+00:00"
        return {
            "EventName": "referral-created" if change == "created" else "referral-updated",
            "ResourceUri": f"https://api.partnercenter.microsoft.com/engagements/v1/referrals/{record}",
            "ResourceName": "referral", "AuditUri": None, "ResourceChangeUtcDate": stamp,
        }  # fmt: skip


class InHouse(Crm):
    """CloudEvents around our own words."""

    source, kind, table = "https://crm.example/in-house", "cloudevents", ""
    mapping = {"source": source, "format": "neutral"}

    def record(self, number: int) -> str:
        return f"deal-{number}"

    def native(self, deal: Deal) -> dict[str, Any]:
        return {
            "name": deal.name, "stage": ("prospecting", "qualified", "proposal")[deal.stage], "outcome": deal.outcome, "customer_name": deal.customer, "country": "DE",
            "place": deal.place, "partner": deal.partner, "distributor": deal.distributor, "lines": [deal.line], "territory": "DE", "amount": deal.amount, "currency": "EUR",
            "close_on": deal.close_on.isoformat(), "contact": f"Buyer {deal.number}", "identifiers": {"domain": deal.domain},
        }  # fmt: skip

    def told(self, record: str, change: str, fields: dict[str, Any], at: datetime) -> Iterator[Post]:
        self.made += 1
        event = {
            "specversion": "1.0", "type": "dealreg.opportunity.changed.v1", "source": self.source, "id": f"{record}-{self.made}", "time": zulu(at),
            "sequence": f"{milliseconds(at):015d}{self.made:06d}", "datacontenttype": "application/json", "data": {"record": record, "change": change, **fields},
        }  # fmt: skip
        yield self.post(event, at, record)


CRMS: tuple[Callable[[], Crm], ...] = (Salesforce, HubSpotCrm, DataverseCrm, PartnerCentral, PartnerCenter, InHouse)
