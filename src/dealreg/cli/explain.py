"""`dealreg explain`: why something stands where it stands."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show
from dealreg.cli.looking import Reason, looked

if TYPE_CHECKING:
    from dealreg.service.explaining import Explanation
    from dealreg.service.insight import Insight

Registration = Annotated[UUID, typer.Argument(metavar="REGISTRATION")]
When = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=[
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "%Y-%m-%dT%H:%M:%S%z",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d",
        ],
        help="A recorded instant; without an offset it is UTC.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("explain")(explain)


def explain(
    identity: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A registration, a conflict, an override, a special price, a customer, or one decision: STREAM:VERSION of a fact.",
        ),
    ],
    *,
    when: When = None,
    as_whom: As = "deal_desk",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Any decision: what was asked, what was true, the clauses in the order tried, which one decided and why; made again, equal or not.

    The desk and auditors read each decision whole, with everything that it looked at. A manager reads what became of a registration of
    its region, a partner how its own legs came to their state.
    """
    from dealreg.cli.told import decisions_in_prose, registration_in_prose, rows_of_a_partner
    from dealreg.service.insight import Insight
    from dealreg.vocabulary.fact import PARTNER_ROLES

    who = claims(as_whom, "cli", program)
    with house() as at:
        looked(at, who, "explain", _about(identity, when), reason)
        if who.role in PARTNER_ROLES:
            rows_of_a_partner(at, who, _registration(identity), as_json=as_json)
            return
        insight = Insight(at.replay, who)
        told = _registration_told(insight, identity, _utc(when))
        decisions = told.decisions if told is not None else insight.decisions(identity, _utc(when))
    if as_json:
        shown = (
            told.model_dump(mode="json")
            if told is not None
            else {"decisions": [one.model_dump(mode="json") for one in decisions]}
        )
        show(shown, as_json=True)
        return
    if told is not None:
        registration_in_prose(told, steps=not decisions)
    decisions_in_prose(decisions)


def _registration(identity: str) -> UUID:
    """Raises ``Unknown``: what is no id names nothing."""
    from dealreg.service.replay import no_registration

    try:
        return UUID(identity)
    except ValueError:
        raise no_registration() from None


def _registration_told(insight: "Insight", identity: str, when: datetime | None) -> "Explanation | None":
    """The registration of that id, if it is one; whoever may not read other things is told that there is none."""
    from dealreg.service.insight import WHOLE_PROGRAM
    from dealreg.vocabulary.refused import Unknown

    try:
        return insight.explanation(_registration(identity), when)
    except Unknown:
        if insight.role in WHOLE_PROGRAM:
            return None
        raise


def _about(identity: "UUID | str", when: datetime | None) -> str:
    from dealreg.service.trail.recording import in_words

    then = {"as_of": f"{_utc(when):%Y-%m-%dT%H:%M:%S.%fZ}"} if when is not None else {}
    return in_words({"id": identity}, then)


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
