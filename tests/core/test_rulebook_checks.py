"""What is refused when a rulebook is checked, each fault at its line and column with what to do; and what is not refused."""

from importlib import resources

import pytest
import yaml

from dealreg.engagement.checks.fault import Fault
from dealreg.engagement.checks.whole import faults
from dealreg.engagement.document import DocumentError, load
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.process.publish_rulebook import decide
from dealreg.rulebook.commands import PublishRulebook
from dealreg.vocabulary.refused import Refused
from tests.core.test_rulebook import T

TEXT = """\
program: reference
version: "1"
force_from: 2026-01-01T00:00:00+01:00
territories: [{territory: EMEA}, {territory: DE, within: EMEA}]
product_lines: [{line: drives}, {line: spares}]
"""
HEAD = TEXT.count("\n")


def said(more: str) -> list[str]:
    try:
        load(TEXT + more)
    except DocumentError as error:
        return error.faults
    return []


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        # Names.
        ("stages: [new, New, negotiation]", "line 6, column 15: stages.1", "looks like 'new'"),
        ("stages: [new, new, negotiation]", "line 6, column 15: stages.1", "is there twice"),
        ('stages: ["ne\\u200bw", negotiation]', "line 6, column 10: stages.0", "invisible character U+200B"),
        ("stages: [\u202eneu, negotiation]", "line 6, column 10: stages.0", "U+202E"),
        ("stages: [dr\u0456ve, negotiation]", "line 6, column 10: stages.0", "CYRILLIC and LATIN"),
        ("stages: ['', negotiation]", "line 6, column 10: stages.0", "at least 1 character"),
        (f"stages: [{'x' * 201}, negotiation]", "line 6, column 10: stages.0", "at most 200 characters"),
        ("sources: [{source: crm}, {source: crm}]", "line 6, column 35: sources.1.source", "is there twice"),
        ("tracks: [{track: oem, leg: dealer}, {track: oem, leg: distributor}]", "line 6, column 45: tracks.1.track", "is there twice"),
        ("custom_fields: [{name: a, type: text}, {name: a, type: whole}]", "line 6, column 47: custom_fields.1.name", "there twice"),
        ("custom_fields: [{name: in, type: text}]", "line 6, column 24: custom_fields.0.name", "word of the expression language"),
        ("custom_fields: [{name: a b, type: text}]", "line 6, column 24: custom_fields.0.name", "pattern"),
        ("custom_fields: [{name: a, type: money}]", "line 6, column 33: custom_fields.0.type", "'text', 'whole'"),
        ("tracks: [{track: oem, leg: dealer, lines: [lamps]}]", "line 6, column 44: tracks.0.lines.0", "'lamps' is not defined"),
        ("tracks: [{track: oem, leg: null, window_days: 9}]", "line 6, column 47: tracks.0.window_days", "no leg, so no window"),
        ("currency: EUX", "line 6, column 11: currency", "no currency of ISO 4217"),
        ("rates: [{from_currency: USD, to_currency: XYZ, rate: '1', day: 2026-01-01, source: a}]", "rates.0.to_currency", "ISO 4217"),
        ("rates: [{from_currency: EUR, to_currency: USD, rate: '1', day: 2026-01-01, source: a}]", "rates.0", "turn it round"),
        ("rates: [{}]", "rates.0.rate", "is missing; add it"),
        ("clauses: {ROE-26: {kinds: [quote]}, ROE-2: {evidence: [order]}}", "line 6, column 56: clauses.ROE-2.evidence.0", "kinds"),
        ("clauses: {ROE-34: {in_force: true}}", "line 6, column 19: clauses.ROE-34", "no rulebook has this setting"),
        # Lengths and amounts.
        ("clauses: {ROE-13: {extension_days: 0}}", "line 6, column 36: clauses.ROE-13.extension_days", "greater than 0"),
        ("clauses: {ROE-10: {answer_business_days: -1}}", "clauses.ROE-10.answer_business_days", "greater than 0"),
        ("clauses: {ROE-12: {hard_stop_days: 9999999}}", "clauses.ROE-12.hard_stop_days", "3660"),
        ("clauses: {ROE-15: {business_hours: 0}}", "line 6, column 36: clauses.ROE-15.business_hours", "nobody the time"),
        ("clauses: {ROE-24: {decision_business_hours: 0}}", "clauses.ROE-24.decision_business_hours", "nobody the time"),
        ("clauses: {ROE-33: {business_hours: 0}}", "clauses.ROE-33.business_hours", "nobody the time"),
        ("clauses: {ROE-3: {amount: -1}}", "clauses.ROE-3.amount", "below nothing"),
        ("clauses: {ROE-3: {amount: 1.00001}}", "clauses.ROE-3.amount", "4 decimal places"),
        ("clauses: {ROE-30: {by_rulebook_up_to: -1}}", "clauses.ROE-30.by_rulebook_up_to", "give null"),
        ("calendar: {opens: '17:00', closes: '09:00'}", "line 6, column 11: calendar", "not after it opens"),
        # Clauses that contradict one another, or that nothing reaches.
        ("clauses: {ROE-4: {doctrine: merit}, ROE-5: {while_pending: side_by_side, in_force: false}}", "clauses.ROE-5.in_force", "merit"),
        ("clauses: {ROE-4: {graded_share: '0.3'}}", "line 6, column 33: clauses.ROE-4.graded_share", "under graded only"),
        ("clauses: {ROE-30: {anchor: submission, activation_days: 60}}", "clauses.ROE-8.window_days.authorized", "are over when"),
        ("clauses: {ROE-12: {hard_stop_days: 30}}", "clauses.ROE-14.reminder_days", "nothing is protected for 30 days"),
        ("clauses: {ROE-13: {extension_days: 181}}", "clauses.ROE-13.extension_days", "no leg is longer than 180"),
        ("clauses: {ROE-12: {late_stage: null, grace_days: 9}}", "clauses.ROE-12.grace_days", "never given without a late_stage"),
        ("clauses: {ROE-12: {late_stage: won}}", "line 6, column 32: clauses.ROE-12.late_stage", "not among stages"),
        ("clauses: {ROE-4: {doctrine: merit}}", "line 6, column 29: clauses.ROE-4.doctrine", "set while_pending: side_by_side"),
        ("clauses: {ROE-33: {levels: [{level: a}, {level: b}]}}", "line 6, column 41: clauses.ROE-33.levels.1", "never be reached"),
        ("clauses: {ROE-33: {levels: [{level: a, discount_up_to: 2}]}}", "clauses.ROE-33.levels.0.discount_up_to", "less than or equal"),
        ("clauses: {ROE-33: {levels: [{level: a, size_up_to: 0}]}}", "clauses.ROE-33.levels.0.size_up_to", "above 0"),
        ("clauses: {ROE-33: {in_force: false}, ROE-27: {}}", "clauses.ROE-27", "ROE-33 is not in force"),
        ("clauses: {ROE-4: {doctrine: merit}, ROE-5: {while_pending: side_by_side}, ROE-6: {when: claim.by_dealer}}", "ROE-6.when", "no ties"),
        # Order and guards.
        ("clauses: {order: [ROE-7, ROE-1]}", "line 6, column 26: clauses.order.1", "inside a group"),
        ("clauses: {ROE-3: {when: claim.valeu > 1}}", "line 6, column 30: clauses.ROE-3.when", "has no 'valeu'"),
        ('clauses:\n  ROE-3:\n    when: "claim.valeu > 1"', "line 8, column 17: clauses.ROE-3.when", "has no 'valeu'"),
        ("clauses:\n  ROE-3:\n    when: |\n      claim.by_dealer &&\n        claim.nix", "line 10, column 14: clauses.ROE-3.when", "has no 'nix'"),
        ("clauses:\n  ROE-3:\n    when: claim.by_dealer &&\n      claim.nix", "line 8, column 11: clauses.ROE-3.when", "has no 'nix'"),
        ("clauses: {ROE-3: {when: claim.line}}", "line 6, column 25: clauses.ROE-3.when", "not true or false"),
        ("clauses: {ROE-3: {when: ''}}", "clauses.ROE-3.when", "at least 1"),
        ("clauses: {ROE-3: {when: 'false'}}", "line 6, column 26: clauses.ROE-3.when", "never holds"),
        ("clauses: {ROE-2: {when: claim.by_dealer}}", "clauses.ROE-2.when", "takes no guard: it is asked before"),
        ("clauses: {ROE-9: {when: claim.by_dealer, in_force: false}}", "clauses.ROE-9.when", "leave one of the two out"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(more, place, words):
    found = said(more)
    assert any(place in fault and words in fault for fault in found), found


@pytest.mark.parametrize(
    ("territories", "place", "words"),
    [
        ("[{territory: A, within: B}]", "line 4, column 38: territories.0.within", "not defined"),
        ("[{territory: A}, {territory: A}]", "line 4, column 43: territories.1.territory", "defined twice"),
        ("[{territory: A, within: A}]", "line 4, column 38: territories.0.within", "within itself"),
        (
            "[{territory: A}, {territory: C, within: D}, {territory: D, within: C}]",
            "territories.1.within",
            "break the cycle",
        ),
        ("[{territory: Nord}, {territory: NORD}]", "line 4, column 46: territories.1.territory", "looks like 'Nord'"),
    ],
)
def test_a_tree_of_territories_has_one_root_above_each(territories, place, words):
    lines = TEXT.splitlines()
    lines[3] = f"territories: {territories}"
    with pytest.raises(DocumentError) as refused:
        load("\n".join(lines))
    assert place in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "more",
    [
        "stages: [Angebot, Überprüfung, 見積, עסקה, negotiation]",
        "clauses: {ROE-33: {levels: [{level: a, discount_up_to: '0.1', size_up_to: 10}, {level: b, size_up_to: 20}, {level: c}]}}",
        "clauses: {queue: {in_use: false}}",
        "clauses: {ROE-12: {hard_stop_days: 60}}",
        "clauses: {ROE-12: {late_stage: null}}",
        "clauses: {ROE-30: {anchor: activation, activation_days: 90}}",
        "clauses: {ROE-30: {anchor: approval, activation_days: 59}}",
        "clauses: {ROE-15: {business_hours: 0, in_force: false}}",
        "clauses: {ROE-3: {amount: 0}, ROE-30: {by_rulebook_up_to: null}}",
        "clauses: {ROE-7: {in_force: false}, ROE-8: {in_force: false}, ROE-9: {in_force: false}}",
        "clauses: {order: [ROE-1, ROE-3, ROE-9, ROE-7]}",
        "clauses: {ROE-3: {when: \"!('spares' == claim.line)\"}}",
        (
            "custom_fields: [{name: Tier__c, type: text, field: 'Tier (new)', source: crm-eu}]\n"
            "clauses: {ROE-3: {when: \"opportunity.custom.Tier__c == 'gold'\"}}"
        ),
        "clauses: {ROE-4: {doctrine: graded, graded_share: '0.3'}}",
        "clauses: {ROE-13: {extension_days: 180}}",
        "clauses: {ROE-26: {kinds: [quote]}, ROE-2: {evidence: [quote]}}",
    ],
)
def test_what_can_be_meant_is_taken(more):
    assert said(more) == []


