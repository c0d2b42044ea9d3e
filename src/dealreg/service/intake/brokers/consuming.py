"""What the consumers of all brokers have in common."""

import os
import socket
from typing import Final

BATCH: Final = 200
FILL_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 1.0
"""The pause before a message that could not be decided now is tried again."""
GRACEFUL_SECONDS: Final = 15.0


def instance() -> str:
    """This process among those of its role."""
    return f"{socket.gethostname()}:{os.getpid()}"
