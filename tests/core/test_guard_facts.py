"""What each fact of a guard says: a minimum that nobody reaches is guarded, so a claim is declined exactly where its guard holds."""

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.form import Case
from dealreg.service.scenario.running import run

FOLDER = reading.folder()
WORLD = reading.text_of(FOLDER / reading.WORLD)
CUSTOM = [
    {"name": "budget", "type": "truth"}, {"name": "seats", "type": "whole"}, {"name": "unit", "type": "text"},
    {"name": "due", "type": "day"}, {"name": "elsewhere", "type": "text", "source": "another-crm"},
    {"name": "odd", "type": "whole"}, {"name": "industry", "type": "text", "field": "Industry__c", "of": "account"}, {"name": "secret", "type": "text"}, {"name": "unsaid", "type": "text"},
]  # fmt: skip
RECORD = {
    "source": "acme-crm", "record": "0061", "order": "100", "change": "created", "changed_at": "2026-03-02 08:59", "customer": "acme",
    "partner": "franz", "distributor": "ostwerk", "master": "meridian", "lines": ["drives"], "territory": "DE-SOUTH", "amount": "50000",
    "currency": "USD", "close_on": "2026-12-18", "stage": "qualified", "contact": "a buyer",
    "custom": [
        {"name": "budget", "value": "true"}, {"name": "seats", "value": "12"}, {"name": "unit", "value": " north "},
        {"name": "due", "value": "2026-07-01"}, {"name": "elsewhere", "value": "here"}, {"name": "odd", "value": "a dozen"},
    ],
}  # fmt: skip
FILED = {
    "filed_by": "nordwind", "customer": "acme", "lines": {"drives": {"in": "DE", "sites": ["hall-4"], "distributor": "nordwind", "dealer": "bauer"}},
    "value": "20000 EUR", "evidence": [{"kind": "quote", "dated_on": "2026-02-20", "digest": "0" * 64}],
}  # fmt: skip


ACCOUNT = {
    "source": "acme-crm", "record": "0019", "order": "100", "change": "created", "changed_at": "2026-03-02 08:00", "name": "Acme GmbH",
    "country": "DE", "place": "Hamburg", "custom": [{"name": "Industry__c", "value": "Steel"}, {"name": "odd", "value": "7"}],
}  # fmt: skip


def outcome(expression, command, fields, given=()):
    """Whether the clause was set aside, and why, as the reason of the decision says."""
    minimum = {"amount": "900000", "when": expression}
    step = {
        "at": "2026-03-02 09:30",
        "as": "R1",
        "by": "crm" if command == "FoldOpportunity" else "nordwind",
        command: fields,
    }
    case = Case.model_validate({
        "scenario": "A guard", "rule": "ROE-3", "side": "both", "given": list(given), "when": step, "then": {"R1": {"state": "x"}},
        "rulebook": {"custom_fields": CUSTOM, "clauses": {"ROE-3": minimum, "ROE-30": {"by_rulebook_up_to": "900000"}}},
    })  # fmt: skip
    events = [fact.event for fact in run(case, WORLD).world.ledger.facts]
    (declined,) = [event for event in events if type(event).__name__ in {"ClaimDeclined", "LineApproved"}]
    return type(declined).__name__ == "ClaimDeclined", str(getattr(declined, "reason", ""))


def crm(expression, given=(), **more):
    return outcome(expression, "FoldOpportunity", {"message": {**RECORD, **more}}, given)


def filed(expression, **more):
    return outcome(expression, "FileRegistration", {**FILED, **more})


