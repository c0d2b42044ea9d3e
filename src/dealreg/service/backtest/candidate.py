"""The rulebook of a back-test: the candidate in the place of the versions that were in force."""

from dataclasses import replace
from datetime import datetime

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.state import Rulebook
from dealreg.vocabulary.dated import Dated
from dealreg.vocabulary.refused import Refused


def candidate_for(program: str, document: RulebookDocument) -> RulebookDocument:
    """The candidate, as one of a program. Raises ``Refused`` for another program's rulebook."""
    if document.program != program:
        raise Refused(f"the candidate is a rulebook of program {document.program!r}, not of {program!r}")
    return document


def everywhere(recorded: Rulebook, candidate: RulebookDocument) -> Rulebook:
    """As if each version had said what the candidate says; it keeps its name and the instant of its force.

    So a candidate that says the same changes nothing at all, the versions named in facts included.
    """
    versions = {name: _named(candidate, document) for name, document in recorded.versions.items()}
    steps = tuple((since, versions.get(document.version, candidate)) for since, document in recorded.force.steps)
    return replace(recorded, versions=versions, force=Dated(steps))


def since(recorded: Rulebook, candidate: RulebookDocument, begins: datetime) -> Rulebook:
    """As if the candidate had taken force at an instant and nothing was published after it; what was approved before keeps its version."""
    in_force = recorded.in_force(begins)
    if in_force is None:
        return everywhere(recorded, candidate)
    name = f"{candidate.version} (candidate)" if candidate.version in recorded.versions else candidate.version
    document = candidate.model_copy(update={"version": name, "force_from": begins})
    before = tuple(step for step in recorded.force.steps if step[0] < begins)
    return replace(recorded, versions={**recorded.versions, name: document}, force=Dated((*before, (begins, document))))


def _named(candidate: RulebookDocument, recorded: RulebookDocument) -> RulebookDocument:
    return candidate.model_copy(update={"version": recorded.version, "force_from": recorded.force_from})
