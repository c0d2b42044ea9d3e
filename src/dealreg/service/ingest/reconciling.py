"""An account of every row of an export: what became of it, folded from the ledger and not counted on the way.

The same ledger gives the same account, so a second run over the same file says the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from dealreg.account.state import ACCOUNT
from dealreg.account.state import Account as State
from dealreg.file.evolve import FILE
from dealreg.file.state import CustomerFile
from dealreg.opportunity.state import OPPORTUNITY, Opportunity
from dealreg.process.read_opportunity import filing_party
from dealreg.process.view import state_of
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.service.ingest.saying import Told
from dealreg.service.intake.heard import Entity
from dealreg.service.ledger.cache import States
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.fact import Aggregate
from dealreg.vocabulary.ids import StreamId, account_id, file_stream, opportunity_id, registration_id

READ_AT_ONCE = 500
REPETITION = "ROE-28"

_DEAD = """
SELECT encode(sha256(bytes), 'hex') AS digest, reason, detail FROM intake.dead_letters
WHERE encode(sha256(bytes), 'hex') = ANY(%s::text[]) AND resolution IS DISTINCT FROM 'decided' ORDER BY id
"""


class Fate(StrEnum):
    """What becomes of a row; each row has exactly one."""

    REGISTERED = "registered"
    """It claims or claimed its line; ``why`` is the registration's state."""
    MERGED = "merged"
    """The same partner had the line already (ROE-28), or an earlier row the same record: linked, and gains nothing."""
    DECLINED = "declined"
    """``why`` is the clause."""
    INCOMPLETE = "incomplete"
    """Filed, and waits for what is missing (ROE-2); ``why`` says what."""
    FOLDED = "folded"
    """Kept as an opportunity that asks for no protection, ``why`` says what it lacks; or as an account."""
    DEAD = "dead_lettered"
    """A message of it could not be decided; ``why`` is the reason."""
    UNTOLD = "not_sent"
    """The row cannot be told at all; ``why`` is the cell at fault."""
    MISSING = "missing"
    """The intake has not decided it."""


@dataclass(frozen=True, slots=True)
class Account:
    """One row's fate."""

    row: int
    fate: Fate
    why: str


@dataclass(frozen=True, slots=True)
class Records:
    """What the rows are about: row → record, and the program and source that they belong to."""

    program: str
    source: str
    of_rows: Mapping[int, str]
    entity: Entity = Entity.OPPORTUNITY


def reconcile(
    ledger: Ledger, records: Records, messages: Sequence[Told], untold: Mapping[int, str], aggregates: Mapping[str, Any]
) -> list[Account]:
    """The account of every row, in the order of the rows. Raises ``Unavailable``."""
    kind = _FoldedAccounts if records.entity is Entity.ACCOUNT else _Folded
    folded = kind(ledger, records, aggregates)
    dead = _dead(ledger, messages)
    first: dict[str, int] = {}
    accounts = []
    for row, record in sorted(records.of_rows.items()):
        if row in untold:
            accounts.append(Account(row, Fate.UNTOLD, untold[row]))
        elif row in dead:
            accounts.append(Account(row, Fate.DEAD, dead[row]))
        elif first.setdefault(record, row) != row:
            accounts.append(Account(row, Fate.MERGED, "the same record as an earlier row"))
        else:
            accounts.append(Account(row, *folded.fate(record)))
    return accounts


def _dead(ledger: Ledger, messages: Sequence[Told]) -> dict[int, str]:
    """Rows of which a message lies among the dead letters, with the first reason."""
    rows = {one.digest: one.row for one in messages}
    found: dict[int, str] = {}
    for digest, why in dead_digests(ledger, rows).items():
        found.setdefault(rows[digest], why)
    return found


def dead_digests(ledger: Ledger, digests: Iterable[str]) -> dict[str, str]:
    """Which of these bodies (by SHA-256) lie among the dead letters, each with its reason. Raises ``Unavailable``."""
    found: dict[str, str] = {}
    for part in _parts(sorted(digests)):
        for letter in ledger.run(_DEAD, [list(part)]):
            where = letter["detail"].get("field") or letter["detail"].get("words", "")
            found.setdefault(letter["digest"], f"{letter['reason']}: {where}".rstrip(": "))
    return found


