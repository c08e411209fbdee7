"""
``twisted-messenger chatserver`` and ``twisted-messenger chatpeer``: twistd's own machinery, in the
foreground, for people who install one program with ``pipx`` or run it with ``uvx``. The other
commands do one thing and end.

Each command imports what it needs itself: ``say`` starts often, and needs no Twisted.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from twisted_messenger.errors import MessengerError

_SERVICES = ("chatserver", "chatpeer")

#: The commands that are no services, and the module that has a function of that name.
_TOOLS = {"say": "saying", "backup": "copying", "copy": "copying"}

_USAGE = """\
Usage: twisted-messenger chatserver [options]    run a chat room
       twisted-messenger chatpeer [options]      talk to a friend or in a room
       twisted-messenger say [options] [TEXT]    say something to a room, and end
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
    elif given[0] == "--version":
        from twisted_messenger.programs.tap import versionOf

        print(versionOf("twisted-messenger"))
    elif given[0] in _TOOLS:
        _use(*given)
    elif set(given) & set(_SERVICES):
        from twisted.scripts.twistd import run

        # It reads the process's arguments itself.
        sys.argv[1:] = ["-n", *given]
        run()
    else:
        sys.exit(f"twisted-messenger: give one of {', '.join([*_SERVICES, *_TOOLS])} (--help)")


def _use(name: str, *arguments: str) -> None:
    module = import_module(f"twisted_messenger.programs.{_TOOLS[name]}")
    tool: Callable[[Sequence[str]], None] = getattr(module, name)
    try:
        tool(arguments)
    except MessengerError as error:
        sys.exit(f"twisted-messenger {name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
