"""
``twisted-messenger chatserver`` and ``twisted-messenger chatpeer``: twistd's own machinery, in the
foreground, for people who install one program with ``pipx`` or run it with ``uvx``. The other
commands do one thing and end.
"""

import sys
from collections.abc import Callable, Sequence

from twisted.scripts.twistd import run

from twisted_messenger.errors import MessengerError
from twisted_messenger.programs.copying import backup, copy
from twisted_messenger.programs.tap import versionOf

_SERVICES = ("chatserver", "chatpeer")

_TOOLS: dict[str, Callable[[Sequence[str]], None]] = {"copy": copy, "backup": backup}

_USAGE = """\
Usage: twisted-messenger chatserver [options]    run a chat room
       twisted-messenger chatpeer [options]      talk to a friend or in a room
       twisted-messenger backup STORE FILE       write a room into a file
       twisted-messenger copy FROM TO            move a room to another store

chatserver and chatpeer do what twistd -n chatserver and twistd -n chatpeer do;
options of twistd, such as --logfile=FILE, stand in front of them. Each command
tells its options with --help."""


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run a command, in the foreground, until it ends.

    :param arguments: the command and its options, and twistd's before one of its programs; those of
        the process where ``None``.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(_USAGE)
        return
    if given[0] == "--version":
        print(versionOf("twisted-messenger"))
        return
    if given[0] in _TOOLS:
        _use(*given)
        return
    if not set(given) & set(_SERVICES):
        sys.exit(f"twisted-messenger: give one of {', '.join([*_SERVICES, *_TOOLS])} (--help)")
    # twistd reads the process's arguments itself.
    sys.argv[1:] = ["-n", *given]
    run()


def _use(name: str, *arguments: str) -> None:
    try:
        _TOOLS[name](arguments)
    except MessengerError as error:
        sys.exit(f"twisted-messenger {name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
