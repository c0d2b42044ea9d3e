"""Rulebook and partners of an export, through the same commands as anybody's; asked again, they change nothing."""

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path

from dealreg.engagement.document import load
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.partner.commands import EnrolPartner
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.ingest.document import MappingFault
from dealreg.service.ingest.parties import Party
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.outcomes import Broken, Decided, LateOutcome, Outcome, RefusedOutcome
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import seal
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId
from dealreg.vocabulary.refused import Reused

DESK = Actor(role=Role.DEAL_DESK, subject="ingest")
"""As whom an ingest publishes and enrols."""


class SeedingFault(Exception):
    """The program is there already and is not the one that the file asks for; the message says how."""

    exit_code = 1


def rulebook_named(name: str, beside: Path | None = None) -> RulebookDocument:
    """The rulebook in a file beside the mapping, else a shipped one. Raises ``MappingFault`` and ``DocumentError``."""
    if beside is not None and (beside / name).is_file():
        return load((beside / name).read_text(encoding="utf-8"))
    shipped = resources.files("dealreg") / "rulebooks" / f"{name}.yaml"
    if not shipped.is_file():
        raise MappingFault(
            f"rulebook: there is no file {name!r} beside the mapping and no shipped rulebook of that name"
        )
    return load(shipped.read_text(encoding="utf-8"))


def seed(dispatch: Dispatch, rules: RulebookDocument, parties: Sequence[Party], since: datetime) -> int:
    """Publish and enrol, partners from ``since``; how many facts that took. Raises ``SeedingFault`` and ``Unavailable``."""
    facts = _ask(dispatch, [_request(rules.program, f"rulebook:{rules.version}", PublishRulebook(document=rules))], {})
    requests, personal = [], {}
    for party in parties:
        sealed, row = seal(f"partner:{rules.program}:{party.key}", party.display_name)
        personal[row.ref] = row
        lines = tuple(line.line for line in rules.product_lines if party.rule.track in line.tracks)
        command = EnrolPartner(
            partner=PartnerId(party.key),
            effective_from=since,
            track=party.rule.track,
            tier=party.rule.tier,
            lines=lines,
            territories=party.territories,
            parents=tuple(PartnerId(parent) for parent in party.parents),
            display_name=sealed,
        )
        requests.append(_request(rules.program, f"enrol:{party.key}", command))
    return facts + _ask(dispatch, requests, personal)


def _request(program: ProgramId, name: str, command: Command) -> Request:
    return Request(id=f"ingest:{name}", program=program, actor=DESK, command=command)


def _ask(dispatch: Dispatch, requests: Sequence[Request], personal: dict[str, PersonalRow]) -> int:
    outcomes = dispatch.decide_batch(requests, personal)
    return sum(facts_of(request, outcome) for request, outcome in zip(requests, outcomes, strict=True))


def facts_of(request: Request, outcome: Outcome) -> int:
    """How many facts an asking made. Raises ``SeedingFault`` where it was refused."""
    match outcome:
        case Decided(facts=facts):
            return facts
        case RefusedOutcome(refused=refused):
            hint = "; give the rulebook a new version, or another program" if isinstance(refused, Reused) else ""
            raise SeedingFault(f"{request.id}: {refused.reason}{hint}")
        case Broken(exception=exception):
            raise exception
        case LateOutcome():
            raise SeedingFault(f"{request.id}: others keep changing the program; run it again")
