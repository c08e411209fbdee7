"""
``twisted-messenger members`` and the other commands for who runs a room.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from twisted.python.usage import UsageError

from twisted_messenger.errors import MessengerError, StartError
from twisted_messenger.operate.commands import Desk, screenWidth
from twisted_messenger.operate.doorclient import DoorAway, DoorClient, DoorRefused
from twisted_messenger.operate.doors import findDoor
from twisted_messenger.programs.standardio import standardOutput
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.text import escapeLine

_REFUSED = 1
_USAGE = 2
_AWAY = 75

# As of one page over HTTP.
_MOST_LINES = 1000

_MOST_SHOWN = 500

_DOOR = (
    "It asks the room's control socket, which the server makes where it runs; elsewhere give "
    "--door. The exit status is 0; 1 where the room says no; 2 where the command line is wrong; "
    "75 where nobody is there or nothing is done now."
)


class OperatorOptions(TapOptions):
    """
    The options of a command that asks a door.

    :param name: of the command.
    :param act: does it, at the desk.
    :param purpose: what it is for, in sentences.
    """

    optParameters: ClassVar[list[list[Any]]] = [
        [
            "door",
            None,
            None,
            "The room's http://HOST:PORT, or the path of its control socket; else what "
            "TWISTED_MESSENGER_DOOR says, or the only *.control in this folder",
        ],
        ["token", None, None, "The file with the token, where the door is a URL"],
    ]
    optFlags: ClassVar[list[list[Any]]] = [["json", None, "Print JSON, for programs"]]

    #: What stands after the options.
    takes = ""

    def __init__(self, name: str, act: Callable[..., None], purpose: str) -> None:
        self.command = f"twisted-messenger {name}"
        self.synopsis = f"Usage: {self.command} [options] {self.takes}".rstrip()
        self.longdesc = f"{purpose} {_DOOR}"
        self._act = act
        super().__init__()

    def parseOptions(self, options: Any = None) -> None:
        """
        Parse, and end the program with status 2 where that fails.
        """
        try:
            super().parseOptions(options)
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
                raise SystemExit(_USAGE) from None
            raise

    def run(self) -> None:
        """
        Do it.

        :raises MessengerError: it was not done.
        """
        desk = Desk(self._door(), bool(self["json"]), _print, screenWidth(), self.complain)
        self._act(desk, *self.arguments())

    def arguments(self) -> Sequence[Any]:
        """
        What the command is given besides.
        """
        return ()

    def complain(self, text: str) -> None:
        """
        Tell what went wrong, besides what is printed.
        """
        with suppress(OSError):
            # Much of it is what an answer said, whoever answers there.
            shown = escapeLine(text.strip(), _MOST_SHOWN)
            print(f"{self.command}: {shown}", file=sys.stderr, flush=True)

    def _door(self) -> DoorClient:
        path = self["token"]
        try:
            token = Path(path).read_text(encoding="utf-8").strip() if path else ""
        except (OSError, UnicodeError) as error:
            raise StartError(f"--token {path}: {getattr(error, 'strerror', error)}") from None
        return DoorClient(findDoor(self["door"]), token)


def _print(line: str) -> None:
    print(line, flush=True)


class TailOptions(OperatorOptions):
    """
    Those of ``tail``.
    """

    optParameters: ClassVar[list[list[Any]]] = [
        ["lines", "n", 10, f"How many messages, at most {_MOST_LINES}"]
    ]
    optFlags: ClassVar[list[list[Any]]] = [["follow", "f", "Go on with what is said from now on"]]

    def postOptions(self) -> None:
        """
        Look at the number.
        """
        super().postOptions()
        self["lines"] = self.number("lines", int, 0, _MOST_LINES)

    def arguments(self) -> Sequence[Any]:
        """
        How many, and whether to go on.
        """
        return self["lines"], bool(self["follow"])


class TextOptions(OperatorOptions):
    """
    Those of a command that is given a text.
    """

    takes = "TEXT ..."

    def parseArgs(self, *words: str) -> None:
        """
        Take the text.
        """
        self["text"] = " ".join(words)
        if not self["text"].strip():
            raise UsageError("give TEXT")

    def arguments(self) -> Sequence[Any]:
        """
        What to say.
        """
        return (self["text"],)


class NameOptions(OperatorOptions):
    """
    Those of a command that is given a member.
    """

    takes = "NAME"

    def parseArgs(self, *names: str) -> None:
        """
        Take the name.
        """
        if len(names) != 1:
            raise UsageError("give one NAME, after the options; quote it where it has blanks")
        self["name"] = names[0]

    def arguments(self) -> Sequence[Any]:
        """
        Whose.
        """
        return (self["name"],)


# Each command: its options, what does it, and what it is for.
_COMMANDS: dict[str, tuple[type[OperatorOptions], Callable[..., None], str]] = {
    "status": (
        OperatorOptions,
        Desk.status,
        "Says in a few lines how the room is: who is in trouble, why, and what happens next. The "
        "status is 0 whatever it shows.",
    ),
    "members": (
        OperatorOptions,
        Desk.members,
        "Lists the members, those in trouble first: how far behind, and why.",
    ),
    "waiting": (OperatorOptions, Desk.waiting, "Lists for whom messages wait, and how many."),
    "counters": (
        OperatorOptions,
        Desk.counters,
        "Lists what the server has counted since its start; where several nodes share a room, the "
        "one that is asked.",
    ),
    "tail": (
        TailOptions,
        Desk.tail,
        "Prints what was said last, a line NAME: TEXT for each message, and with --follow what is "
        "said from now on, until it is interrupted; across restarts of the server, too.",
    ),
    "announce": (
        TextOptions,
        Desk.announce,
        "Says something to everybody as the server itself. Words are joined by blanks.",
    ),
    "retry": (NameOptions, Desk.retry, "Tries a member at once that would be tried later."),
    "pause": (
        NameOptions,
        Desk.pause,
        "Pushes nothing to a member until it is resumed, whatever happens: what is said waits for "
        "it, within the limits of the store, and it is not given up.",
    ),
    "resume": (
        NameOptions,
        Desk.resume,
        "Lets a paused member have what it missed, and what follows.",
    ),
    "evict": (
        NameOptions,
        Desk.evict,
        "Removes a member: its address, its key and what waits for it are forgotten, and its name "
        "is free. It may register again.",
    ),
}


def optionsOf(name: str) -> OperatorOptions:
    """
    The options of a command.
    """
    kind, act, purpose = _COMMANDS[name]
    return kind(name, act, purpose)


def operate(name: str, arguments: Sequence[str]) -> None:
    """
    Run a command, and end the program with its status where it was not done.
    """
    options = optionsOf(name)
    options.parseOptions(arguments)
    try:
        with standardOutput():
            options.run()
    except MessengerError as error:
        options.complain(str(error))
        sys.exit(_statusOf(error))


def _statusOf(error: MessengerError) -> int:
    if isinstance(error, DoorAway):
        return _AWAY
    return _REFUSED if isinstance(error, DoorRefused) else _USAGE
