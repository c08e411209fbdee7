"""
``twisted-messenger chatserver`` and ``twisted-messenger chatpeer``: twistd's own machinery, in the
foreground, for people who install one program with ``pipx`` or run it with ``uvx``. The other
commands do one thing and end.

Each command imports what it needs itself: ``say`` starts often, and needs no Twisted.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from twisted_messenger.errors import MessengerError, StartError
from twisted_messenger.programs.standardio import fillDescriptors, standardOutput

_SERVICES = ("chatserver", "chatpeer")

#: Each command, how it is written, and what it does.
COMMANDS = {
    "chatserver": ("chatserver", "run a chat room"),
    "chatpeer": ("chatpeer", "talk to a friend or in a room"),
    "say": ("say [TEXT]", "say something to a room, and end"),
    "backup": ("backup STORE FILE", "write a room into a file"),
    "copy": ("copy FROM TO", "move a room to another store"),
}

#: The same of those for who runs a room, where its server runs or with ``--door``.
OPERATING = {
    "status": ("status", "how a room is, in a few lines"),
    "members": ("members", "who is a member, and how each is"),
    "waiting": ("waiting", "for whom messages wait"),
    "counters": ("counters", "what was counted"),
    "tail": ("tail [-n N] [-f]", "what is said"),
    "announce": ("announce TEXT", "say something as the server"),
    "retry": ("retry NAME", "try a member at once"),
    "pause": ("pause NAME", "push nothing to a member"),
    "resume": ("resume NAME", "push to it again"),
    "evict": ("evict NAME", "remove a member"),
}

# The commands that are no services, and the module that has a function of that name.
_TOOLS = {
    "say": "saying",
    "backup": "copying",
    "copy": "copying",
}


def _listOf(commands: Mapping[str, tuple[str, str]]) -> str:
    return "\n".join(f"  {usage:17}   {meaning}" for usage, meaning in commands.values())


_USAGE = f"""\
Usage: twisted-messenger COMMAND [options]

{_listOf(COMMANDS)}

For who runs a room, where its server runs, or with --door URL:

{_listOf(OPERATING)}

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
    try:
        fillDescriptors()
        _run(given)
    except MessengerError as error:
        tool = [given[0]] if given and given[0] in _TOOLS else []
        sys.exit(f"{' '.join(['twisted-messenger', *tool])}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _run(given: list[str]) -> None:
    if not given or given[0] in ("-h", "--help"):
        with standardOutput():
            print(_USAGE)
    elif given[0] == "--version":
        from twisted_messenger.programs.tap import versionOf

        with standardOutput():
            print(versionOf("twisted-messenger"))
    elif given[0] in _TOOLS:
        module = import_module(f"twisted_messenger.programs.{_TOOLS[given[0]]}")
        tool: Callable[[Sequence[str]], None] = getattr(module, given[0])
        tool(given[1:])
    elif given[0] in OPERATING:
        from twisted_messenger.programs.operating import operate

        operate(given[0], given[1:])
    elif set(given) & set(_SERVICES):
        _serve(given)
    else:
        raise StartError(f"give one of {', '.join([*COMMANDS, *OPERATING])} (--help)")


def _serve(given: list[str]) -> None:
    from twisted.scripts.twistd import run

    # It reads the process's arguments itself.
    sys.argv[1:] = ["-n", *given]
    try:
        run()
    except OSError as error:
        # A file or a folder that twistd's own options name.
        raise StartError(f"{error.filename or ''}: {error.strerror}".removeprefix(": ")) from None
    except KeyError as error:
        # So it is with a user.
        raise StartError(str(error.args[0])) from None