def test_every_fault_is_said_at_once_in_the_order_of_the_text():
    found = said(
        "currency: EUX\nclauses:\n  ROE-3: {when: claim.nix, amount: -1}\n  ROE-8: {when: claim.nix}\nstages: [a, A, negotiation]"
    )
    assert [fault.split(":")[0] for fault in found] == [
        "line 6, column 11", "line 8, column 22", "line 8, column 36", "line 9, column 22", "line 10, column 13",
    ]  # fmt: skip


def test_a_value_that_was_not_written_is_told_at_what_is_around_it():
    """The window that is too short is a default: nothing stands in the text for it."""
    (first, *_) = said("clauses: {ROE-30: {activation_days: 80}}")
    assert first.startswith(("line 6, column 10: clauses.ROE-7.window_days", "line 6, column 10: clauses.ROE-8"))


def test_a_published_version_is_not_checked_again():
    """What a later release finds wrong must not make an old fact unreadable."""
    document = RulebookDocument.model_validate(
        {
            **yaml.safe_load(TEXT),
            "force_from": "2026-01-01T00:00:00Z",
            "currency": "EUX",
            "clauses": {"ROE-3": {"when": "nonsense("}},
        }
    )
    assert [fault.path for fault in faults(document)] == ["currency", "clauses.ROE-3.when"]
    assert RulebookDocument.model_validate_json(document.model_dump_json(by_alias=True)) == document


