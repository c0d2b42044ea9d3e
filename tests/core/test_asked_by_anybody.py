"""Whatever command is asked by whomever, of what there is and of what there is not: an answer or a refusal, never a fault."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from dealreg.service.scenario import reading
from dealreg.service.scenario.running import Runner
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import NAMESPACE, PartnerId
from dealreg.web.routes import WRITES

WORLD = reading.text_of(reading.folder() / reading.WORLD)
STORY = reading.case_of(reading.folder() / "conflict" / "same_second_is_a_tie.yaml")
WHO = [
    *(Actor(role=role, subject=f"u-{role}") for role in Role if role not in {Role.DEALER, Role.DISTRIBUTOR, Role.MASTER}),
    Actor(role=Role.CHANNEL_MANAGER, subject="u-fr", region="FR"),
    Actor(role=Role.CHANNEL_MANAGER, subject="u-de", region="DE", level="channel_manager"),
    Actor(role=Role.DEALER, subject="u-bauer", partner=PartnerId("bauer")),
    Actor(role=Role.DEALER, subject="u-dorn", partner=PartnerId("dorn")),
    Actor(role=Role.DISTRIBUTOR, subject="u-nordwind", partner=PartnerId("nordwind")),
]  # fmt: skip
NAMES = {"northwind": "nordwind", "contoso": "bauer", "storage": "drives", "network": "relays"}


def _renamed(value: Any) -> Any:
    """The examples of the API in the words of the scenarios' world."""
    if isinstance(value, dict):
        return {key: _renamed(one) for key, one in value.items() if key != "contact"}
    if isinstance(value, list | tuple):
        return [_renamed(one) for one in value]
    return NAMES.get(value, value) if isinstance(value, str) else value


def _command(write: Any, ids: dict[str, UUID], partner: str | None) -> Any:
    path = {
        name: ids.get(name, uuid5(NAMESPACE, name)) if kind is UUID else "bauer" for name, kind in write.in_path.items()
    }
    said = {**_renamed(dict(write.example)), **path}
    fields = write.command.model_fields
    said |= {name: partner or "bauer" for name in ("partner", "filed_by") if name in fields and name not in said}
    return write.command.model_validate(said)


@pytest.mark.parametrize("there", [True, False], ids=["of_what_there_is", "of_what_there_is_not"])
@pytest.mark.parametrize("write", WRITES, ids=[write.command.__name__ for write in WRITES])
def test_everybody_gets_an_answer_or_a_refusal(write, there):
    runner = Runner(STORY, WORLD, clock=True)
    world = runner.run().world
    names = world.names
    ids = {"registration": names.id("R1", ""), "conflict": names.id("R2/drives", "")} if there else {}
    at = datetime.fromisoformat("2026-03-03T10:00:00+01:00")
    answers = []
    for number, actor in enumerate(WHO):
        command = _command(write, ids, actor.partner)
        request = Request(id=f"any-{number}", program=world.program, actor=actor, command=command)
        came = world.ledger.ask(request, at + timedelta(minutes=number))
        assert (came.refused is None) != (came.answer is None)
        assert came.refused is None or came.refused.reason
        answers.append(came.refused is None)
    assert not all(answers), "somebody may not ask this"
