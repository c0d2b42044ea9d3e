"""A command as a door hears it: its name and fields in plain words; personal ones are sealed, and who asks is filled in."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from dealreg.process.deciding import COMMANDS
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import seal
from dealreg.vocabulary.fact import Actor, Command
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Sealed

ACTS_AS: Final[dict[str, str]] = {
    "FileRegistration": "filed_by",
    "WithdrawRegistration": "partner",
    "AnswerOffer": "partner",
    "AnswerJoining": "partner",
    "ReportOutcome": "partner",
    "EndSellerOfRecord": "partner",
    "AskExtension": "partner",
    "RequestSpecialPrice": "partner",
    "ChangeDistributor": "partner",
    "HideRegistration": "partner",
    "AppealDecision": "partner",
    "AmendScope": "partner",
}
"""The field of a command that names the partner who asks: the caller's own, unless a distributor asks for a dealer below it."""


def sealed_fields(command: type[Command]) -> list[str]:
    """The fields of a command that hold something personal."""
    return [name for name, field in command.model_fields.items() if Sealed in get_args(field.annotation)]


def named(command: str) -> type[Command]:
    """The command of that class name. Raises ``Unknown`` with those there are."""
    if command not in COMMANDS:
        raise Unknown(f"there is no command {command!r}; there are: {', '.join(sorted(COMMANDS))}")
    return COMMANDS[command]


def said(command: type[Command], fields: Mapping[str, Any], actor: Actor) -> tuple[Command, list[PersonalRow]]:
    """The command, and the rows to keep beside its facts. Raises ``ValidationError`` where a field does not fit."""
    given = dict(fields)
    own = ACTS_AS.get(command.__name__)
    if own is not None and actor.partner is not None:
        given.setdefault(own, actor.partner)
    rows = []
    for name in sealed_fields(command):
        if given.get(name) is not None:
            text = str(given[name])
            given[name], row = seal(text.strip().casefold(), text)
            rows.append(row)
    return command.model_validate(given), rows
