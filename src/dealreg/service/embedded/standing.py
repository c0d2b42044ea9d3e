"""As whom a server runs. PostgreSQL refuses uid 0, and a container is often nothing else.

Root enters a user namespace in which it is `nobody`: no account is made, no mode is changed, and files in `/root`
stay in reach because outside the namespace it is still root who owns and reads them. Where the kernel or the
container forbids that (it takes CAP_SETFCAP, and Docker's default seccomp profile says no), it becomes `nobody`.
"""

import ctypes
import enum
import functools
import os
import pwd
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
"""`linux/sched.h`."""
NOBODY_UID = 65534
"""The kernel's overflow uid, where the machine has no account of that name."""

_libc = ctypes.CDLL(None, use_errno=True)
# Looked up here and not in the child: between fork and exec nothing should allocate or take the loader's lock.
_unshare = _libc.unshare if sys.platform == "linux" else None


class Standing(enum.Enum):
    """As whom a server runs."""

    ORDINARY = "as the user who started it"
    NAMESPACE = "as root in a user namespace where root is nobody"
    NOBODY = "as nobody"

    def enter(self) -> None:
        """Take this standing; for a child between fork and exec.

        Raises:
            OSError: the kernel said no.

        """
        if self is Standing.NAMESPACE:
            _enter_namespace(*nobody())
        elif self is Standing.NOBODY:
            uid, gid = nobody()
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)


def nobody() -> tuple[int, int]:
    """Uid and gid of `nobody`."""
    return _nobody()


@functools.cache
def _nobody() -> tuple[int, int]:
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY_UID, NOBODY_UID
    # macOS writes nobody's uid as -2.
    return account.pw_uid % 2**32, account.pw_gid % 2**32


def own_standing(files: Path) -> Standing:
    """The best standing for a server started by this process, over `files` if they are there already.

    Files that nobody owns are nobody's for ever: in a namespace they would be out of reach.
    """
    if os.geteuid() != 0:
        return Standing.ORDINARY
    uid, _ = nobody()
    if files.exists() and files.stat().st_uid == uid:
        return Standing.NOBODY
    return Standing.NAMESPACE if _may(Standing.NAMESPACE) else Standing.NOBODY


def _may(standing: Standing) -> bool:
    if _unshare is None:
        return False
    try:
        return subprocess.run([_shell(), "-c", "exit 0"], preexec_fn=standing.enter, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def holds(standing: Standing, test: str, path: Path) -> bool:
    """Whether the shell's `test` (`-x`, `-w`, `-r`) of `path` holds for a process of this standing."""
    asked = [_shell(), "-c", f'test {test} "$1"', "sh", str(path)]
    return subprocess.run(asked, preexec_fn=standing.enter, check=False, cwd="/").returncode == 0


def _shell() -> str:
    return "/bin/sh"


def _enter_namespace(uid: int, gid: int) -> None:
    if _unshare is None:
        raise OSError("user namespaces are a thing of Linux")
    if _unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    # The kernel takes a gid map from an unprivileged writer only after setgroups is given up.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} 0 1"), ("gid_map", f"{gid} 0 1")):
        Path("/proc/self", name).write_text(text)
