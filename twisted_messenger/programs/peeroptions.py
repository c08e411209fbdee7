"""
The options of ``twistd chatpeer``, and the questions that it asks for what is missing.
"""

import os
import sys
from collections.abc import Mapping

from twisted.python.usage import UsageError

from twisted_messenger.hostport import BadAddress, readAddress
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.peer.addressbook import readFriend
from twisted_messenger.peer.leaving import LINGER
from twisted_messenger.programs.peerport import checkHost
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.terminal.choice import BELLS, Wishes
from twisted_messenger.terminal.keptlog import openLog
from twisted_messenger.terminal.stdio import STDIN, STDOUT

#: What the environment may say in place of --server and --name.
SERVER_VARIABLE = "TWISTED_MESSENGER_SERVER"
NAME_VARIABLE = "TWISTED_MESSENGER_NAME"

_DEFAULT_HOST = "localhost"
_DEFAULT_PORT = 8881
_DAY = 86_400

# The tutorial has no blank after this question mark.
_FRIENDS_PORT = "what is your friend's port?"


def isTerminal() -> bool:
    """
    Whether a person can be asked.
    """
    return os.isatty(STDIN) and os.isatty(STDOUT)


def ask(prompt: str) -> str:
    """
    Ask the person; it blocks.

    :returns: the answer, trimmed; empty at the end of input.
    """
    try:
        return input(prompt).strip()
    except EOFError:
        return ""
    except KeyboardInterrupt:
        sys.exit("")


class Options(TapOptions):
    """
    The options of ``twistd chatpeer``.

    :param environ: what may stand in place of options.
    """

    command = "chatpeer"
    synopsis = "[options]"
    longdesc = (
        "Talk from a terminal: to friends (--friend), or in a room (--server and --name). "
        "Every line you type is sent; what arrives is printed, and /help lists the commands. A "
        "friend who is not there yet gets your lines later, in order. Start it with twistd -n. "
        "Without --friend and --server it asks on a terminal, and elsewhere only receives. "
        "In a pipe, every line is a message and nothing is a command; standard output has "
        "messages only, notices go to standard error. At the end of piped input it sends what "
        "waits for a friend and exits, with status 1 if something is unsent; in a room it stays. "
        "The keys, and how it works with a screen reader, are in docs/chatpeer.rst."
    )

    optParameters = [
        [
            "host",
            None,
            None,
            "Listen on this address, and give it to the server: one that friend or server can "
            "reach [default: localhost]",
        ],
        [
            "port",
            "p",
            None,
            "Listen on this TCP port [default: 8881; in a pipe that talks, a free one if that is "
            "taken]",
        ],
        [
            "callback",
            None,
            None,
            "Let the server call back at this HOST:PORT, which leads to --host and --port: for a "
            "container, an address translation or a forwarded port",
        ],
        [
            "server",
            "s",
            None,
            f"Join the room at this HOST:PORT [default: ${SERVER_VARIABLE}, without --friend]",
        ],
        ["name", None, None, f"Your name in the room [default: ${NAME_VARIABLE}]"],
        [
            "bell",
            None,
            "off",
            "Ring the terminal's bell: off; all, at each message; name, at each with your name",
        ],
        ["log", None, None, "Write what is said, with date and time, to the end of this file"],
        [
            "linger",
            None,
            LINGER,
            "Seconds to wait for an absent friend at the end of piped input; each line that is "
            "taken begins them anew",
        ],
    ]

    optFlags = [
        [
            "plain",
            None,
            "Only append lines, as screen readers like it: no prompt, no colours; ACCESSIBLE=1 in "
            "the environment does the same",
        ],
        ["json", None, "Print each message as one JSON object on a line"],
        ["time", None, "Print the time of day in front of each message"],
        [
            "no-history",
            None,
            "Do not keep the lines you type for the next start, in ~/.local/state",
        ],
    ]

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self["friends"] = []
        self._environ = environ

    def opt_friend(self, text: str) -> None:
        """
        Talk to this [NAME=]HOST:PORT; repeatable: the first hears you, /to NAME reaches the others
        """
        try:
            self["friends"].append(readFriend(text))
        except BadAddress as problem:
            raise UsageError(f"--friend {text}: {problem}") from None

    opt_f = opt_friend

    def postOptions(self) -> None:
        """
        Ask for what is missing, then check everything.

        :raises UsageError: the text names the option and what it takes.
        """
        super().postOptions()
        if not self.foreground:
            raise UsageError("it talks to your terminal: use twistd -n chatpeer")
        self._readEnvironment()
        if self["friends"] and self["server"]:
            raise UsageError("give --friend or --server, not both")
        if self["name"] and not self["server"]:
            raise UsageError("--name is for a room: give --server HOST:PORT too")
        if self["callback"] and not self["server"]:
            raise UsageError("--callback is for a room: give --server HOST:PORT too")
        if isTerminal():
            self._ask()
        if self["server"] and not self["name"]:
            raise UsageError("give --name, the name to speak under")
        self._checkAddresses()
        self["linger"] = self.number("linger", float, 0, _DAY)
        if self["bell"] not in BELLS:
            raise UsageError(f"--bell {self['bell']}: give {', '.join(BELLS)}")
        if self["name"]:
            try:
                self["name"] = cleanName(self["name"])
            except BadName as problem:
                raise UsageError(f"--name {self['name']!r}: {problem}") from None

        if self["log"]:
            self["log"] = self._opened(self["log"])

    def _readEnvironment(self) -> None:
        if not self["friends"]:
            self["server"] = self["server"] or self._environ.get(SERVER_VARIABLE)
        if self["server"]:
            self["name"] = self["name"] or self._environ.get(NAME_VARIABLE)

    def _opened(self, path: str) -> int:
        try:
            return openLog(path)
        except OSError as error:
            raise UsageError(f"--log {path}: {error.strerror}") from None

    def _checkAddresses(self) -> None:
        if self["host"] is None:
            self["host"] = _DEFAULT_HOST
        # Who is called back must be where others look; who talks first tells them.
        self["portNeeded"] = bool(self["port"] or self["callback"] or os.isatty(STDIN))
        if self["port"] is None:
            self["port"] = _DEFAULT_PORT
        self["host"] = self["host"].removeprefix("[").removesuffix("]")
        try:
            checkHost(self["host"])
        except ValueError as problem:
            raise UsageError(
                f"--host {self['host']}: {problem}; give an address of this machine"
            ) from None
        self["port"] = self.number("port", int, 0, 65535)
        for option in ("server", "callback"):
            if self[option]:
                try:
                    self[option] = readAddress(self[option])
                except BadAddress as problem:
                    raise UsageError(f"--{option} {self[option]}: {problem}") from None
        self["interface"] = self["host"]
        if self["callback"]:
            self["host"] = self["callback"][0]

    def _ask(self) -> None:
        """
        The tutorial's questions, in its words; no answer takes the default.
        """
        if self["server"]:
            self["name"] = self["name"] or ask("user name: ")
            return
        if self["friends"]:
            return
        self["host"] = self["host"] or ask("which is my host? ") or None
        self["port"] = self["port"] or ask("which is my port? ") or None
        host = ask("what is your friend's host? ")
        if host:
            self.opt_friend(f"{host}:{ask(_FRIENDS_PORT)}")

    @property
    def wishes(self) -> Wishes:
        """
        What the options say about the console.
        """
        return Wishes(
            plain=bool(self["plain"]),
            json=bool(self["json"]),
            time=bool(self["time"]),
            bell=self["bell"],
            history=not self["no-history"],
        )
