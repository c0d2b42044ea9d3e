"""A log that a test holds in its hands, and a witness as a real second process with a disk of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from dealreg.proof.note import checkpoint_body, signed_note, vkey
from dealreg.proof.tree import Tree
from dealreg.proof.verify import Key, parse_vkey
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.witnessing.request import request_text

ORIGIN = "log.example/deals"


def leaves(name: str, count: int) -> list[bytes]:
    """Leaf hashes of a history."""
    return [sha256(f"{name} {number}".encode()).digest() for number in range(count)]


@dataclass
class ToyLog:
    """A log with its key: whoever has it may fork it."""

    signer: FileSigner
    tree: Tree = field(default_factory=Tree)

    @property
    def vkey(self) -> str:
        return vkey(self.signer)

    def fork(self, kept: int, name: str, more: int) -> "ToyLog":
        """The same key over another history that begins with the same leaves."""
        return ToyLog(self.signer, Tree.of([self.tree.leaf(at) for at in range(kept)] + leaves(name, more)))

    def note(self, size: int | None = None, *, by: tuple[FileSigner, ...] = ()) -> str:
        size = self.tree.size if size is None else size
        return signed_note(checkpoint_body(self.signer.name, size, self.tree.root(size)), by or (self.signer,))

    def request(self, old: int, size: int | None = None, *, by: tuple[FileSigner, ...] = ()) -> str:
        proof = self.tree.consistency(old, self.tree.size if size is None else size) if old else []
        return request_text(old, proof, self.note(size, by=by))


@pytest.fixture
def toy_log(tmp_path: Path) -> ToyLog:
    """A log of ten leaves."""
    return ToyLog(FileSigner(ORIGIN, tmp_path / "toy" / "log"), Tree.of(leaves("honest", 10)))


@dataclass
class RunningWitness:
    """A witness process."""

    process: "subprocess.Popen[str]"
    vkey: str
    url: str

    @property
    def key(self) -> Key:
        return parse_vkey(self.vkey)

    @property
    def named(self) -> str:
        """As WITNESSES names it."""
        return f"{self.vkey} {self.url}"

    def ask(self, request: str) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=request.encode(), timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start_witness(tmp_path: Path) -> Iterator[Callable[..., RunningWitness]]:
    """``start_witness(vkey…, name="w1", port=0)``: the same name is the same key and disk again."""
    started: list[RunningWitness] = []

    def start(*vkeys: str, name: str = "witness", port: int = 0) -> RunningWitness:
        folder = tmp_path / name
        named = [word for vkey_ in vkeys for word in ("--log", vkey_)]
        environment = {**os.environ, "DEALREG_DATA": str(folder), "LOG_FORMAT": "json"}
        process = subprocess.Popen(
            [sys.executable, "-m", "dealreg", "witness", "--json", "--port", str(port), *named],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        started.append(RunningWitness(process, said["vkey"], said["url"]))
        _until_it_answers(said["url"])
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(timeout=30)
        if one.process.stdout is not None:
            one.process.stdout.close()


def _until_it_answers(url: str) -> None:
    """It listens before it says where it is; this waits in its queue."""
    assert httpx.get(url, timeout=60).status_code == 200
