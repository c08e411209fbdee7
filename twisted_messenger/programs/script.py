"""
``twisted-messenger chatserver`` and ``twisted-messenger chatpeer``: twistd's own machinery, in the
foreground, for people who install one program with ``pipx`` or run it with ``uvx``.
"""

import sys
from collections.abc import Sequence

from twisted.scripts.twistd import run

from twisted_messenger.programs.tap import versionOf

_COMMANDS = ("chatserver", "chatpeer")

_USAGE = """\
Usage: twisted-messenger chatserver [options]    run a chat room
       twisted-messenger chatpeer [options]      talk to a friend or in a room

They do what twistd -n chatserver and twistd -n chatpeer do; each tells its
options with --help. Options of twistd, such as --logfile=FILE, stand in front
of the command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run a program in the foreground, until it ends.

    :param arguments: twistd's options, the command and its options; those of the process where
        ``None``.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(_USAGE)
        return
    if given[0] == "--version":
        print(versionOf("twisted-messenger"))
        return
    if not set(given) & set(_COMMANDS):
        sys.exit(f"twisted-messenger: give one of {', '.join(_COMMANDS)} (--help)")
    # twistd reads the process's arguments itself.
    sys.argv[1:] = ["-n", *given]
    run()
