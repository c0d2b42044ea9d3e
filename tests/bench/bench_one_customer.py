"""What a filing costs on a customer file that has many claims: the core alone, in memory (architecture D4 keeps them all in one file).

Checked: every request is a claim of the file, and each line has one holder.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from dealreg.engagement.rulebook import ProductLine, RulebookDocument, Territory
from dealreg.partner.commands import EnrolPartner
from dealreg.process import deciding
from dealreg.registration.commands import EndCustomer, FileRegistration, Named
from dealreg.registration.events import RequestedLeg, RequestedLine
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ledger.sitting import Core
from dealreg.service.scenario.memory import MemoryLedger
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Money, Scope, Sealed, Tier, Track
from tests.bench.measuring import Figure, Report, median
from tests.bench.program import DESK, LONG_AGO, PROGRAM, TERRITORY

SIZES = (100, 1000, 3000)
TAKEN = 20
"""Filings timed at each size; the median of them is told."""

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ABOVE = PartnerId("above")
NUMBERS = count(1)


def _ask(ledger: MemoryLedger, command: Command, actor: Actor, number: int) -> str:
    asked = Request(id=f"q{next(NUMBERS)}", program=PROGRAM, actor=actor, command=command)
    came = ledger.ask(asked, NOW + timedelta(seconds=number))
    assert came.refused is None, came.refused
    return str((came.answer or {}).get("state", ""))


def _program(lines: list[str], dealers: list[PartnerId]) -> MemoryLedger:
    ledger = MemoryLedger(Core(deciding.decide, deciding.home, deciding.home_kind, "bench"), deciding.AGGREGATES)
    document = RulebookDocument(
        program=PROGRAM,
        version="1",
        force_from=LONG_AGO,
        territories=(Territory(territory=TERRITORY),),
        product_lines=tuple(ProductLine(line=line) for line in lines),
    )
    _ask(ledger, PublishRulebook(document=document), DESK, 0)
    for partner in (ABOVE, *dealers):
        is_dealer = partner != ABOVE
        command = EnrolPartner(
            partner=partner,
            track=Track.DEALER if is_dealer else Track.DISTRIBUTOR,
            lines=tuple(lines),
            territories=(TERRITORY,),
            parents=(ABOVE,) if is_dealer else (),
            effective_from=LONG_AGO,
        )
        _ask(ledger, command, DESK, 0)
    return ledger


def _filing(dealer: PartnerId, line: str) -> FileRegistration:
    legs = (RequestedLeg(tier=Tier.DISTRIBUTOR, partner=ABOVE), RequestedLeg(tier=Tier.DEALER, partner=dealer))
    return FileRegistration(
        filed_by=dealer,
        customer=EndCustomer(
            identifiers=(Named(scheme="duns", value="100000001"),), name="Eine Werke GmbH", country="DE"
        ),
        lines=(RequestedLine(line=line, scope=Scope(territory=TERRITORY), legs=legs),),
        value=Money(amount="25000", currency="EUR"),  # type: ignore[arg-type]  # as it comes in JSON
        close_on=datetime(2026, 6, 1, tzinfo=UTC).date(),
        contact=Sealed(ref="00000000-0000-0000-0000-000000000001", digest="ab" * 32),
    )


def _filed(ledger: MemoryLedger, lines: list[str], dealers: list[PartnerId]) -> Iterator[tuple[float, str]]:
    """Seconds of each filing and what became of it, line after line within one dealer."""
    for number, (dealer, line) in enumerate((dealer, line) for dealer in dealers for line in lines):
        actor = Actor(role=Role.DEALER, subject=f"at-{dealer}", partner=dealer)
        command = _filing(dealer, line)
        began = time.process_time()
        state = _ask(ledger, command, actor, number + 1)
        yield time.process_time() - began, state


@pytest.mark.parametrize(
    ("lines", "sizes"), [(200, SIZES), (1, (100, 300))], ids=["over two hundred lines", "all of one line"]
)
def test_filing_on_one_customer(report: Report, lines: int, sizes: tuple[int, ...]) -> None:
    names = [f"line-{number}" for number in range(lines)]
    dealers = [PartnerId(f"dealer-{number}") for number in range(-(-(max(sizes) + TAKEN) // lines))]
    took: list[float] = []
    states: list[str] = []
    for seconds, state in _filed(_program(names, dealers), names, dealers):
        took.append(seconds)
        states.append(state)
        if len(took) == max(sizes) + TAKEN:
            break
    assert states.count("protected") == lines, "not one holder a line"
    at = {size: median(took[size : size + TAKEN]) * 1000 for size in sizes}
    rows: list[dict[str, Figure]] = [
        {"claims on the file": size, "CPU ms a filing": round(ms, 2), "× the first": round(ms / at[sizes[0]], 1)}
        for size, ms in at.items()
    ]
    report.say(f"One filing on a customer with many claims, {lines} line{'s' if lines > 1 else ''}", rows)
