"""A simulated program put into a database: the same requests, decided again by the dispatcher on the real ledger.

The simulation runs in memory a few steps ahead, because what people ask next depends on what was recorded; the database must then
come to the same number of facts for each asking, or it is said.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from dealreg.matching.identifiers import canonical
from dealreg.partner.events import PartnerEnrolled
from dealreg.rulebook.events import RulebookPublished
from dealreg.service.ingest.due import events_of
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.outcomes import Broken, Decided, RefusedOutcome
from dealreg.service.simulating.simulation import Simulation, Step
from dealreg.vocabulary.ids import identifier_stream

BATCH = 200
"""Askings in one save, like the intake's batch (architecture D14)."""


class NotEmpty(Exception):
    """The database cannot take the invented program; the message says why and what to do."""

    exit_code = 1


class Diverged(Exception):
    """The database came to something else than the simulation; the message names the asking."""

    exit_code = 1


def check_room(ledger: Ledger, simulation: Simulation) -> None:
    """Nothing of the program may be there, nor anything it would meet. Raises ``NotEmpty`` and ``Unavailable``."""
    plan = simulation.plan
    for kind in (RulebookPublished, PartnerEnrolled):
        if next(events_of(ledger, plan.program, kind), None) is not None:
            raise NotEmpty(
                f"program {plan.program!r} has facts in this database already, and what is recorded stays; "
                "simulate another one by --program, or use an empty database"
            )
    now = ledger.clock()
    if plan.ends > now:
        raise NotEmpty(
            f"the simulation ends at {plan.ends.isoformat()}, which the database's clock has not reached; "
            "begin earlier by --begins, or take fewer --years"
        )
    named = {canonical(one.scheme, one.value) for buyer in simulation.market.buyers for one in buyer.identifiers}
    streams = {identifier_stream(scheme, value): 0 for scheme, value in named}
    if ledger.read_many(streams).rows:
        raise NotEmpty("the ledger knows customers by the identifiers that this seed invents; take another --seed")


@contextmanager
def clock_held(database_url: str) -> Iterator[None]:
    """Keep the clock role away meanwhile: by its clock all of it would be due at once. Raises ``NotEmpty``."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtext('dealreg.clock'))").fetchone()
        if row is None or not row[0]:
            raise NotEmpty("a clock runs on this database (`dealreg up` or `dealreg clock`); stop it while simulating")
        yield


def record(dispatch: Dispatch, simulation: Simulation) -> Iterator[Step]:
    """Every step, once it is in the ledger. Raises ``Diverged`` and ``Unavailable``."""
    waiting: list[Step] = []
    for step in simulation.steps():
        waiting.append(step)
        if len(waiting) == BATCH:
            yield from _save(dispatch, simulation, waiting)
            waiting = []
    yield from _save(dispatch, simulation, waiting)


def _save(dispatch: Dispatch, simulation: Simulation, steps: Sequence[Step]) -> Sequence[Step]:
    """What recorded nothing in memory is not asked again."""
    asked = [step for step in steps if step.came.facts]
    outcomes = dispatch.decide_batch([step.came.request for step in asked], simulation.market.personal)
    for step, outcome in zip(asked, outcomes, strict=True):
        facts = len(step.came.facts)
        if not isinstance(outcome, Decided) or outcome.facts != facts:
            raise Diverged(_told(step, outcome, facts))
    return steps


def _told(step: Step, outcome: object, facts: int) -> str:
    match outcome:
        case Decided(facts=other):
            came = f"{other} facts"
        case RefusedOutcome(refused=refused):
            came = f"a refusal: {refused.reason}"
        case Broken(exception=exception):
            came = f"{type(exception).__name__}: {exception}"
        case _:
            came = "no answer: somebody else writes to the same streams"
    asked = f"{type(step.came.request.command).__name__} {step.came.request.id} at {step.at.isoformat()}"
    return f"{asked} made {facts} facts in the simulation and {came} in the database; is anybody else at work in it?"
