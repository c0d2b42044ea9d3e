"""The partners that an export names: their keys, what they are, and whom they buy from. Names of people stay here."""

from collections.abc import Mapping
from dataclasses import dataclass

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.service.ingest.document import IngestMapping, MappingFault, PartnerRule
from dealreg.service.ingest.table import Export, Row


@dataclass(frozen=True, slots=True)
class Party:
    """A partner as it will be enrolled; ``display_name`` goes beside the ledger."""

    key: str
    rule: PartnerRule
    display_name: str
    parents: tuple[str, ...]
    territories: tuple[str, ...]


class Parties:
    """Every partner of an export, parents first."""

    def __init__(self, export: Export, mapping: IngestMapping, rules: RulebookDocument) -> None:
        """Raises ``MappingFault`` for a territory that the rulebook does not have."""
        self._mapping = mapping
        self._keys = {rule.prefix: _keys(export.companions[rule.companion], rule) for rule in mapping.partners}
        self.all = tuple(
            self._party(export.companions[rule.companion], rule, name, rules)
            for rule in mapping.partners
            for name in self._keys[rule.prefix]
        )

    def named(self, row: Row) -> dict[str, str]:
        """The partner fields of an opportunity that a row fills."""
        named: dict[str, str] = {}
        for rule in self._mapping.partners:
            key = self._keys[rule.prefix].get(row.cells.get(f"{rule.companion}.{rule.column}", ""))
            if key is not None:
                named[rule.fills] = key
        return named

    def _party(self, table: tuple[Row, ...], rule: PartnerRule, name: str, rules: RulebookDocument) -> Party:
        own = [row for row in table if row.cells[rule.column] == name]
        above = next((known for known in self._mapping.partners if known.prefix == rule.below), None)
        parents = [
            self._keys[above.prefix][row.cells[above.column]] for row in own if above and row.cells[above.column]
        ]
        return Party(
            key=self._keys[rule.prefix][name],
            rule=rule,
            display_name=name,
            parents=tuple(dict.fromkeys(parents)),
            territories=_territories(own, rule, rules),
        )


def _keys(table: tuple[Row, ...], rule: PartnerRule) -> Mapping[str, str]:
    """Name → key, by the first row that holds the name."""
    width = len(str(len(table)))
    keys: dict[str, str] = {}
    for row in table:
        name = row.cells[rule.column]
        if name and name not in keys:
            keys[name] = f"{rule.prefix}-{row.number:0{width}d}"
    return keys


def _territories(own: list[Row], rule: PartnerRule, rules: RulebookDocument) -> tuple[str, ...]:
    if rule.territory is None:
        return tuple(node for node, above in rules.above.items() if above is None)
    named = tuple(dict.fromkeys(row.cells[rule.territory] for row in own if row.cells[rule.territory]))
    if strange := [node for node in named if node not in rules.above]:
        raise MappingFault(
            f"partners {rule.prefix!r}: the rulebook has no territory {strange[0]!r}; add it there, or a fix for it here"
        )
    return named
