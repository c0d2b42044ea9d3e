"""The whole verification: one snapshot of the database, one reading of the ledger, then everything that can be held against it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from pydantic_core import from_json

from dealreg.service.projecting.connecting import connect
from dealreg.service.verifying import (
    catalogue,
    checkpoints,
    of_the_log,
    outside,
    personal_values,
    read_models,
    sealed,
    tiles,
    unsealed,
)
from dealreg.service.verifying.copies import copies
from dealreg.service.verifying.finding import Checked, Finding, Findings, Report
from dealreg.service.verifying.instants import Sandwich, Seen, sandwich, seen_at
from dealreg.service.verifying.operators import single_operator
from dealreg.service.verifying.rows import Connection, copied, micros_of
from dealreg.service.verifying.scanning import Scan, scan
from dealreg.service.verifying.suspects import Rows, kept_leaves, name
from dealreg.service.verifying.trusting import Trust

Steps = Callable[[str, int], Callable[[int], None]]
"""Opens a step of so many parts; what it gives is told how many more are done."""

MOST_APART_SECONDS = 5
"""By how much the clocks of the database and of whoever verifies may differ."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is verified with what. ``projector``: the login that read models are told by and, with ``models``, compared by."""

    auditor: str
    trust: Trust
    projector: str | None = None
    models: bool = True
    outside: Sequence[Path] = ()
    log_key: Path = Path("keys/log")
    late_seconds: float = unsealed.LATE_SECONDS
    steps: Steps = lambda _name, _parts: lambda _done: None


@dataclass(slots=True)
class Result:
    """What gathers while checks are made."""

    checks: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, findings: Findings, said: str | Checked) -> None:
        """The outcome of one check."""
        self.checks.append(said if isinstance(said, Checked) else findings.checked(said))
        self.findings.extend(findings.kept)


def verify(asked: Asked) -> Report:
    """Raises ``OSError`` for a copy that is not there, ``psycopg.OperationalError``, ``Unavailable`` for a table without its columns."""
    result, now = Result(), micros_of(datetime.now(UTC))
    kept = outside.gather(asked.outside)
    with closing(_opened(asked.auditor)) as connection, connection.transaction():
        found = _read(connection, asked, now)
        _of_rows(result, found)
        _of_seal(result, connection, asked, found, kept, now)
        _of_database(result, connection, found)
        result.notes += [*single_operator(connection, asked.log_key), *_of_trust(asked)]
    if asked.projector is not None and asked.models:
        result.take(*read_models.check(asked.projector, _counted(asked.steps)))
    tree = found.tree
    return Report(tree.size, tree.root().hex(), result.checks, result.findings, result.notes)


def _opened(url: str) -> Connection:
    """One snapshot: what is sealed meanwhile is neither read nor missed."""
    ours = "-c role=dealreg_auditor -c timezone=UTC -c search_path=pg_catalog -c jit=off -c idle_in_transaction_session_timeout=0"
    theirs = str(conninfo_to_dict(url).get("options") or "")
    connection = psycopg.connect(url, options=f"{ours} {theirs}", connect_timeout=5)
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def _read(connection: Connection, asked: Asked, now: int) -> Scan:
    rows = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.events").fetchone()
    mapped = connection.execute("SELECT state FROM ledger.events WHERE topic = %s", [of_the_log.HEADS.decode()])
    sizes = of_the_log.maps_of_heads(filter(None, (_log_size(row[0]) for row in mapped)))
    progress = asked.steps("facts", int(str(rows[0])) if rows else 0)
    with closing(
        copied(connection)
    ) as packed:  # A copy that is not read to its end holds the connection until it is closed.
        return scan(packed, now, frozenset(sizes), progress)


def _log_size(state: Any) -> int | None:
    try:
        return int(from_json(state)["data"]["log_size"])
    except (ValueError, KeyError, TypeError):
        return None


def _of_rows(result: Result, found: Scan) -> None:
    for findings, checked in zip(
        (found.positions, found.versions, found.times, found.contents.findings), found.checked(), strict=True
    ):
        result.take(findings, checked)