@pytest.mark.parametrize(
    "expression",
    [
        "claim.line == 'drives' && claim.territory == 'DE-SOUTH' && claim.class == 'exclusive'",
        "'EMEA' in claim.within && 'DE' in claim.within && 'DE-SOUTH' in claim.within",
        "claim.sites.size() == 0 && claim.evidence.size() == 0",
        "claim.value == 45000 && claim.currency == 'USD'",
        "claim.tiers.size() == 3 && 'master' in claim.tiers",
        "claim.by_dealer && claim.filed_by == 'franz' && claim.source == 'acme-crm'",
        "claim.priority == at && claim.submitted == at && claim.completed == at",
        "at == timestamp('2026-03-02T08:30:00Z')",
        "partner.id == 'franz' && partner.leg == 'dealer' && partner.track == 'dealer' && partner.tier == 'elite'",
        "partner.standing == 'good' && partner.territories[0] == 'EMEA' && 'drives' in partner.lines",
        "dealer.id == partner.id && distributor.id == 'ostwerk' && master.id == 'meridian'",
        "'meridian' in distributor.parents && dealer.parents[0] == 'ostwerk'",
        "distributor.specialisations.size() == 0 && master.tier == 'master'",
        "legs.size() == 3 && legs.exists(leg, leg.leg == 'master' && leg.id == 'meridian')",
        "customer.country == 'DE' && customer.place == 'Hamburg'",
        "opportunity.source == 'acme-crm' && opportunity.stage == 'qualified' && !has(opportunity.outcome)",
        "opportunity.territory == 'DE-SOUTH' && 'drives' in opportunity.lines",
        "opportunity.amount == 50000 && opportunity.currency == 'USD'",
        "opportunity.closes == timestamp('2026-12-17T23:00:00Z')",
        "opportunity.custom.budget && opportunity.custom.seats == 12 && opportunity.custom.unit == 'north'",
        "opportunity.custom.due == timestamp('2026-06-30T22:00:00Z')",
        "!has(opportunity.custom.elsewhere) && !has(opportunity.custom.odd) && !has(opportunity.custom.unsaid)",
        "today.year == 2026 && today.month == 3 && today.day == 2 && today.weekday == 1 && today.hour == 9",
    ],
)  # fmt: skip
def test_a_record_of_the_crm_says(expression):
    assert crm(expression) == (True, "the value is below the program's minimum of 900000 EUR")


@pytest.mark.parametrize(
    "expression",
    [
        "claim.sites[0] == 'hall-4' && claim.evidence[0] == 'quote'",
        "!claim.by_dealer && !has(claim.source) && claim.value == 20000",
        "partner.id == 'nordwind' && partner.leg == 'distributor' && dealer.id == 'bauer'",
        "!has(master.id) && !has(opportunity.stage) && !has(opportunity.custom.budget)",
    ],
)
def test_a_request_of_a_partner_says(expression):
    assert filed(expression)[0] is True


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("opportunity.custom.elsewhere == 'here'", "'elsewhere' is not known"),
        ("opportunity.custom.odd == 12", "'odd' is not known ('odd' cannot be read as whole)"),
        ("opportunity.custom.unsaid != 'x'", "'unsaid' is not known"),
        ("opportunity.outcome == 'won'", "'outcome' is not known"),
    ],
)
def test_what_the_record_does_not_say_sets_the_clause_aside_with_its_reason(expression, why):
    declined, reason = crm(expression)
    assert declined is False
    assert reason.endswith(f"; ROE-3 set aside: its guard cannot be told: {why}")


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("account.custom.industry == 'Steel'", True),
        ("account.name == 'Acme GmbH' && account.country == 'DE' && account.place == 'Hamburg'", True),
        ("account.custom.industry != 'Steel'", False),
    ],
)
def test_the_account_of_the_record_says(expression, holds):
    told = [{"at": "2026-03-02 09:00", "as": "A1", "by": "crm", "FoldAccount": {"message": ACCOUNT}}]
    assert crm(expression, told, customer_ref="0019")[0] is holds
    assert crm(expression, told)[1].endswith("is not known"), "the opportunity names no account"
    assert crm(expression, customer_ref="0019")[1].endswith("is not known"), "nothing was heard of the account"


def test_a_value_that_cannot_be_read_is_told_where_a_guard_only_asks_whether_it_is_there():
    """Without it nobody learns that the CRM says something: the guard would be false in silence."""
    declined, reason = crm("has(opportunity.custom.odd) && opportunity.custom.odd == 12")
    assert declined is False
    assert reason.endswith("; ROE-3 set aside: its guard does not hold ('odd' cannot be read as whole)")


def test_a_guard_that_does_not_hold_sets_the_clause_aside():
    declined, reason = filed("claim.by_dealer")
    assert declined is False
    assert reason.endswith("; ROE-3 set aside: its guard does not hold")
    assert "set aside" not in filed("!claim.by_dealer")[1]


def test_what_is_sealed_is_not_seen():
    sealed = {"ref": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "digest": "0" * 64}
    custom = [{"name": "secret", "sealed": sealed}]
    assert crm("has(opportunity.custom.secret)", custom=custom)[0] is False
    assert crm("!has(opportunity.custom.secret)", custom=custom)[0] is True