class _FoldedAccounts:
    """Accounts as they stand, each read once."""

    def __init__(self, ledger: Ledger, records: Records, aggregates: Mapping[str, Any]) -> None:
        self._records = records
        streams = {account_id(records.source, record) for record in records.of_rows.values()}
        states = States(ledger, aggregates, size=1)
        self._accounts: Mapping[UUID, State] = read_states(states, ACCOUNT, streams)

    def fate(self, record: str) -> tuple[Fate, str]:
        account = self._accounts[account_id(self._records.source, record)]
        if not account.known:
            return Fate.MISSING, "no message of it is in the ledger"
        if account.refused:
            return Fate.FOLDED, next(iter(account.refused.values()))[1]
        return Fate.FOLDED, "a company that the CRM knows" if account.lives else "gone from the CRM"


class _Folded:
    """Opportunities, registrations and customer files as they stand, each read once."""

    def __init__(self, ledger: Ledger, records: Records, aggregates: Mapping[str, Any]) -> None:
        self._records = records
        states = States(ledger, aggregates, size=1)
        streams = {opportunity_id(records.source, record) for record in records.of_rows.values()}
        self._opportunities: Mapping[UUID, Opportunity] = read_states(states, OPPORTUNITY, streams)
        named = {self._registration(stream, state) for stream, state in self._opportunities.items()}
        self._registrations: Mapping[UUID, Registration] = read_states(states, REGISTRATION, named - {None})
        customers = {state.customer for state in self._registrations.values() if state.customer is not None}
        files: Mapping[UUID, CustomerFile] = read_states(
            states, FILE, {file_stream(records.program, customer) for customer in customers}
        )
        self._claims: dict[UUID, list[Any]] = {}
        for file in files.values():
            for claim in file.claims.values():
                self._claims.setdefault(claim.registration, []).append(claim)

    def fate(self, record: str) -> tuple[Fate, str]:
        stream = opportunity_id(self._records.source, record)
        opportunity = self._opportunities[stream]
        if not opportunity.digests:
            return Fate.MISSING, "no message of it is in the ledger"
        name = self._registration(stream, opportunity)
        if name is None:
            return Fate.FOLDED, "names no partner"
        registration = self._registrations[name]
        if not registration.exists:
            return Fate.FOLDED, "names no product line or no territory of the program"
        if registration.completed_at is None:
            return Fate.INCOMPLETE, ", ".join(registration.missing) or "closed"
        return _of_claims(self._claims.get(name, []))

    def _registration(self, stream: UUID, state: Opportunity) -> UUID | None:
        filed_by = filing_party(state)
        return registration_id(self._records.program, filed_by, str(stream)) if filed_by is not None else None


def _of_claims(claims: Iterable[Any]) -> tuple[Fate, str]:
    """By all its lines: the state of the registration, and where all were declined the first clause."""
    states: set[str] = set()
    clauses = []
    for claim in claims:
        states |= {str(leg.state.value) for leg in claim.legs}
        clauses += [claim.declined_clause] if claim.declined_clause is not None else []
    word = state_of(states)
    if word != "declined":
        return Fate.REGISTERED, word
    clause = str(clauses[0]) if clauses else "without a clause"
    return (
        (Fate.MERGED, f"{clause}: linked to its own earlier claim") if clause == REPETITION else (Fate.DECLINED, clause)
    )


def read_states(states: States, aggregate: Aggregate[Any], streams: Iterable[Any]) -> dict[UUID, Any]:
    """Every stream's state, a few hundred at a time. Raises what made one unreadable."""
    found: dict[UUID, Any] = {}
    for part in _parts(sorted(streams)):
        seen = states.see({StreamId(stream): aggregate.name for stream in part})
        if seen.unreadable:
            raise next(iter(seen.unreadable.values()))
        found |= {stream: held.state for stream, held in seen.held.items()}
    return found


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), READ_AT_ONCE):
        yield items[start : start + READ_AT_ONCE]


def summed(accounts: Iterable[Account]) -> dict[str, dict[str, int]]:
    """How many rows of each fate, by why; every fate and every reason in a fixed order."""
    counted = Counter((account.fate, account.why) for account in accounts)
    return {
        fate.value: dict(sorted((why, number) for (of, why), number in counted.items() if of is fate))
        for fate in Fate
        if any(of is fate for of, _ in counted)
    }
