"""The program's territory tree and the overlap of scopes (rules.md section 1, Scope)."""

from functools import lru_cache

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.matching.names import folded
from dealreg.vocabulary.values import Scope


def ancestors(rules: RulebookDocument, territory: str) -> tuple[str, ...]:
    """The nodes above a territory, the nearest first; none for a root or for a territory that the program does not have."""
    found: list[str] = []
    node = rules.above.get(territory)
    while node is not None:
        found.append(node)
        node = rules.above[node]
    return tuple(found)


def contains(rules: RulebookDocument, outer: str, inner: str) -> bool:
    """Whether a territory is the other or lies above it."""
    return outer == inner or outer in ancestors(rules, inner)


def touching(rules: RulebookDocument, territory: str) -> frozenset[str]:
    """Every node that overlaps a territory: itself, those above and those below it."""
    below = (node for node in rules.above if contains(rules, territory, node))
    return frozenset((territory, *ancestors(rules, territory), *below))


def scopes_overlap(rules: RulebookDocument, one: Scope, other: Scope) -> bool:
    """Whether one contains the other or they share a site.

    Sites are contested one by one, also across territories. Against a whole territory a named site lies where its scope says: inside
    that scope's territory, and no closer is known.
    """
    if one.sites and other.sites:
        return not _sites(one.sites).isdisjoint(_sites(other.sites))
    if one.sites:
        return contains(rules, other.territory, one.territory)
    if other.sites:
        return contains(rules, one.territory, other.territory)
    return contains(rules, one.territory, other.territory) or contains(rules, other.territory, one.territory)


def sites_of(scope: Scope) -> frozenset[str]:
    """The named sites of a scope as they are compared."""
    return _sites(scope.sites)


@lru_cache(maxsize=4096)
def _sites(names: tuple[str, ...]) -> frozenset[str]:
    """Sites as they are compared: a second space or a capital does not make another site."""
    return frozenset(folded(name) for name in names)


def within(rules: RulebookDocument, inner: Scope, outer: Scope) -> bool:
    """Whether one scope lies wholly inside another: a territory below it, or some of its sites."""
    if not contains(rules, outer.territory, inner.territory):
        return False
    return not outer.sites or (bool(inner.sites) and _sites(inner.sites) <= _sites(outer.sites))
