"""Clauses that contradict one another, or that nothing can reach."""

from collections.abc import Iterator

from pydantic import BaseModel

from dealreg.engagement.checks.fault import Fault, Place
from dealreg.engagement.parameters import Anchor, Clauses, Doctrine
from dealreg.engagement.rulebook import RulebookDocument

TIERS = ("authorized", "premier", "elite", "master")


def faults(document: RulebookDocument) -> Iterator[Fault]:
    """Everything in which the clauses of a document cannot all be meant."""
    clauses = document.clauses
    yield from _doctrine(clauses)
    yield from _windows(document)
    yield from _late(clauses)
    yield from _levels(clauses)
    yield from _amounts(clauses)
    yield from _no_time(clauses)
    holds = "special_price_hold" in clauses.model_fields_set and clauses.special_price_hold.in_force
    if holds and not clauses.special_price.in_force:
        yield _at("ROE-27", said="holds a claim for a special price, and ROE-33 is not in force; set in_force: false")


def _at(number: str, *inner: str | int, said: str) -> Fault:
    return Fault(("clauses", number, *inner), said)


def _chosen(model: BaseModel, name: str) -> bool:
    """Whether the document says another than the default: a default that is out of use is no contradiction."""
    return bool(getattr(model, name) != type(model).model_fields[name].default)


def _doctrine(clauses: Clauses) -> Iterator[Fault]:
    doctrine = clauses.priority.doctrine
    if doctrine in {Doctrine.FIRST_APPROVED, Doctrine.MERIT} and not clauses.pending.in_force:
        yield _at("ROE-5", "in_force", said=f"ROE-4 {doctrine} needs it in force with side_by_side; set in_force: true")
    if _chosen(clauses.priority, "graded_share") and doctrine is not Doctrine.GRADED:
        yield _at(
            "ROE-4", "graded_share", said=f"is asked under graded only, and the doctrine is {doctrine}; leave it out"
        )
    if doctrine is Doctrine.MERIT and clauses.same_instant.in_force and clauses.same_instant.when is not None:
        yield _at("ROE-6", "when", said="under merit there are no ties, so it is never asked; leave it out")


def _windows(document: RulebookDocument) -> Iterator[Fault]:
    """A window that is spent before protection begins declines every claim, and what is cut before it begins never happens."""
    clauses = document.clauses
    stop, activation, anchor = clauses.lapse.hard_stop_days, clauses.approval.activation_days, clauses.approval.anchor
    lengths: list[tuple[Place, int]] = [
        (("clauses", number, "window_days", tier), getattr(windows, tier))
        for number, windows in (
            ("ROE-7", clauses.distributor_exclusivity.window_days),
            ("ROE-8", clauses.dealer_exclusivity.window_days),
        )
        for tier in TIERS
    ]
    tracks = enumerate(document.tracks)
    lengths += [(("tracks", number, "window_days"), rules.window_days) for number, rules in tracks if rules.window_days]
    for place, days in lengths:
        if anchor is not Anchor.ACTIVATION and activation >= days:
            yield Fault(
                place,
                f"{days} days from {anchor} are over when protection begins, {activation} days after approval (ROE-30)",
            )
    if clauses.progress.in_force and clauses.progress.reminder_days >= stop:
        said = f"nothing is protected for {clauses.progress.reminder_days} days: ROE-12 hard_stop_days is {stop}; shorten it"
        yield _at("ROE-14", "reminder_days", said=said)
    longest = max(days for _, days in lengths)
    if _chosen(clauses.extension, "extension_days") and clauses.extension.extension_days > longest:
        said = f"an extension is at most the leg's own length, and no leg is longer than {longest} days; shorten it"
        yield _at("ROE-13", "extension_days", said=said)


def _late(clauses: Clauses) -> Iterator[Fault]:
    lapse = clauses.lapse
    if lapse.late_stage is None and _chosen(lapse, "grace_days") and lapse.grace_days:
        yield _at(
            "ROE-12", "grace_days", said="grace is never given without a late_stage; name one or leave grace_days out"
        )


def _levels(clauses: Clauses) -> Iterator[Fault]:
    """A level that an earlier one covers is the last word on nothing (ROE-33)."""
    levels = clauses.special_price.levels
    for number, level in enumerate(levels):
        for before in levels[:number]:
            deeper = before.discount_up_to is not None and (
                level.discount_up_to is None or level.discount_up_to > before.discount_up_to
            )
            larger = before.size_up_to is not None and (
                level.size_up_to is None or level.size_up_to > before.size_up_to
            )
            if not deeper and not larger:
                said = f"{level.level!r} can never be reached: {before.level!r} before it approves as deep and as large"
                yield _at("ROE-33", "levels", number, said=f"{said}; raise its bounds or leave it out")
                break


def _amounts(clauses: Clauses) -> Iterator[Fault]:
    if clauses.minimum.amount < 0:
        yield _at("ROE-3", "amount", said=f"{clauses.minimum.amount} is below nothing; give 0 for no minimum")
    limit = clauses.approval.by_rulebook_up_to
    if limit is not None and limit < 0:
        yield _at(
            "ROE-30",
            "by_rulebook_up_to",
            said=f"{limit} is below nothing; give null to leave every approval to a person",
        )
    for number, level in enumerate(clauses.special_price.levels):
        if level.size_up_to is not None and level.size_up_to <= 0:
            yield _at("ROE-33", "levels", number, "size_up_to", said=f"{level.size_up_to} is no size; give one above 0")


def _no_time(clauses: Clauses) -> Iterator[Fault]:
    """A clock of no hours is breached before anybody can look."""
    clocks = (
        ("ROE-15", "business_hours", clauses.review_clock.business_hours),
        ("ROE-24", "decision_business_hours", clauses.identity.decision_business_hours),
        ("ROE-33", "business_hours", clauses.special_price.business_hours),
    )
    for number, name, hours in clocks:
        if hours == 0 and clauses.of(number).in_force:
            yield _at(
                number, name, said="0 hours leave nobody the time to decide; give at least 1, or set in_force: false"
            )
