"""Who may ask what of whom (rules.md section 4, row *write*)."""

from collections.abc import Iterable
from uuid import UUID

from dealreg.process.case import above
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.fact import PARTNER_ROLES, Actor, Role
from dealreg.vocabulary.ids import region_reader
from dealreg.vocabulary.refused import NotAllowed, Unknown
from dealreg.vocabulary.situation import Situation

FEEDS = frozenset({Role.CRM})
DESK = frozenset({Role.DEAL_DESK})
MANAGERS = frozenset({Role.CHANNEL_MANAGER, Role.DEAL_DESK})


def for_partner(situation: Situation, actor: Actor, partner: str) -> None:
    """A partner acts for itself, a distributor for those below it, the CRM and the desk for anyone. Raises ``NotAllowed``."""
    if actor.role in FEEDS | DESK:
        return
    if actor.role not in PARTNER_ROLES or actor.partner is None:
        raise NotAllowed(f"role {actor.role} does not act for partners; ask as the partner itself")
    if actor.partner == partner or actor.partner in above(situation, partner, situation.at):
        return
    raise NotAllowed("you may act for your own partner and for those below it only")


def may_know(situation: Situation, actor: Actor, registration: UUID) -> None:
    """Of a hidden registration a partner knows nothing but its own dealer, and the specifier that it names (ROE-32). Raises ``Unknown``."""
    if actor.role not in PARTNER_ROLES:
        return
    state = situation.of(REGISTRATION, registration)
    submitted = state.submitted
    if state.hidden and submitted is not None and actor.partner not in {submitted.filed_by, submitted.specifier}:
        raise Unknown("there is no such registration; check its id")


def of_region(actor: Actor, program: str, managers: Iterable[UUID]) -> None:
    """The channel manager of a region that the claim lies in, or the desk. Raises ``NotAllowed``."""
    if actor.role is Role.DEAL_DESK:
        return
    if actor.role is not Role.CHANNEL_MANAGER or actor.region is None:
        raise NotAllowed("only the region's channel manager or the deal desk decides this")
    if region_reader(program, actor.region) not in set(managers):
        raise NotAllowed("this lies outside your region; the deal desk decides it")


def of_desk(actor: Actor, what: str) -> None:
    """The deal desk alone. Raises ``NotAllowed``."""
    if actor.role not in DESK:
        raise NotAllowed(f"only the deal desk may {what}")


def by_clock(actor: Actor) -> None:
    """The clock role and the desk. Raises ``NotAllowed``."""
    if actor.role not in {Role.CLOCK, Role.DEAL_DESK}:
        raise NotAllowed("only the clock asks for what is due")


def not_own(actor: Actor, filed: Iterable[Registration]) -> None:
    """Nobody decides on what he filed (rules.md section 4). Raises ``NotAllowed``."""
    if any(state.submitted is not None and state.submitted.said_by == actor.subject for state in filed):
        raise NotAllowed("you filed this yourself; another person decides it")
