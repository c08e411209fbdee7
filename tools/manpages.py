"""
The manual pages, from the text of ``--help``: ``python -m tools.manpages man``.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from twisted_messenger.programs import chatpeer, chatserver
from twisted_messenger.programs.copyoptions import BackupOptions, CopyOptions
from twisted_messenger.programs.operating import optionsOf
from twisted_messenger.programs.sayhelp import SayOptions
from twisted_messenger.programs.script import COMMANDS, OPERATING
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.version import VERSION

_OPTIONS: dict[str, Callable[[], TapOptions]] = {
    "chatserver": chatserver.Options,
    "chatpeer": chatpeer.Options,
    "say": SayOptions,
    "backup": BackupOptions,
    "copy": CopyOptions,
    **{command: partial(optionsOf, command) for command in OPERATING},
}

_ALL = {**COMMANDS, **OPERATING}


def pages() -> Iterator[tuple[str, str]]:
    """
    All pages.

    :returns: the name of each file, and its text.
    """
    yield "twisted-messenger.1", _overview()
    for command, make in _OPTIONS.items():
        yield f"twisted-messenger-{command}.1", _page(command, make())


def _overview() -> str:
    rows = []
    for usage, meaning in _ALL.values():
        command = usage.split()[0]
        rows += [
            ".TP",
            f"\\fB{_roff(usage)}\\fR",
            _roff(f"{meaning}: twisted-messenger-{command}(1)"),
        ]
    return "\n".join(
        [
            *_head("twisted-messenger", "chat and push over raw TCP"),
            "\\fBtwisted\\-messenger\\fR \\fICOMMAND\\fR [options]",
            ".SH COMMANDS",
            *rows,
            "",
        ]
    )


def _page(command: str, options: TapOptions) -> str:
    _, meaning = _ALL[command]
    words = options.synopsis.removeprefix("Usage: ").removeprefix(f"twisted-messenger {command}")
    lines = [
        *_head(f"twisted-messenger-{command}", meaning),
        f"\\fBtwisted\\-messenger {command}\\fR {_roff(words.strip())}",
        ".SH DESCRIPTION",
        _roff(options.longdesc),
        ".SH OPTIONS",
    ]
    for option in sorted(options.longOpt):
        lines += [".TP", *_option(options, option)]
    return "\n".join([*lines, ".SH SEE ALSO", "\\fBtwisted\\-messenger\\fR(1)", ""])


def _head(name: str, meaning: str) -> list[str]:
    title = name.upper().replace("-", "\\-")
    return [
        f'.TH {title} 1 "" "twisted_messenger {VERSION}" "User Commands"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(meaning)}",
        ".SH SYNOPSIS",
    ]


def _option(options: TapOptions, option: str) -> list[str]:
    name = option.removesuffix("=")
    short = [key for key, long in options.synonyms.items() if long == name and len(key) == 1]
    spelt = [*(f"-{key}" for key in short), f"--{option}"]
    meaning = " ".join(options.docs[name].split())
    default = options.defaults.get(name)
    if option.endswith("=") and default is not None:
        meaning += f" [default: {default}]"
    return [", ".join(f"\\fB{_roff(word)}\\fR" for word in spelt), _roff(meaning)]


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main() -> None:
    """
    Write the pages into a folder.
    """
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, text in pages():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
