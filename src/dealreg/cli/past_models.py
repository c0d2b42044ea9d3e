"""Whole read models of the past on the command line, and what is recorded of a question about the past."""

import sys
from typing import TYPE_CHECKING, Any

import typer

from dealreg.cli.asking import claims, house, show, show_rows
from dealreg.cli.looking import looked

if TYPE_CHECKING:
    from dealreg.service.past.moment import When


def whole_model(
    model: str, then: "When", table: str | None, *, as_whom: str, reason: str | None, program: str | None, as_json: bool
) -> None:
    """As of a size of the log: its tables, or the rows of one."""
    from dealreg.cli.rebuild import bar
    from dealreg.service.past.models import Models
    from dealreg.service.settings import Role

    who = claims(as_whom, "cli", program)
    _require_recorded(then)
    with house() as at, bar(shown=not as_json and sys.stderr.isatty()) as progress:
        looked(at, who, "as-of", about({}, {"model": model}, then), reason)
        models, moment = Models(at.settings.database_url(Role.PROJECTOR), who, progress), at.replay.moment(then)
        if table is None:
            show(models.at(model, moment), as_json=as_json)
            return
        rows = list(models.rows(model, moment, table))
    show_rows(rows, list(rows[0]) if rows else [], as_json=as_json)


def models_differ(
    model: str, before: "When", after: "When", *, as_whom: str, reason: str | None, program: str | None, as_json: bool
) -> None:
    """Row by row between two sizes of the log."""
    from dealreg.cli.rebuild import bar
    from dealreg.service.past.models import Models
    from dealreg.service.settings import Role

    who = claims(as_whom, "cli", program)
    _require_recorded(before)
    _require_recorded(after)
    with house() as at, bar(shown=not as_json and sys.stderr.isatty()) as progress:
        looked(at, who, "diff", about({}, {"model": model}, before, after), reason)
        models = Models(at.settings.database_url(Role.PROJECTOR), who, progress)
        rows = [
            one.model_dump(mode="json") for one in models.diff(model, at.replay.moment(before), at.replay.moment(after))
        ]
    show_rows(rows, ["table", "change", "key", "fields"], as_json=as_json)


def _require_recorded(then: "When") -> None:
    if then.effective is not None:
        raise typer.BadParameter(
            "a read model is built by what was recorded; ask for a thing, or `protected`", param_hint="--effective"
        )


def about(path: "dict[str, Any]", more: "dict[str, Any]", *moments: "When") -> str:
    """What a question is about, as it is recorded: ids, instants, and words of the program."""
    from dealreg.service.trail.recording import in_words

    said = [{"as_of": _stamp(one.at), "effective_at": _stamp(one.effective), "at_size": one.size} for one in moments]
    return ", ".join(filter(None, [in_words(path, more), *(in_words({}, one) for one in said)]))


def _stamp(when: Any) -> str | None:
    return f"{when:%Y-%m-%dT%H:%M:%S.%fZ}" if when is not None else None