def _of_seal(
    result: Result, connection: Connection, asked: Asked, found: Scan, kept: outside.Outside, now: int
) -> None:
    """Everything that is signed, inside and outside, and the rows that it convicts."""
    facts = [(row, data) for row, data in found.contents.of_the_log]
    restored = of_the_log.restores(facts)
    judged = checkpoints.judge(sealed.checkpoints(connection), found.tree, asked.trust, restored)
    result.notes += of_the_log.check_restores(restored, found.tree, judged.newest, judged.findings)
    compared = tiles.compare(sealed.tiles(connection), found.tree, judged.proven, judged.newest)
    outside.compare(kept, found.tree, asked.trust, restored, judged.newest)
    rows = Rows(connection)
    receipts = kept_leaves(kept, found, rows)
    named = name(found, judged, compared, kept, rows, _copies(asked))
    result.take(
        named, f"every fact up to position {judged.proven} is the leaf that was sealed" if not named.count else ""
    )
    result.take(judged.findings, f"{judged.count}, the rows have the signed root of {judged.proven} facts")
    result.take(compared.findings, f"{compared.count}")
    result.take(*unsealed.check(judged, found.instants, sealed.standings(connection), now, asked.late_seconds))
    result.take(
        kept.findings, f"{len(kept.roots)} roots up to size {kept.reached} and {receipts} facts in {kept.files} files"
    )
    result.notes += kept.notes
    inside, false = _witnessed(connection, asked.trust)
    done: Sandwich = sandwich(found.instants, [*kept.seen, *inside], asked.trust.skew_seconds)
    for size, who in false:
        done.findings.add(f"the cosignature of {who} under the checkpoint of size {size} is not by its key", size)
    result.take(done.findings, f"{done.seen} moments at which a trusted witness saw the log")
    heads = Findings("stream heads", "a map that was derived wrongly is signed: whoever recorded it answers for it")
    made = of_the_log.check_heads(facts, found.heads_at, heads)
    result.take(
        heads, f"{made} maps of {len(found.heads)} streams made anew, the newest {of_the_log.MOST_MAPS} at most"
    )


def _witnessed(connection: Connection, trust: Trust) -> tuple[list[Seen], list[tuple[int, str]]]:
    """The cosignatures that stand, of the notes that the database keeps, and those that do not."""
    seen, false = [], []
    for said in sealed.cosigned_notes(connection):
        for who, at in trust.witnessed(said.note):
            if at is None:
                false.append((said.size, who))
            else:
                seen.append(seen_at(said.size, at, who))
    return seen, false


def _of_database(result: Result, connection: Connection, found: Scan) -> None:
    result.take(*personal_values.check(connection, found.contents))
    of_catalogue = Findings("catalogue", "put the object back as the migrations made it, and look who changed it")
    for one in catalogue.findings(connection):
        of_catalogue.add(one.what, one.position, next=one.next)
    result.notes += catalogue.notes(connection)
    result.take(of_catalogue, "grants, triggers and owners against the list of this build")
    clock = Findings("clock", "set the clock of the one that is wrong")
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(datetime.now(UTC).timestamp() - float(str(row[0]))) if row else 0.0
    if apart > MOST_APART_SECONDS:
        clock.add(f"the clock of the database is {apart:.0f} s away from the one here")
    result.take(clock, f"{apart:.1f} s between the database's and the one here")


def _of_trust(asked: Asked) -> list[str]:
    notes = [f"keys from {asked.trust.source}" if asked.trust.logs else "no key of the log is known: name a policy"]
    if not asked.outside:
        notes.append(
            "no outside copy was given: a rewrite with the log's own key, an end cut off with its checkpoints and a restored backup"
            " cannot be seen; `--outside` takes checkpoints, receipts, bundles and a witness's memory"
        )
    if not asked.trust.witnesses:
        notes.append("no witness is trusted: a date between two checkpoints may be false by as much as they are apart")
    return notes


def _copies(asked: Asked) -> Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]:
    """Read models help to tell what was changed; without their login there is no such help."""

    def look(positions: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
        if asked.projector is None or not positions:
            return {}
        with closing(connect(asked.projector)) as connection:
            return copies(connection, positions)

    return look


def _counted(steps: Steps) -> Callable[[str, int, int], None]:
    """The bars of the read models: told positions, they show how many facts."""
    bars: dict[str, tuple[Callable[[int], None], int]] = {}

    def tell(model: str, done: int, head: int) -> None:
        bar, before = bars.get(model) or (steps(model, head), 0)
        bar(max(done - before, 0))
        bars[model] = (bar, max(done, before))

    return tell
