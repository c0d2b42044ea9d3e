"""How far an import has come and what could not be taken over, as rows beside the ledger: a run that was killed goes on there."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dealreg.service.importing.asking import Asking, Context
from dealreg.service.importing.rows import RowFault, Source
from dealreg.service.ledger.ledger import Ledger

_BEGIN = """
SELECT done, counts FROM intake.imports WHERE (program, system, file, digest) = (%s, %s, %s, %s)
"""
_REACHED = """
INSERT INTO intake.imports AS i (program, system, file, digest, done, counts) VALUES (%s, %s, %s, %s, %s, %s::jsonb)
ON CONFLICT (program, system, file) DO UPDATE SET digest = excluded.digest, done = excluded.done, counts = excluded.counts, at = clock_timestamp()
"""
_REFUSED = """
INSERT INTO intake.imports_refused AS r (program, system, file, record, number, field, words)
SELECT %s, %s, %s, u.* FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[]) AS u
ON CONFLICT (program, system, file, record) DO UPDATE SET number = excluded.number, field = excluded.field, words = excluded.words, at = clock_timestamp()
"""
_TAKEN = "DELETE FROM intake.imports_refused WHERE (program, system, file) = (%s, %s, %s) AND record = ANY(%s)"
_LIST = """
SELECT file, record, number, field, words FROM intake.imports_refused WHERE (program, system) = (%s, %s) ORDER BY file, number
"""


class Kept:
    """The row of one file."""

    def __init__(self, ledger: Ledger, context: Context, source: Source) -> None:
        """Nothing is read before ``reached``."""
        self._ledger, self._source = ledger, source
        self._key = (context.program, context.system, source.name)

    def reached(self) -> tuple[int, Counter[str]]:
        """Up to which row this very file was taken over, and what became of the records up to there. Raises ``Unavailable``."""
        rows = self._ledger.run(_BEGIN, [*self._key, self._source.digest])
        return (rows[0]["done"], Counter(rows[0]["counts"])) if rows else (0, Counter())

    def keep(self, taken: Sequence[Asking], refused: Sequence[tuple[Asking, RowFault]]) -> None:
        """What could not be taken over, and what could by now. Raises ``Unavailable``."""
        if refused:
            # One record once: the same statement cannot touch a row twice.
            last = {asking.record: (asking, fault) for asking, fault in refused}
            records, numbers, fields, words = zip(
                *(
                    (record, asking.first, fault.field, storable(fault.words))
                    for record, (asking, fault) in last.items()
                ),
                strict=True,
            )
            self._ledger.run(
                _REFUSED, [*self._key, list(map(storable, records)), list(numbers), list(fields), list(words)]
            )
        if taken:
            self._ledger.run(_TAKEN, [*self._key, [storable(asking.record) for asking in taken]])

    def reach(self, done: int, counts: Counter[str]) -> None:
        """Up to this row nothing is left to do; a run that is killed later goes on there. Raises ``Unavailable``."""
        self._ledger.run(_REACHED, [*self._key, self._source.digest, done, json.dumps(dict(counts))])


def refusals(ledger: Ledger, context: Context) -> list[dict[str, Any]]:
    """Every record of this system that is not taken over, with the reason. Raises ``Unavailable``."""
    return ledger.run(_LIST, [context.program, context.system])


def storable(text: str) -> str:
    """Text as PostgreSQL holds it: no NUL."""
    return text.replace("\x00", "\\u0000")
