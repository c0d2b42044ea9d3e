"""`dealreg audit export`: evidence of a deal, a conflict, a customer, a partner or a period; or the log in a form that others read."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, Program, claims, house, show
from dealreg.cli.looking import ReasonOfExport, operator

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.evidence.subject import Subject
    from dealreg.service.tokens import Claims

_FORMATS = ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("export")(export)


def export(
    *,
    out: Annotated[Path, typer.Option(help="The folder to make; for other forms than bundle the file.")],
    reason: ReasonOfExport,
    deal: Annotated[str | None, typer.Option(metavar="ID", help="A registration.")] = None,
    conflict: Annotated[str | None, typer.Option(metavar="ID", help="A conflict.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="An end customer.")] = None,
    partner: Annotated[
        str | None, typer.Option(metavar="ID", help="A partner, with every registration it has a leg in.")
    ] = None,
    began: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMATS, help="What was recorded from this instant on; UTC.")
    ] = None,
    ended: Annotated[datetime | None, typer.Option("--to", formats=_FORMATS, help="And before this one.")] = None,
    shown_to: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="PARTNER", help="Show what this partner may read; of the rest place, time and kind only."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole log, with its newest checkpoint beside it; not as a bundle.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="bundle (with proofs), cloudevents or ocel.")] = "bundle",
    wait: Annotated[float, typer.Option(min=0, max=600, help="Seconds to wait for the checkpoint.")] = 10.0,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Evidence that anybody can check without us: facts, proofs, `verify.py`, a page as HTML and PDF. The export is itself recorded.

    The bundle holds every fact of the deal, all rivals' claims on its customer, the conflicts, the rulebook versions used and what the
    decisions read; `python verify.py bundle.json --policy policy.json` proves it, offline. Have the policy from `dealreg audit policy`, and
    hand it over by another way than the folder.
    """
    named = {"deal": deal, "conflict": conflict, "customer": customer, "partner": partner}
    given = [(kind, identity) for kind, identity in named.items() if identity is not None]
    asked = len(given) + (began is not None or ended is not None) + everything
    if asked != 1 or (began is None) != (ended is None):
        raise typer.BadParameter(
            "name one of --deal, --conflict, --customer, --partner, --all, or --from together with --to"
        )
    from dealreg.service.evidence.formats import ALL, BUNDLE
    from dealreg.service.evidence.subject import Kind, Subject

    if form not in ALL:
        raise typer.BadParameter(f"the forms are {', '.join(ALL)}", param_hint="--format")
    if form == BUNDLE and everything:
        raise typer.BadParameter(
            "a bundle is of a deal, a conflict, a customer, a partner or a period", param_hint="--all"
        )
    if form != BUNDLE and shown_to is not None:
        raise typer.BadParameter("only a bundle can be redacted for a partner", param_hint="--for")
    who = claims("auditor", operator(), program)
    with house() as at:
        if given:
            subject = Subject.of(Kind(given[0][0]), given[0][1], who.program)
        elif everything:
            subject = Subject(Kind.PERIOD, "everything", who.program, 1, at.audited.head())
        else:
            subject = Subject.of_period(at.audited, who.program, _utc(began), _utc(ended))
        if form == BUNDLE:
            _bundle(at, who, subject, out, reason=reason, shown_to=shown_to, wait=wait, as_json=as_json)
        else:
            _other(at, who, subject, out, form, reason=reason, whole=everything, as_json=as_json)


def _bundle(
    at: "House",
    who: "Claims",
    subject: "Subject",
    out: Path,
    *,
    reason: str,
    shown_to: str | None,
    wait: float,
    as_json: bool,
) -> None:
    from dealreg.cli.progress import bars
    from dealreg.service.evidence.folder import write
    from dealreg.service.evidence.making import make
    from dealreg.service.trail.recording import exported
    from dealreg.service.witnessing.keyring import fingerprint
    from dealreg.service.witnessing.policy import shown, trust

    with bars() as steps:
        done = steps("evidence", 2)
        made = make(at.ledger, at.audited, subject, by=who.sub, reason=reason, shown_to=shown_to, seconds=wait)
        done(1)
        keys = [
            (one.vkey, fingerprint(one.vkey))
            for origin, one in shown(trust(at.audited))
            if origin == made.newest.origin
        ]
        files = write(
            made, out, by=who.sub, reason=reason, keys=keys,
            handed_over=lambda digest: exported(
                at.audited, who, form="bundle", about=f"{subject}{f' for {shown_to}' if shown_to else ''}", log_size=made.newest.size,
                facts=len(made.facts), digest=digest, reason=reason,
            ),
        )  # fmt: skip
        done(1)
    show({"folder": str(out), "facts": len(made.facts), "log_size": made.newest.size, **files}, as_json=as_json)


def _other(
    at: "House", who: "Claims", subject: "Subject", out: Path, form: str, *, reason: str, whole: bool, as_json: bool
) -> None:
    """A file in a form without proofs: written under another name, recorded, then handed over."""
    from hashlib import file_digest

    from dealreg.cli.progress import bars
    from dealreg.service.evidence.anchoring import newest_note, origin_of
    from dealreg.service.evidence.formats import writer
    from dealreg.service.evidence.gathering import wanted_of
    from dealreg.service.trail.recording import exported
    from dealreg.vocabulary.refused import Refused

    if out.exists():
        raise Refused(f"{out} is there already; name a file that is not")
    origin = None
    with suppress(Refused):
        origin = origin_of(at.audited)
    wanted = wanted_of(at.ledger, subject, at.audited.head(), origin)
    _, write = writer(form)
    beside = out.with_name(f".{out.name}.partial")
    try:
        with bars() as steps, beside.open("wb") as file:
            written = write(at.audited, file, wanted, steps("facts", wanted.up_to - wanted.after))
        with beside.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        exported(
            at.audited,
            who,
            form=form,
            about=str(subject),
            log_size=wanted.up_to,
            facts=written.facts,
            digest=digest,
            reason=reason,
        )
        if whole and origin is not None and (note := newest_note(at.audited, origin, wanted.up_to)) is not None:
            out.with_name(f"{out.name}.checkpoint").write_text(note, encoding="utf-8")
        beside.rename(out)
    finally:
        beside.unlink(missing_ok=True)
    show({"file": str(out), "facts": written.facts, "log_size": wanted.up_to, "digest": digest}, as_json=as_json)


def _utc(when: datetime | None) -> datetime:
    if when is None:
        raise typer.BadParameter("name --from together with --to")
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
