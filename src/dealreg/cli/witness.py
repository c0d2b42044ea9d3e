"""`dealreg witness`: a process with a key and a disk of its own that cosigns checkpoints and refuses forks."""

import json
import signal
import socket
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.settings import Settings
    from dealreg.service.witnessing.memory import Memory


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(witness)


def witness(
    *,
    log: Annotated[
        list[str] | None,
        typer.Option(
            "--log", help="A verifier key of a log to trust, or @FILE with one a line; left out, WITNESS_LOGS."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; left out, WITNESS_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, 0 for any free one; left out, WITNESS_PORT.")] = None,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="Only say who it is: verifier key and fingerprint.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON: who it is, and where it listens.")] = False,
) -> None:
    """Answer `add-checkpoint` (c2sp.org/tlog-witness) until a signal. No database, no broker: its own key, its own folder.

    It remembers the newest checkpoint that it cosigned of each log and cosigns only what begins with that. With a key and without that
    memory it does not start (exit code 3): it could cosign a fork.
    """
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings
    from dealreg.service.witnessing.keyring import logs
    from dealreg.service.witnessing.memory import Memory

    settings = Settings()
    configure_logging(settings)
    if show_key and settings.witness_key_file.exists():
        _say(settings, None, as_json=as_json)
        return
    trusted = " ".join(log or []) or settings.trusted_logs
    logs(trusted)  # What is malformed is said now, not to whoever asks.
    memory = Memory(settings.witness_folder_path)
    with memory.held(settings.witness_key_file):
        if show_key:
            _say(settings, None, as_json=as_json)
            return
        listening = _listening(host or settings.witness_host, settings.witness_port if port is None else port)
        _serve(settings, memory, trusted, listening, as_json=as_json)


def _say(settings: "Settings", url: str | None, *, as_json: bool) -> str:
    """Tell who it is and where; its verifier key."""
    from dealreg.proof.note import vkey
    from dealreg.proof.verify import COSIGNED
    from dealreg.service.witnessing.keyring import fingerprint
    from dealreg.service.witnessing.own_key import own_key

    key = vkey(own_key(settings), COSIGNED)
    told = {"vkey": key, "fingerprint": fingerprint(key), **({"url": url} if url else {})}
    typer.echo(json.dumps(told) if as_json else "\n".join(f"{name}: {said}" for name, said in told.items()))
    return key


def _serve(settings: "Settings", memory: "Memory", trusted: str, listening: socket.socket, *, as_json: bool) -> None:
    import uvicorn

    from dealreg.service.witnessing.keyring import logs
    from dealreg.service.witnessing.own_key import own_key
    from dealreg.service.witnessing.serving import witnessing_app
    from dealreg.service.witnessing.witness import Witness

    address, chosen = listening.getsockname()[:2]
    url = f"http://[{address}]:{chosen}" if ":" in address else f"http://{address}:{chosen}"
    key = _say(settings, url, as_json=as_json)
    app = witnessing_app(Witness(own_key(settings), memory, lambda: logs(trusted)), key)
    memory.say_here(key, url)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5)
    # uvicorn stops in order and then raises the signal once more; it has been answered.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Bound before it says where it is. Raises ``ServerTrouble``."""
    from dealreg.service.embedded.trouble import ServerTrouble

    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ServerTrouble(
            f"cannot listen on {host}:{port} ({error.strerror}); set WITNESS_PORT to another"
        ) from error
