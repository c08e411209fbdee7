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

    #: What is done with the desk.
    act: ClassVar[Callable[..., None]]

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
        type(self).act(desk, *self.arguments())

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


class MembersOptions(OperatorOptions):
    """
    The options of ``twisted-messenger members``.
    """

    command = "twisted-messenger members"
    synopsis = "Usage: twisted-messenger members [options]"
    longdesc = f"Lists the members, those in trouble first: how far behind, and why. {_DOOR}"
    act = Desk.members


class WaitingOptions(OperatorOptions):
    """
    The options of ``twisted-messenger waiting``.
    """

    command = "twisted-messenger waiting"
    synopsis = "Usage: twisted-messenger waiting [options]"
    longdesc = f"Lists for whom messages wait, and how many. {_DOOR}"
    act = Desk.waiting


class CountersOptions(OperatorOptions):
    """
    The options of ``twisted-messenger counters``.
    """

    command = "twisted-messenger counters"
    synopsis = "Usage: twisted-messenger counters [options]"
    longdesc = (
        "Lists what the server has counted since its start; where several nodes share a room, the "
        f"one that is asked. {_DOOR}"
    )
    act = Desk.counters


class StatusOptions(OperatorOptions):
    """
    The options of ``twisted-messenger status``.
    """

    command = "twisted-messenger status"
    synopsis = "Usage: twisted-messenger status [options]"
    longdesc = (
        "Says in a few lines how the room is: who is in trouble, why, and what happens next. The "
        f"status is 0 whatever it shows. {_DOOR}"
    )
    act = Desk.status


class TailOptions(OperatorOptions):
    """
    The options of ``twisted-messenger tail``.
    """

    command = "twisted-messenger tail"
    synopsis = "Usage: twisted-messenger tail [options]"
    longdesc = (
        "Prints what was said last, a line NAME: TEXT for each message, and with --follow what is "
        f"said from now on, until it is interrupted; across restarts of the server, too. {_DOOR}"
    )
    optParameters: ClassVar[list[list[Any]]] = [
        ["lines", "n", 10, f"How many messages, at most {_MOST_LINES}"]
    ]
    optFlags: ClassVar[list[list[Any]]] = [["follow", "f", "Go on with what is said from now on"]]
    act = Desk.tail

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


class AnnounceOptions(OperatorOptions):
    """
    The options of ``twisted-messenger announce``.
    """

    command = "twisted-messenger announce"
    synopsis = "Usage: twisted-messenger announce [options] TEXT ..."
    longdesc = (
        f"Says something to everybody as the server itself. Words are joined by blanks. {_DOOR}"
    )
    act = Desk.announce

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


class _NameOptions(OperatorOptions):
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


class EvictOptions(_NameOptions):
    """
    The options of ``twisted-messenger evict``.
    """

    command = "twisted-messenger evict"
    synopsis = "Usage: twisted-messenger evict [options] NAME"
    longdesc = (
        "Removes a member: its address, its key and what waits for it are forgotten, and its name "
        f"is free. It may register again. {_DOOR}"
    )
    act = Desk.evict


class RetryOptions(_NameOptions):
    """
    The options of ``twisted-messenger retry``.
    """

    command = "twisted-messenger retry"
    synopsis = "Usage: twisted-messenger retry [options] NAME"
    longdesc = f"Tries a member at once that would be tried later. {_DOOR}"
    act = Desk.retry


class PauseOptions(_NameOptions):
    """
    The options of ``twisted-messenger pause``.
    """

    command = "twisted-messenger pause"
    synopsis = "Usage: twisted-messenger pause [options] NAME"
    longdesc = (
        "Pushes nothing to a member until it is resumed, whatever happens: what is said waits for "
        f"it, within the limits of the store, and it is not given up. {_DOOR}"
    )
    act = Desk.pause


class ResumeOptions(_NameOptions):
    """
    The options of ``twisted-messenger resume``.
    """

    command = "twisted-messenger resume"
    synopsis = "Usage: twisted-messenger resume [options] NAME"
    longdesc = f"Lets a paused member have what it missed, and what follows. {_DOOR}"
    act = Desk.resume


#: The options of each command.
OPTIONS: dict[str, type[OperatorOptions]] = {
    "status": StatusOptions,
    "members": MembersOptions,
    "waiting": WaitingOptions,
    "counters": CountersOptions,
    "tail": TailOptions,
    "announce": AnnounceOptions,
    "retry": RetryOptions,
    "pause": PauseOptions,
    "resume": ResumeOptions,
    "evict": EvictOptions,
}


def _runner(options: type[OperatorOptions]) -> Callable[[Sequence[str]], None]:
    def run(arguments: Sequence[str]) -> None:
        given = options()
        given.parseOptions(arguments)
        try:
            with standardOutput():
                given.run()
        except MessengerError as error:
            given.complain(str(error))
            sys.exit(_statusOf(error))

    return run


def _statusOf(error: MessengerError) -> int:
    if isinstance(error, DoorAway):
        return _AWAY
    return _REFUSED if isinstance(error, DoorRefused) else _USAGE


members = _runner(MembersOptions)
waiting = _runner(WaitingOptions)
counters = _runner(CountersOptions)
status = _runner(StatusOptions)
tail = _runner(TailOptions)
announce = _runner(AnnounceOptions)
evict = _runner(EvictOptions)
retry = _runner(RetryOptions)
pause = _runner(PauseOptions)
resume = _runner(ResumeOptions)
