"""`dealreg consume`: the role that takes in the CRM's feed."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("consume")(consume)


def consume(
    *,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", help="Port for Prometheus; left out, there is none.")
    ] = None,
) -> None:
    """Take opportunity events from the broker, decide them, and acknowledge what is saved; until a signal.

    What cannot be decided is a row of `dealreg dead-letters`. Runs as often as is wanted; SIGTERM finishes the batch in hand. Exit
    code 3 when the broker or its stream is not there.
    """
    from dealreg.service.composition import House
    from dealreg.service.intake.assembling import consume as run
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings()
    configure_logging(settings)
    with House(settings) as house:
        run(settings, house.dispatch, metrics_port=metrics_port)
