"""An import from the first file to the account of the last record."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dealreg.rulebook.state import RULEBOOK
from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.form import FILES, ImportFault, ImportForm
from dealreg.service.importing.keeping import Kept
from dealreg.service.importing.kinds import KINDS, askings
from dealreg.service.importing.reading import Reader
from dealreg.service.importing.rows import RowFault, Source, read, sources
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, Outcome, RefusedOutcome
from dealreg.vocabulary.ids import ProgramId, rulebook_stream
from dealreg.vocabulary.refused import Unknown

BATCH = 200
"""Records a save."""

TRIES = 4
"""How often records are asked again that others outran."""

Steps = Callable[[str, int], Callable[[int], None]]
"""Opens a step of so many parts; the function it gives is told how many more are done."""


@dataclass(slots=True)
class Taken:
    """What became of one file. ``counts``: imported, repeated (here already), refused; in records. ``skipped`` rows an earlier run did."""

    rows: int
    records: int = 0
    skipped: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    facts: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a folder, all of them found and counted."""

    context: Context
    sources: tuple[Source, ...]


def plan(dispatch: Dispatch, folder: Path, form: ImportForm, program: str) -> Plan:
    """Find the files; dates are read in the program's zone. Raises ``ImportFault``, ``Unavailable``."""
    named = form.program or ProgramId(program)
    stream = rulebook_stream(named)
    held = dispatch.see({stream: RULEBOOK.name})
    known = held.held.get(stream)
    rules = known.state.in_force(held.at) if known is not None else None
    if rules is None:
        raise ImportFault(f"program {named!r} has no rulebook in force; publish one first: dealreg rulebook publish")
    return Plan(Context(named, Reader(form, rules.zone)), tuple(sources(folder, form, FILES)))


def run(dispatch: Dispatch, made: Plan, steps: Steps = lambda _name, _parts: lambda _done: None) -> dict[str, Taken]:
    """Take every file over, in the order in which they rest on one another. Raises ``ImportFault``, ``Unavailable``."""
    return {source.name: _file(dispatch, made.context, source, steps) for source in made.sources}


def _file(dispatch: Dispatch, context: Context, source: Source, steps: Steps) -> Taken:
    begun = time.perf_counter()
    rows = sum(1 for _ in read(source, context.reader.form, KINDS[source.name].columns))
    taken, kept = Taken(rows), Kept(dispatch.ledger, context, source)
    taken.skipped, taken.counts = kept.reached()
    tell = steps(source.name, rows)
    tell(taken.skipped)
    asked = askings(source, context, after=taken.skipped)
    early: list[Asking] = []
    done = taken.skipped
    while batch := list(islice(asked, BATCH)):
        early += _batch(dispatch, kept, batch, taken, last=not KINDS[source.name].chained)
        tell(batch[-1].last - done)
        done = batch[-1].last
        if not early:
            kept.reach(done, taken.counts)
    _again(dispatch, kept, early, taken)
    kept.reach(done, taken.counts)
    taken.records = taken.counts.total()
    taken.seconds = time.perf_counter() - begun
    return taken


def _again(dispatch: Dispatch, kept: Kept, early: list[Asking], taken: Taken) -> None:
    """Records that named what stood further down, until a pass takes none of them over."""
    last = False
    while early:
        before = len(early)
        batches = [early[at : at + BATCH] for at in range(0, before, BATCH)]
        early = [one for batch in batches for one in _batch(dispatch, kept, batch, taken, last=last)]
        last = len(early) == before


def _batch(dispatch: Dispatch, kept: Kept, batch: list[Asking], taken: Taken, *, last: bool) -> list[Asking]:
    """One save; who names something unknown is given back, unless this is his last chance."""
    good = [asking for asking in batch if asking.request is not None]
    outcomes = _decided(dispatch, good)
    early, refused, done = [], [(one, one.fault) for one in batch if one.fault is not None], []
    for asking, outcome in zip(good, outcomes, strict=True):
        fault = _fault(outcome)
        if isinstance(outcome, Decided):
            done.append(asking)
            taken.counts["repeated" if outcome.repeated else "imported"] += 1
            taken.facts += outcome.facts
        elif not last and isinstance(outcome, RefusedOutcome) and isinstance(outcome.refused, Unknown):
            early.append(asking)
        elif fault is not None:
            refused.append((asking, fault))
    taken.counts["refused"] += len(refused)
    kept.keep(done, refused)
    return early


def _decided(dispatch: Dispatch, good: list[Asking]) -> list[Outcome]:
    """Decide them; who was outrun by others asks again. Raises ``Unavailable`` where that goes on."""
    personal = {row.ref: row for asking in good for row in asking.personal}
    requests = [asking.request for asking in good if asking.request is not None]
    outcomes = dispatch.decide_batch(requests, personal)
    for _ in range(TRIES):
        late = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, LateOutcome)]
        if not late:
            return outcomes
        again = dispatch.decide_batch([requests[number] for number in late], personal)
        for number, outcome in zip(late, again, strict=True):
            outcomes[number] = outcome
    raise Unavailable("others keep changing what the import rests on; run it again, it goes on where it stopped")


def _fault(outcome: Outcome) -> RowFault | None:
    """Why a record could not be taken over. Raises what was a fault of ours."""
    if isinstance(outcome, RefusedOutcome):
        clause = f" ({outcome.refused.clause})" if outcome.refused.clause else ""
        return RowFault("", f"{outcome.refused.reason}{clause}")
    if isinstance(outcome, Decided):
        return None
    raise outcome.exception if isinstance(outcome, Broken) else RuntimeError(type(outcome).__name__)


def every(made: Plan) -> Iterator[Asking]:
    """Every record of every file that can be read."""
    for source in made.sources:
        yield from (asking for asking in askings(source, made.context) if asking.request is not None)
