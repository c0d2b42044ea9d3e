"""What no case can say of a conflict: that something did not happen, and rulings that no form can write (rules.md section 3)."""

from uuid import UUID, uuid4

import pytest

from dealreg.conflict.commands import RuleOnConflict
from dealreg.conflict.events import EvidenceShown, RulingProposed
from dealreg.conflict.state import CONFLICT
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.territory import within
from dealreg.process.case import Case as File
from dealreg.process.what_to_rule import wanted
from dealreg.service.scenario.form import Case
from dealreg.service.scenario.running import run
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Scope
from tests.given import WORLD, filing, step

HELD = step("2026-03-02 09:00 FileRegistration", name="R1", **filing("bauer"))
RIVAL = step(
    "2026-03-10 09:00 FileRegistration", name="R2",
    **filing("dorn", "suedkraft", evidence=["proof_of_concept 2026-02-20"]),
)  # fmt: skip


def _played(*steps):
    *before, last = steps
    written = {
        "scenario": "A conflict that is looked at", "rule": "ROE-9", "side": "both", "given": list(before), "when": last,
        "then": {"facts": []},
    }  # fmt: skip
    result = run(Case.model_validate(written), WORLD)
    assert result.faults == []
    return result


def _shown(by, registration, proof):
    added = step("2026-03-11 09:00 AddEvidence", by=by, registration=registration, evidence=proof)
    return [fact.event for fact in _played(HELD, RIVAL, added).played[-1].facts]


@pytest.mark.parametrize(
    ("by", "registration", "proof", "counts"),
    [
        ("dorn", "R2", "visit_report 2026-03-01", True),
        ("dorn", "R2", "visit_report 2026-03-02", False),
        ("dorn", "R2", "visit_report 2025-09-11", True),
        ("dorn", "R2", "visit_report 2025-09-10", False),
        ("bauer", "R1", "visit_report 2026-02-01", False),
    ],
    ids=["the day before", "the same day", "the first day of the look-back", "before the look-back", "the incumbent's"],
)
def test_only_a_challengers_earlier_proof_brings_a_new_proposal(by, registration, proof, counts):
    events = _shown(by, registration, proof)
    assert [event.counts for event in events if isinstance(event, EvidenceShown)] == [counts]
    assert any(isinstance(event, RulingProposed) for event in events) is counts


@pytest.fixture
def contested():
    """The file and the conflict of two claims, to be ruled."""
    result = _played(HELD, RIVAL)
    ledger = result.world.ledger
    (state,) = ledger.states.of_kind(CONFLICT.name)
    document = next(held.in_force(result.world.since) for held in ledger.states.of_kind("rulebook"))

    class Held(File):
        """The file as the ledger of the case holds it."""

        file = next(iter(ledger.states.of_kind("file")))

    return Held(Situation(result.world.program, result.world.since, {}), state.detected.customer, document), state


def _part(registration: UUID, **scope):
    return {"registration": registration, "scope": {"territory": "DE", **scope}}


def test_a_party_has_one_part_and_only_a_split_has_parts(contested):
    case, state = contested
    first, second = (party.registration for party in state.parties)
    said = {"conflict": state.detected.conflict, "reason": "two plants"}
    twice = [_part(first, sites=["Kiel"]), _part(first, sites=["Ulm"])]
    for parts, ruling, words in (
        (twice, "split_lines", "one part"),
        ([_part(uuid4(), sites=["Kiel"])], "split_lines", "parties"),
        ([_part(first, sites=["Kiel"])], "uphold_incumbent", "split_lines"),
    ):
        with pytest.raises(NotAllowed, match=words):
            wanted(case, state, RuleOnConflict.model_validate({**said, "ruling": ruling, "parts": parts}))
    good = [_part(first, sites=["Kiel"]), _part(second, sites=["Ulm"])]
    meant = wanted(case, state, RuleOnConflict.model_validate({**said, "ruling": "split_lines", "parts": good}))
    assert (meant.awarded, len(meant.parts)) == (first, 2)


@pytest.mark.parametrize(
    ("inner", "outer", "lies_inside"),
    [
        (("DE-NORTH", ()), ("DE", ()), True),
        (("DE", ()), ("DE-NORTH", ()), False),
        (("DE", ("Kiel",)), ("DE", ()), True),
        (("DE", ()), ("DE", ("Kiel",)), False),
        (("DE", ("Kiel",)), ("DE", ("kiel ", "Ulm")), True),
        (("DE", ("Kiel", "Ulm")), ("DE", ("Kiel",)), False),
        (("DE", ("Ulm",)), ("DE", ("Kiel",)), False),
        (("FR", ("Kiel",)), ("DE", ("Kiel",)), False),
    ],
)
def test_a_scope_lies_within_another_by_territory_and_by_every_site(inner, outer, lies_inside):
    rules = RulebookDocument.model_validate(
        {
            "program": "reference", "version": "1", "force_from": "2026-01-01T00:00:00Z",
            "territories": [{"territory": "DE"}, {"territory": "DE-NORTH", "within": "DE"}, {"territory": "FR"}],
            "product_lines": [{"line": "drives"}],
        }
    )  # fmt: skip
    one, other = (Scope(territory=place, sites=sites) for place, sites in (inner, outer))
    assert within(rules, one, other) is lies_inside
