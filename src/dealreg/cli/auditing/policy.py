"""`dealreg audit policy` and `dealreg audit revoke-key`: whom to trust, written down for others; and whom no more."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, Program, claims, house
from dealreg.cli.looking import Reason, ReasonOfExport, looked, operator

if TYPE_CHECKING:
    from dealreg.service.ledger.ledger import Ledger
    from dealreg.service.settings import Settings
    from dealreg.service.witnessing.policy import Trust


Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key", help="A verifier key of the log that neither the trail nor this data folder knows, such as its first."
    ),
]


def register(audit: typer.Typer) -> None:
    """Add the verbs."""
    audit.command("policy")(policy)
    audit.command("revoke-key")(revoke_key)


def policy(
    *,
    out: Annotated[Path | None, typer.Option(help="Write it there; left out, it is printed.")] = None,
    key: Keys = None,
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", help="A witness's verifier key; left out, those that WITNESSES names."),
    ] = None,
    quorum: Annotated[
        int | None,
        typer.Option(min=0, help="How many witnesses must have seen a checkpoint; left out, 1 where there is one."),
    ] = None,
    verifier: Annotated[
        Path | None, typer.Option("--verifier", help="Write `verify.py` there too, for those who have only receipts.")
    ] = None,
    reason: Reason = None,
    program: Program = None,
) -> None:
    """Write what `verify.py` trusts: the log's keys with the sizes for which they count, as the trail has them, and the witnesses.

    On standard error it shows the fingerprint of each key. Compare them with somebody at the manufacturer and at each witness before you
    trust the file: it comes from the house that it is to judge.
    """
    from dealreg.proof.verify import COSIGNED
    from dealreg.service.evidence.one_file import verifier as one_file
    from dealreg.service.witnessing.policy import refuse_bad

    with house() as at:
        looked(at, claims("auditor", operator(), program), "audit policy", "everything", reason)
        found = _trust(at.audited, at.settings, key)
        named = refuse_bad(witness or [one.vkey for one in at.settings.asked_witnesses()], COSIGNED)
    wanted = quorum if quorum is not None else min(1, len(named))
    if wanted > len(named):
        raise typer.BadParameter(f"{len(named)} witnesses are named", param_hint="--quorum")
    text = json.dumps(found.document(named, wanted), indent=1, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    if verifier is not None:
        verifier.write_text(one_file(), encoding="utf-8")
    _fingerprints(found, named)


def _trust(ledger: "Ledger", settings: "Settings", named: Iterable[str] | None) -> "Trust":
    """The trail, what the sealer of this machine wrote down, and what was named. Raises ``typer.BadParameter``."""
    from dealreg.proof.verify import SIGNED, Refused
    from dealreg.service.sealing.signing import VKEYS
    from dealreg.service.witnessing.policy import refuse_bad, trust

    file = settings.things.keys / VKEYS
    beside = file.read_text().split() if file.exists() else []
    try:
        found = trust(ledger, dict.fromkeys([*beside, *refuse_bad(named or (), SIGNED)]))
    except Refused as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error
    if not found.logs:
        raise typer.BadParameter(
            "no key of the log is known here; name it with --key, or ask where `dealreg seal` runs"
        )
    return found


def _fingerprints(found: "Trust", witnesses: list[str]) -> None:
    from dealreg.service.witnessing.keyring import fingerprint
    from dealreg.service.witnessing.policy import shown

    for origin, one in shown(found):
        counts = (
            f"counts from size {one.from_size}{'' if one.to_size is None else f', revoked from size {one.to_size}'}"
        )
        typer.echo(f"log {origin}, {counts}\n  {one.vkey}\n  {fingerprint(one.vkey)}", err=True)
    for text in witnesses:
        typer.echo(f"witness {text.partition('+')[0]}\n  {text}\n  {fingerprint(text)}", err=True)
    for why in found.left_out:
        typer.echo(f"left out: {why}", err=True)


def revoke_key(
    revoked: Annotated[
        str, typer.Argument(metavar="KEY", help="The verifier key, as `dealreg audit policy` shows it.")
    ],
    *,
    from_size: Annotated[
        int, typer.Option(min=0, help="It counts no more for checkpoints of this size and larger ones.")
    ],
    reason: ReasonOfExport,
    key: Keys = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Say in the trail that a key of the log counts no more, from a size on; what it signed before stays good.

    Change the key first (`dealreg seal --rotate-key`): the newest checkpoint must be signed by another that counts. Then give out a new
    policy, and take the key out of the witnesses' WITNESS_LOGS.
    """
    from dealreg.service.witnessing.revoking import revoke

    who = claims("auditor", operator(), program)
    with house() as at:
        position = revoke(
            at.audited, _trust(at.audited, at.settings, key), revoked, from_size, by=who.sub, reason=reason
        )
    told = {"key": revoked, "from_size": from_size, "position": position}
    typer.echo(
        json.dumps(told)
        if as_json
        else f"revoked from size {from_size} on, at position {position}; give out a new policy"
    )
