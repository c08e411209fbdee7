"""
Builds what is written in C, and knows who takes part.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.members import Sink
from benchmarks.programs import PYTHON, BenchmarkError, Program
from benchmarks.room import Room

_NATIVE = Path(__file__).resolve().parent / "native"

#: Everybody, the cheapest first. Ours comes last.
CONTENDERS = ("c", "uvloop", "plain", "ours")


class Contender(Protocol):
    """
    Somebody who pushes messages to members.
    """

    def say(self, texts: Sequence[str]) -> None:
        """
        Begin to push these to every member, in this order.
        """

    def settle(self) -> None:
        """
        Wait until it has taken all that was said.
        """

    def cpuNanoseconds(self) -> int:
        """
        What it has used up to now.
        """

    def finish(self) -> str:
        """
        Let it end by itself.
        """

    def __enter__(self) -> "Contender": ...

    def __exit__(self, *details: object) -> None: ...


class LineContender(Program):
    """
    A contender that takes its members and its messages on standard input.
    """

    def __init__(self, command: Sequence[str], folder: Path, ports: Sequence[int]) -> None:
        super().__init__(command, folder)
        self._ports = ports

    def greet(self) -> None:
        """
        Tell it its members.
        """
        self.write([" ".join(map(str, self._ports))])
        self.read()

    def say(self, texts: Sequence[str]) -> None:
        """
        Begin to push these, the same bytes as the room's.
        """
        self.write(f"bench: {text}" for text in texts)

    def settle(self) -> None:
        """
        It takes everything at once.
        """


class Workshop:
    """
    Starts members and contenders.

    :param folder: for programs and stores; somebody else removes it.
    :param wanted: contenders by name.
    :raises BenchmarkError: there is no C compiler.
    """

    def __init__(self, folder: Path, wanted: Sequence[str] = CONTENDERS) -> None:
        self.folder = folder
        self.contenders = [name for name in CONTENDERS if name in wanted]
        #: Who is left out, and why.
        self.missing: list[str] = []
        self._sink, self.pusher = _compiled("sink", folder), _compiled("pusher", folder)
        if "uvloop" in self.contenders and not importlib.util.find_spec("uvloop"):
            self.contenders.remove("uvloop")
            self.missing.append("uvloop is left out: pip install -e '.[bench]'")
        if not self.contenders:
            raise BenchmarkError("nobody is left to be measured")

    def sink(self, members: int, queue: int = 1024, restSeconds: float = 0) -> Sink:
        """
        Start members that confirm; see :class:`~benchmarks.members.Sink`.
        """
        return Sink(self._sink, members, queue, restSeconds)

    def slowDisk(self) -> Mapping[str, str]:
        """
        An environment in which every write that shall survive a power cut takes 10 ms more.
        """
        return {"LD_PRELOAD": str(_compiled("slowdisk", self.folder, "-shared", "-fPIC"))}

    def contender(self, name: str, ports: Sequence[int], prefix: Sequence[str] = ()) -> "Contender":
        """
        Start a contender.

        :param ports: of its members.
        :param prefix: a command that runs it, and counts.
        """
        if name == "ours":
            return Room(self.folder, ports, prefix)
        commands = {
            "c": (str(self.pusher),),
            "uvloop": (*PYTHON, "benchmarks.contenders.uvlooped"),
            "plain": (*PYTHON, "benchmarks.contenders.plain"),
        }
        return LineContender([*prefix, *commands[name]], self.folder, ports)


def _compiled(name: str, folder: Path, *options: str) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise BenchmarkError("the members are a C program, and there is no compiler: install gcc")
    program = folder / name
    command = [compiler, "-O2", *options, "-o", str(program), str(_NATIVE / f"{name}.c")]
    if subprocess.run(command, check=False).returncode:
        raise BenchmarkError("the compiler does not work; the C library's headers may be missing")
    return program