def test_what_contradicts_itself_is_not_published(rulebook, streams):
    document = rulebook(
        version="1", force_from=T, clauses={"ROE-3": {"when": "claim.by_dealer &&\n claim.nix"}, "order": ["ROE-5"]}
    )
    with pytest.raises(Refused) as refused:
        streams.ask(decide, PublishRulebook(document=document), T)
    assert "clauses.ROE-3.when (2:7 of the expression): 'claim' has no 'nix'" in refused.value.reason
    assert "clauses.order.0: 'ROE-5' is not tried" in refused.value.reason
    assert streams.events == []


def test_a_fault_of_the_whole_says_so():
    assert Fault((), "nothing is right").told == "the rulebook: nothing is right"


def test_two_rates_of_one_day_cannot_both_count():
    rate = "{from_currency: USD, to_currency: EUR, rate: '1', day: 2026-01-01, source: a}"
    assert said(f"rates:\n  - {rate}\n  - {rate}") == [
        "line 8, column 5: rates.1: gives two rates of one day: it cannot be told which counts; keep one"
    ]


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("{line: drives, tracks: []}", "line 5, column 40: product_lines.0.tracks", "no track may claim 'drives'"),
        (
            "{line: drives, tracks: [dealer, oem]}",
            "line 5, column 49: product_lines.0.tracks.1",
            "track oem is not defined",
        ),
    ],
)
def test_a_line_is_claimed_by_tracks_that_there_are(line, place, words):
    lines = TEXT.splitlines()
    lines[4] = f"product_lines: [{line}]"
    with pytest.raises(DocumentError) as refused:
        load("\n".join([*lines, "tracks: [{track: dealer, leg: dealer}]"]))
    assert place in str(refused.value)
    assert words in str(refused.value)


def test_a_mistake_at_the_end_of_the_text_is_told_at_the_beginning_of_its_expression():
    """It lies in a line that is not there."""
    assert said("clauses:\n  ROE-3:\n    when: |\n      claim.by_dealer &&\n") == [
        "line 8, column 11: clauses.ROE-3.when: Syntax error: mismatched input '<EOF>'"
    ]


def test_a_list_is_told_as_one():
    assert "'>' does not take a list and a whole number" in said("clauses: {ROE-3: {when: claim.sites > 3}}")[0]


@pytest.mark.parametrize(
    "path", sorted((resources.files("dealreg") / "rulebooks").iterdir(), key=str), ids=lambda path: path.name
)
def test_every_shipped_rulebook_holds(path):
    assert load(path.read_text(encoding="utf-8")).program
