"""Messages of foreign formats through the intake over a real ledger: once each, counted where left alone, kept where refused."""

import json
from copy import deepcopy

from dealreg.service.intake.delivery import Verdict
from tests.fix_intake import delivered, facts, letters
from tests.service import test_format_dataverse as dataverse
from tests.service import test_format_hubspot as hubspot


def sent(*values):
    return [delivered(json.dumps(value).encode(), number) for number, value in enumerate(values, 1)]


def deals():
    """The captured events of a deal, in the order in which they lie in the file, with a contact's among them."""
    return [one for one in hubspot.CAPTURED if not one["subscriptionType"].startswith("company")]


def test_an_array_is_taken_once_however_it_is_repeated(intake, ledger):
    """The same event twice in one array, the array again, and its parts by themselves."""
    arrays = [deals(), [*deals(), *deals()], *([one] for one in deals())]
    again = deepcopy(deals())
    for one in again:
        one["attemptNumber"] = 3
    verdicts = [intake.process([one])[0] for one in sent(*arrays, again)]
    assert set(verdicts) == {Verdict.DONE}
    made = [fact.event for fact in facts(ledger)]
    assert [(one.change.value, str(one.amount or ""), one.stage) for one in made] == [
        ("created", "", None),
        ("updated", "2000", None),
        ("deleted", "", None),
        ("updated", "", "qualified"),
    ]
    assert intake.figures["ignored:object_contact"] == 3 * 5
    assert letters(ledger) == []


def test_one_event_that_cannot_be_read_keeps_its_whole_array_until_it_can(intake, ledger):
    spoiled = [*deals(), hubspot.changed("amount", "a lot")]
    assert intake.process(sent(spoiled)) == [Verdict.DEAD]
    (letter,) = letters(ledger)
    assert (letter["reason"], letter["detail"]["field"]) == ("invalid", "amount")
    assert bytes(letter["bytes"]) == json.dumps(spoiled).encode()
    assert facts(ledger) == []


def test_sources_side_by_side_each_keep_their_own_records_and_counts(intake, ledger):
    test = {"EventName": "test-created", "ResourceUri": "x", "ResourceChangeUtcDate": "x"}
    batch = sent(deals(), dataverse.update({"name": "Bridge"}), test, dataverse.update({"name": "x"}, table="lead"))
    assert intake.process(batch) == [Verdict.DONE, Verdict.DONE, Verdict.DONE, Verdict.DEAD]
    assert {fact.event.source for fact in facts(ledger)} == {"hubspot", "dataverse"}
    assert intake.figures["ignored:test"] == 1
    assert [letter["reason"] for letter in letters(ledger)] == ["shape"]
