"""What is noted for the channel manager, and what is not (ROE-3; rules.md section 3, What an answer reveals)."""

from typing import Any

import yaml

from dealreg.conflict.events import RulingOverdue
from dealreg.file.notice_events import MinimumReachedTogether
from dealreg.file.time_events import ReviewOverdue
from dealreg.partner.events import UnsupportedClaimNoted
from dealreg.service.scenario import reading
from dealreg.service.scenario.form import Case
from dealreg.service.scenario.running import run

WORLD = reading.text_of(reading.folder() / reading.WORLD)


def _facts(story: list[dict], rulebook: dict | None = None, kind: type = UnsupportedClaimNoted):
    case = {"scenario": "What is noted of a partner here", "rule": "ROE-3", "side": "both", "rulebook": rulebook or {},
            "story": [*story[:-1], {**story[-1], "then": {"facts": []}}]}  # fmt: skip
    written = yaml.load(yaml.safe_dump(case), yaml.BaseLoader)  # noqa: S506 - BaseLoader makes nothing but text
    return [
        fact.event
        for fact in run(Case.model_validate(written), WORLD).world.ledger.facts
        if isinstance(fact.event, kind)
    ]


def _filing(at: str, name: str, partner: str, line: str = "drives", **more: object) -> dict:
    return {
        "at": at, "as": name,
        "FileRegistration": {"filed_by": partner, "customer": "acme",
                             "lines": {line: {"distributor": "nordwind", "dealer": partner}}, **more},
    }  # fmt: skip


def _small(at: str, name: str, partner: str, line: str, value: str) -> dict:
    return _filing(at, name, partner, line, value=value)


def test_claims_that_stay_below_the_minimum_together_are_not_noted():
    story = [_small("2026-03-02 09:00", "R1", "bauer", "drives", "6000 EUR"),
             _small("2026-03-03 09:00", "R2", "bauer", "relays", "3999 EUR")]  # fmt: skip
    assert _facts(story, kind=MinimumReachedTogether) == []


def test_claims_of_two_partners_are_never_noted_together():
    story = [_small("2026-03-02 09:00", "R1", "bauer", "drives", "6000 EUR"),
             _small("2026-03-03 09:00", "R2", "claus", "relays", "6000 EUR")]  # fmt: skip
    assert _facts(story, kind=MinimumReachedTogether) == []


def test_the_last_day_of_the_look_back_is_noted_and_the_day_after_is_not():
    first = _small("2026-03-02 09:00", "R1", "bauer", "drives", "6000 EUR")
    last = _small("2026-04-01 10:00", "R2", "bauer", "relays", "6000 EUR")
    after = _small("2026-04-01 10:00:01", "R2", "bauer", "relays", "6000 EUR")
    assert len(_facts([first, last], kind=MinimumReachedTogether)) == 1
    assert _facts([first, after], kind=MinimumReachedTogether) == []


def test_a_registration_of_two_lines_counts_once():
    both = {
        "drives": {"distributor": "nordwind", "dealer": "bauer"},
        "relays": {"distributor": "nordwind", "dealer": "bauer"},
    }
    one = {"at": "2026-03-02 09:00", "as": "R1",
           "FileRegistration": {"filed_by": "bauer", "customer": "acme", "value": "6000 EUR", "lines": both}}  # fmt: skip
    assert _facts([one], kind=MinimumReachedTogether) == []
    noted = _facts([one, _small("2026-03-03 09:00", "R2", "bauer", "panels", "4000 EUR")], kind=MinimumReachedTogether)
    assert [(str(one.value.amount), len(one.registrations)) for one in noted] == [("10000", 2)]


def _probing(times: int, **more: Any) -> list[dict]:
    held = _filing("2026-03-02 09:00", "R0", "bauer")
    return [
        held,
        *(
            _filing(f"2026-03-{3 + n:02d} 09:00", f"R{n + 1}", partner, **more)
            for n, partner in enumerate(["claus", "ingo"][:times])
        ),
    ]


def test_a_claim_without_evidence_that_meets_a_protected_line_is_counted_for_its_partner():
    assert [(one.partner, one.month, one.count, one.shown) for one in _facts(_probing(2))] == [
        ("claus", "2026-03", 1, False), ("ingo", "2026-03", 1, False),
    ]  # fmt: skip


def test_a_claim_with_evidence_is_not_counted():
    assert _facts(_probing(1, evidence=["proposal 2026-03-03"])) == []


def test_one_more_than_the_rulebook_allows_in_a_month_is_shown():
    story = [_filing("2026-03-02 09:00", "R0", "bauer"), _filing("2026-03-02 10:00", "R9", "bauer", "relays"),
             _filing("2026-03-03 09:00", "R1", "claus"), _filing("2026-03-03 10:00", "R2", "claus", "relays")]  # fmt: skip
    limit = {"clauses": {"conflicts": {"without_evidence_a_month": "1"}}}
    assert [(one.count, one.shown) for one in _facts(story, limit)] == [(1, False), (2, True)]


def test_a_new_month_begins_at_none():
    story = [_filing("2026-03-02 09:00", "R0", "bauer"), _filing("2026-03-02 10:00", "R9", "bauer", "relays"),
             _filing("2026-03-31 23:59", "R1", "claus"), _filing("2026-04-01 00:00", "R2", "claus", "relays")]  # fmt: skip
    assert [(one.month, one.count) for one in _facts(story)] == [("2026-03", 1), ("2026-04", 1)]


def test_who_is_told_of_a_late_review_and_of_a_late_ruling_is_the_rulebooks_word():
    late = [
        _filing("2026-03-02 09:00", "R1", "bauer", value="150000 EUR"),
        {"at": "2026-03-05 09:00", "nothing happens": ""},
    ]
    assert [one.escalate_to for one in _facts(late, kind=ReviewOverdue)] == ["regional_director"]
    laid = {"clauses": {"ROE-15": {"escalate_to": "the_board"}}}
    assert [one.escalate_to for one in _facts(late, laid, kind=ReviewOverdue)] == ["the_board"]
    tie = [_filing("2026-03-02 09:00", "R1", "bauer"), _filing("2026-03-02 09:00", "R2", "claus"),
           {"at": "2026-03-10 09:00", "nothing happens": ""}]  # fmt: skip
    assert {one.escalate_to for one in _facts(tie, kind=RulingOverdue)} == {"regional_director"}
    laid = {"clauses": {"conflicts": {"escalate_to": "the_board"}}}
    assert {one.escalate_to for one in _facts(tie, laid, kind=RulingOverdue)} == {"the_board"}
