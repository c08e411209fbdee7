"""
What the pages show works: python blocks are run, and commands have the options that they show.

A block with a caption is a file: ``tests/loopback/test_tutorial.py`` runs the tutorial's. One after
a comment ``.. not run: WHY`` is left alone.
"""

import ast
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import dedent
from types import CoroutineType, FunctionType
from typing import Any

import pytest
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.python.usage import Options
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.programs import chatpeer, chatserver, operating
from twisted_messenger.programs.sayhelp import SayOptions
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.wire import parse

ROOT = Path(__file__).resolve().parent.parent
_NAMES = (
    *("README.rst", "docs/tutorial.rst", "docs/embedding.rst", "docs/comparison.rst"),
    *("docs/commands.rst", "docs/door.rst"),
)
PAGES = [ROOT / name for name in _NAMES]

# A block, from the comment in front of it to the end of what is indented.
_BLOCK = re.compile(
    r"^(?P<unrun>\.\. not run: .+(?:\n +.+)*\n\n)?"
    r"(?:\.\. code-block:: (?P<language>\w+)\n(?: +:caption: (?P<caption>.+)\n)?"
    r"|(?!\.\. )(?:.*)::\n)"
    r"\n(?P<text>(?:(?:    .*)?\n)+)",
    re.MULTILINE,
)

_PROGRAMS: dict[str, Callable[[], Options]] = {
    "chatserver": chatserver.Options,
    "chatpeer": chatpeer.Options,
    "say": SayOptions,
    **{name: partial(operating.optionsOf, name) for name in ("status", "members", "retry")},
}

# What else the pages run, all of which a reader has or is told to install.
_COMMANDS = {"printf", "echo", "nc", "tail", "python3", "pip", "python", "kill", "curl", "export"}


@dataclass(frozen=True)
class Block:
    """
    A block of code in a page.

    :param caption: the name of the file that it is, if it is one.
    """

    page: str
    line: int
    language: str
    caption: str
    text: str

    @property
    def where(self) -> str:
        """
        For who looks for it.
        """
        return f"{self.page}:{self.line}"


def blocksOf(page: Path) -> list[Block]:
    """
    The blocks of a page, but those that cannot be run.
    """
    source = page.read_text(encoding="utf-8")
    return [
        Block(
            page.name,
            source.count("\n", 0, found.start("text")) + 1,
            found["language"] or "console",
            found["caption"] or "",
            dedent(found["text"]),
        )
        for found in _BLOCK.finditer(source)
        if not found["unrun"]
    ]


def _blocks(language: str) -> list[Block]:
    found = [block for page in PAGES for block in blocksOf(page)]
    return [block for block in found if block.language == language and not block.caption]


@pytest.mark.parametrize("block", _blocks("python"), ids=lambda block: block.where)
def test_python(block: Block) -> None:
    """
    It does what it says, with a reactor and an application that the reader has.
    """
    network, application = MemoryNetwork(), MultiService()
    code = compile(block.text, block.where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {"reactor": network, "application": application, "__name__": "page"}
    result: Any = FunctionType(code, names)()
    application.startService()
    network.settle()
    if isinstance(result, CoroutineType):
        done = Deferred.fromCoroutine(result)
        network.advance(60)
        SynchronousTestCase().successResultOf(done)
    application.stopService()
    network.advance(60)


def _commands(block: Block) -> list[list[str]]:
    """
    The commands of a block, word by word. Where it shows a prompt, what has none is output.
    """
    lines = block.text.replace("\\\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    found: list[list[str]] = [[]]
    for line in lines:
        for word in [*shlex.split(line, comments=True), "|"]:
            if word in ("|", "&&"):
                found.append([])
            else:
                found[-1].append(word)
    return [command for command in found if command]


def _checkOptions(program: str, words: list[str]) -> None:
    known = _PROGRAMS[program]()
    for word in words:
        if word.startswith("--"):
            name = word[2:].partition("=")[0]
            assert name in known.longOpt or f"{name}=" in known.longOpt, (program, word)


@pytest.mark.parametrize("block", _blocks("console"), ids=lambda block: block.where)
def test_console(block: Block) -> None:
    """
    Its commands are known, ours have these options, and the room understands what is sent to it.
    """
    for command in _commands(block):
        name = command[0].rpartition("/")[2]
        program = next((word for word in command if word in _PROGRAMS), None)
        if program is not None:
            _checkOptions(program, command[command.index(program) + 1 :])
        else:
            assert name in _COMMANDS, command
        if name == "printf":
            parse((command[1] % tuple(map(int, command[2:]))).encode())
        for file in re.findall(r"examples/\S+\.py", " ".join(command)):
            assert (ROOT / file).exists(), file


def test_blocks() -> None:
    """
    No block is overlooked: every one that a page has is found, or its reason is.
    """
    for page in PAGES:
        source = page.read_text(encoding="utf-8")
        begun = re.findall(r"^(?:\.\. code-block::.*|(?!\.\. ).*::)$", source, re.MULTILINE)
        assert len(begun) == len(_BLOCK.findall(source)), page


# What an installer would look for in an index: the name alone, or with extras.
_FROM_AN_INDEX = re.compile(r"(?:install|add|--from|--with)\W+twisted[_-]messenger(?![\w/.-])")


def test_noIndex() -> None:
    """
    Nobody is told to install from an index what is not there; the mend names what is.
    """
    assert _FROM_AN_INDEX.search("pipx install 'twisted_messenger[console]'")
    assert not _FROM_AN_INDEX.search("pip install ./twisted_messenger-0.1.0.tar.gz")
    files = [*ROOT.glob("*.rst"), *(ROOT / "docs").glob("*.rst")]
    for folder in ("twisted_messenger", "twisted", "examples"):
        files += (ROOT / folder).rglob("*.py")
    told = [file.name for file in files if _FROM_AN_INDEX.search(file.read_text(encoding="utf-8"))]
    assert told == []
