"""`dealreg serve`: the HTTP face as a process of its own."""

import json
import signal
import socket
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(serve)


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; left out, HTTP_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on, 0 for any free one; left out, HTTP_PORT.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON when it listens.")] = False,
) -> None:
    """Answer over HTTP until a signal; what is being answered then is finished first.

    It starts without its database and says so at /health/ready. Exit code 3 when the address is taken.
    """
    import uvicorn

    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings()
    configure_logging(settings)
    listening = _listening(host or settings.http_host, settings.http_port if port is None else port)
    address, chosen = listening.getsockname()[:2]
    config = uvicorn.Config(
        "dealreg.web.app:serving",
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(int(settings.drain_seconds) - 5, 1),
    )
    url = f"http://[{address}]:{chosen}" if ":" in address else f"http://{address}:{chosen}"
    typer.echo(json.dumps({"url": url}) if as_json else f"{url}/docs")
    # uvicorn stops in order and then raises the signal once more; it has been answered.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Bound before anything else is started. Raises ``ServerTrouble``."""
    from dealreg.service.embedded.trouble import ServerTrouble

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServerTrouble(f"cannot listen on {host}:{port} ({error.strerror}); set HTTP_PORT to another") from error
