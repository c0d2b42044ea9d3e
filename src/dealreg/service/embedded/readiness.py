"""Asking a service on this machine whether it is ready."""

import http.client
import ipaddress
import socket

from dealreg.service.embedded.trouble import ServerTrouble

ASKING_SECONDS = 2.0
PATH = "/health/ready"
ANSWER_BYTES = 500
"""How much of an answer that says no is repeated to a person."""


def unready_because(host: str, port: int) -> str | None:
    """Why the service is not ready, in its own words; None when it is (status 200)."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=ASKING_SECONDS)
    try:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        if answer.status == http.HTTPStatus.OK:
            return None
        said = answer.read(ANSWER_BYTES).decode(errors="replace").strip()
        return f"{PATH} answers {answer.status} {said}"
    except (OSError, http.client.HTTPException) as error:
        return f"{PATH} does not answer ({type(error).__name__}: {error})"
    finally:
        connection.close()


def reachable(host: str) -> str:
    """An address to ask a service at that listens on `host`, which may be "every address"."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004 - the version of the protocol


def free_port(host: str, wanted: int) -> int:
    """`wanted` if nobody listens there, any free one for 0.

    Asked before the service starts: otherwise another service on that port would answer in its place.

    Raises:
        ServerTrouble: the port is taken, or the address is not this machine's.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, wanted), family=family) as listening:
            return int(listening.getsockname()[1])
    except OSError as error:
        raise ServerTrouble(f"cannot listen on {host}:{wanted} ({error.strerror}); set HTTP_PORT to another") from error
