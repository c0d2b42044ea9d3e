"""What is asked of a simulation, checked before anything is done."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from dealreg.engagement.document import load
from dealreg.engagement.rulebook import Rate, RulebookDocument
from dealreg.engagement.windows import first_instant
from dealreg.service.ingest.seeding import rulebook_named
from dealreg.vocabulary.ids import ProgramId

BEGINS = date(2024, 1, 1)
PER_PARTNER_AND_YEAR = 25
"""Registrations of an active partner: fifteen times Dell's published 0.43 a partner a quarter (design, performance 1.4)."""

PLANNING_RATES = {"USD": "0.92", "GBP": "1.15", "CHF": "1.06", "PLN": "0.235"}


class Impossible(Exception):
    """A program that cannot be simulated as asked; the message names the option."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """A simulation: who, how many, how long, by which rules. The same plan gives the same facts, byte for byte."""

    seed: int
    rules: RulebookDocument
    begins: datetime
    ends: datetime
    partners: int
    customers: int
    registrations: int

    @property
    def program(self) -> ProgramId:
        """The program that is invented."""
        return self.rules.program

    @property
    def years(self) -> list[datetime]:
        """The first instant of each year of it."""
        zone = self.rules.zone
        first = self.begins.astimezone(zone).date()
        starts = (first_instant(first.replace(year=first.year + n), zone) for n in range(100))
        return [start for start in starts if start < self.ends]


def plan(
    *,
    seed: int = 1,
    program: str = "simulated",
    rulebook: str = "reference",
    begins: date = BEGINS,
    years: int = 1,
    partners: int = 60,
    customers: int | None = None,
    registrations: int | None = None,
) -> Plan:
    """Read and check all of it. Raises ``Impossible``, ``MappingFault`` and ``DocumentError``."""
    for name, number, least in (("years", years, 1), ("partners", partners, 10), ("registrations", registrations, 1)):
        if number is not None and number < least:
            raise Impossible(f"--{name} {number}: at least {least}")
    wanted = registrations or partners * PER_PARTNER_AND_YEAR * years
    buyers = max(20, wanted // 2) if customers is None else customers
    if buyers < 1:
        raise Impossible(f"--customers {buyers}: at least 1")
    if (begins.month, begins.day) == (2, 29):
        raise Impossible("--begins on a leap day has no anniversary; begin a day earlier or later")
    path = Path(rulebook)
    given = load(path.read_text(encoding="utf-8")) if path.is_file() else rulebook_named(rulebook)
    rules = _from(given, program, begins)
    last = first_instant(begins.replace(year=begins.year + years), rules.zone)
    return Plan(seed, rules, first_instant(begins, rules.zone), last, partners, buyers, wanted)


def _from(rules: RulebookDocument, program: str, begins: date) -> RulebookDocument:
    """The rulebook as that program's first version: in force a day before anything happens, with a rate for each currency."""
    known = {rate.from_currency for rate in rules.rates if rate.day <= begins}
    planned = tuple(
        Rate(from_currency=money, to_currency=rules.currency, rate=Decimal(rate), day=begins, source="planning rate")
        for money, rate in PLANNING_RATES.items()
        if money not in known and money != rules.currency
    )
    force_from = first_instant(begins, rules.zone).astimezone(UTC) - timedelta(days=1)
    changed = {
        "program": program,
        "force_from": force_from,
        "rates": [rate.model_dump() for rate in (*planned, *rules.rates)],
    }
    return RulebookDocument.model_validate({**rules.model_dump(by_alias=True), **changed})
