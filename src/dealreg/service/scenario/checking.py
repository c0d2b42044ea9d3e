"""Whether what came of a step is as the case says."""

from collections.abc import Iterator

from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.expected import RefusedAs, Then
from dealreg.service.scenario.standing import Absent, Standing
from dealreg.vocabulary.refused import Refused


def faults_of(
    standing: Standing, then: Then, facts: tuple[Recorded, ...], own: tuple[Recorded, ...], refused: Refused | None
) -> Iterator[str]:
    """Every difference between what ``then`` says and what is so; ``facts`` since the step before, ``own`` of this request.

    A refusal that nothing asked for is a fault too.
    """
    yield from _refusal_faults(then.refused, refused)
    if then.nothing and own:
        yield f"nothing was to happen, but {', '.join(type(fact.event).__name__ for fact in own)}"
    names = iter(type(fact.event).__name__ for fact in facts)
    for wanted in then.facts:
        if wanted not in names:  # The iterator goes on: the order counts.
            yield f"no {wanted} in its place among the facts {[type(fact.event).__name__ for fact in facts]}"
            break
    for expected in then.expected:
        try:
            parts = standing.of(expected)
        except Absent as absent:
            parts = {"state": "absent"}
            if expected.parts != parts:
                yield f"{expected.subject}: {absent}"
            continue
        for part, wanted in expected.parts.items():
            if parts.get(part, "none") != wanted:
                yield f"{expected.subject}: {part} is {parts.get(part, 'none')!r}, not {wanted!r}"


def _refusal_faults(wanted: RefusedAs | None, refused: Refused | None) -> Iterator[str]:
    if wanted is None and refused is not None:
        yield f"refused ({type(refused).__name__} {refused.clause or ''}): {refused.reason}"
    elif wanted is not None and refused is None:
        yield "it was to be refused, but it was decided"
    elif wanted is not None and refused is not None:
        if wanted.kind is not None and wanted.kind != type(refused).__name__:
            yield f"refused as {type(refused).__name__}, not as {wanted.kind}: {refused.reason}"
        if wanted.rule is not None and wanted.rule != refused.clause:
            yield f"refused under {refused.clause}, not under {wanted.rule}: {refused.reason}"
