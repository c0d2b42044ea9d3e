"""Territories and product lines across versions of a rulebook: what a claim covers is what its own version says (C38, C10).

A territory that moved, or a line that was split, changes what newcomers claim; a running claim goes on covering what it covered when
it was approved. A version says of a new territory or line which earlier one it was cut out of: ``split_from``.
"""

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.territory import ancestors, contains, scopes_overlap, sites_of
from dealreg.vocabulary.values import Scope

MOST_SPLITS = 20
"""How often a line or territory was split after another: a bound for walks along ``split_from``."""


def same_map(one: RulebookDocument, other: RulebookDocument) -> bool:
    """Whether both versions draw territories and product lines alike."""
    return one is other or (one.territories == other.territories and one.product_lines == other.product_lines)


def related_lines(rules: RulebookDocument, line: str) -> tuple[str, ...]:
    """The line, those that it was split from, and those that were split from it: whose claims may stand in each other's way."""
    if not rules.line_origins:
        return (line,)
    found = dict.fromkeys((line, *_origins(rules, line)))
    found |= dict.fromkeys(other for other in rules.line_origins if line in _origins(rules, other))
    return tuple(found)


def _origins(rules: RulebookDocument, line: str) -> tuple[str, ...]:
    """The lines that it was split from, the nearest first."""
    found: list[str] = []
    origin = rules.line_origins.get(line)
    while origin is not None and len(found) < MOST_SPLITS:
        found.append(origin)
        origin = rules.line_origins.get(origin)
    return tuple(found)


def lines_overlap(one: RulebookDocument, line: str, other: RulebookDocument, that: str) -> bool:
    """Whether two claims are on one product line, each as its own version has it: a line covers what was split from it later."""
    if line == that:
        return True
    newest = max(one, other, key=lambda rules: rules.force_from)
    return _known_as(one, newest, that) == line or _known_as(other, newest, line) == that


def _known_as(rules: RulebookDocument, newest: RulebookDocument, line: str) -> str | None:
    """Under which name a version has a line: its own, or the nearest that it was split from."""
    known = (name for name in (line, *_origins(newest, line)) if rules.product_line(name) is not None)
    return next(known, None)


def places_overlap(one: RulebookDocument, scope: Scope, other: RulebookDocument, that: Scope) -> bool:
    """Whether two scopes overlap, each read on its own version's map."""
    if same_map(one, other):
        return scopes_overlap(one, scope, that)
    if scope.sites and that.sites:
        return not sites_of(scope).isdisjoint(sites_of(that))
    if one.force_from > other.force_from:
        one, scope, other, that = other, that, one, scope
    if scope.sites:
        return not _now(one, other, scope.territory).isdisjoint(below(other, that.territory))
    if that.sites:
        return _then(one, other, that.territory) in below(one, scope.territory)
    return _meet(one, scope.territory, other, that.territory)


def _meet(old: RulebookDocument, there: str, new: RulebookDocument, here: str) -> bool:
    """Whether a territory of the old map and one of the new have anything in common."""
    covered, claimed = below(old, there), below(new, here)
    if any(_then(old, new, node) in covered for node in claimed):
        return True
    return any(not _now(old, new, node).isdisjoint(claimed) for node in covered)


def _then(old: RulebookDocument, new: RulebookDocument, node: str) -> str:
    """Where a territory of the new map lay on the old one: itself, what it was cut out of, or the one around it."""
    for _ in range(MOST_SPLITS):
        if node in old.above:
            return node
        origin = new.territory_origins.get(node) or new.above.get(node)
        if origin is None:
            return node
        node = origin
    return node


def _now(old: RulebookDocument, new: RulebookDocument, node: str) -> frozenset[str]:
    """Where a territory of the old map lies on the new one: itself, what was cut out of it, or the one that was around it."""
    for around in (node, *ancestors(old, node)):
        if around in new.above:
            return frozenset({around})
        parts = frozenset(part for part, origin in new.territory_origins.items() if origin == around)
        if parts:
            return parts
    return frozenset({node})


def below(rules: RulebookDocument, territory: str) -> frozenset[str]:
    """A territory with all below it on a version's map; itself where the map does not know it."""
    return frozenset((territory, *(node for node in rules.above if contains(rules, territory, node))))
