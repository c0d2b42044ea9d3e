"""The deal desk publishes a version of the rules of engagement (architecture D6)."""

from pydantic import JsonValue

from dealreg.engagement.checks.whole import faults
from dealreg.process import permit
from dealreg.rulebook.commands import PublishRulebook
from dealreg.rulebook.events import RulebookPublished
from dealreg.rulebook.state import RULEBOOK
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.ids import rulebook_stream
from dealreg.vocabulary.refused import Closed, Refused
from dealreg.vocabulary.situation import Situation


def decide(command: PublishRulebook, request: Request, situation: Situation) -> dict[str, JsonValue]:
    """Publish a version; it takes force at its own instant, or now where that has passed: nothing is judged anew.

    A program's first version alone may take force in the past: nothing was judged by another, and a backfill needs rules.

    Raises ``NotAllowed``, ``Refused`` for another program's rulebook or one that contradicts itself, ``Closed`` where a version has
    that name.
    """
    permit.of_desk(request.actor, "publish a rulebook")
    document = command.document
    if document.program != situation.program:
        raise Refused(f"the rulebook is of program {document.program!r}; publish it there, or correct its 'program'")
    if found := faults(document):
        raise Refused("the rulebook contradicts itself:\n" + "\n".join(fault.told for fault in found))
    stream = rulebook_stream(situation.program)
    known = situation.of(RULEBOOK, stream)
    if known.version(document.version) is not None:
        raise Closed(f"version {document.version!r} is published and stays as it is; give the new one another name")
    force_from = max(document.force_from, situation.at) if known.versions else document.force_from
    event = RulebookPublished(version=document.version, force_from=force_from, document=document)
    situation.record(RULEBOOK, stream, event)
    return {
        "program": situation.program,
        "version": document.version,
        "force_from": event.force_from.isoformat(),
        "as_asked": event.force_from == document.force_from,
    }
