"""`dealreg accounts`: what was told of customers' accounts; `dealreg ask` tells it (RecordSale, FlagAccount, EnterTender, …)."""

from typing import Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show_rows

COLUMNS = ("report", "kind", "customer", "line", "territory", "dealer", "distributor", "day", "told_at", "over_at")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("accounts")(accounts)


def accounts(
    *,
    kind: Annotated[
        str | None, typer.Option(help="sale, record_end, direct_opportunity, strategic_flag or tender.")
    ] = None,
    customer: Annotated[UUID | None, typer.Option(help="Only this end customer's id.")] = None,
    line: Annotated[str | None, typer.Option(help="Only this product line, and what stands for all lines.")] = None,
    standing: Annotated[bool, typer.Option("--standing", help="Only what is not over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Sales, direct opportunities, strategic flags and tenders that were told, newest first."""
    from dealreg.service.questions import Questions

    who = claims(as_whom, "cli", program)
    asked = {"kind": kind, "customer": customer, "line": line, "standing": standing, "limit": limit}
    with house() as at:
        found = Questions(at.reading, who).ask("account_reports", "newest", **asked)
    show_rows(found.rows, COLUMNS, as_json=as_json)
