"""
``twistd chatpeer``: options, the questions it asks, and the service they describe.
"""

import re
from typing import Any

from twisted.application.service import IService
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.python.usage import UsageError

from twisted_messenger.connections import MAX_CONNECTIONS
from twisted_messenger.console import (
    StandardInput,
    ask,
    fromFriend,
    fromRoom,
    isTerminal,
    notice,
    show,
)
from twisted_messenger.listener import Listener
from twisted_messenger.outbox import Outbox
from twisted_messenger.peer import PeerReceiverFactory
from twisted_messenger.peerservice import Friendship, PeerService, RoomMembership
from twisted_messenger.push import PushCreator
from twisted_messenger.receipt import ReceiptFactory
from twisted_messenger.sockets import LISTEN_BACKLOG, descriptorBudget
from twisted_messenger.tap import TapOptions, TapService, endWith, useSteadyTime
from twisted_messenger.text import BadName, cleanName

_DEFAULT_HOST = "localhost"
_DEFAULT_PORT = 8881


class Options(TapOptions):
    """
    The options of ``twistd chatpeer``.
    """

    command = "chatpeer"
    synopsis = "[options]"
    longdesc = (
        "Talk from a terminal: to a friend (--friend), or in a room (--server and --name). "
        "Every line you type is sent; what arrives is printed. Who is not there yet gets your "
        "lines later, in order. Start it with twistd -n. "
        "Without --friend and --server it asks on a terminal, and elsewhere only receives. "
        "At the end of piped input it goes on receiving; a terminal passes on at most 4095 bytes "
        "of a line."
    )

    optParameters = [
        [
            "host",
            None,
            None,
            "Listen on this address, and give it to the server: one that friend or server can "
            "reach [default: localhost]",
        ],
        ["port", "p", None, "Listen on this TCP port [default: 8881]"],
        ["friend", "f", None, "Talk to this HOST:PORT, without a server"],
        ["server", "s", None, "Join the room at this HOST:PORT"],
        ["name", None, None, "Your name in the room"],
    ]

    def postOptions(self) -> None:
        """
        Ask for what is missing, then check everything.

        :raises UsageError: the text names the option and what it takes.
        """
        super().postOptions()
        if not self.foreground:
            raise UsageError("it talks to your terminal: use twistd -n chatpeer")
        if self["friend"] and self["server"]:
            raise UsageError("give --friend or --server, not both")
        if self["name"] and not self["server"]:
            raise UsageError("--name is for a room: give --server HOST:PORT too")
        if isTerminal():
            self._ask()
        if self["server"] and not self["name"]:
            raise UsageError("give --name, the name to speak under")
        if self["host"] is None:
            self["host"] = _DEFAULT_HOST
        if self["port"] is None:
            self["port"] = _DEFAULT_PORT
        if "|" in self["host"]:
            raise UsageError(f"--host {self['host']}: give an address or a host name")
        self["port"] = self.number("port", int, 0, 65535)
        for option in ("friend", "server"):
            if self[option]:
                self[option] = _readAddress(option, self[option])
        if self["name"]:
            try:
                self["name"] = cleanName(self["name"])
            except BadName as problem:
                raise UsageError(f"--name {self['name']!r}: {problem}") from None

    def _ask(self) -> None:
        """
        The tutorial's questions, in its words; no answer takes the default.
        """
        if self["server"]:
            self["name"] = self["name"] or ask("user name: ")
            return
        if self["friend"]:
            return
        self["host"] = self["host"] or ask("which is my host? ") or None
        self["port"] = self["port"] or ask("which is my port? ") or None
        host = ask("what is your friend's host? ")
        if host:
            self["friend"] = f"{host}:{ask(_FRIENDS_PORT)}"


# The tutorial has no blank behind this question mark.
_FRIENDS_PORT = "what is your friend's port?"


def _readAddress(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip().removeprefix("[").removesuffix("]")
    if host and re.fullmatch("[0-9]{1,5}", port, re.ASCII) and 1 <= int(port) <= 65535:
        return host, int(port)
    raise UsageError(f"--{option} {text}: give HOST:PORT, as in localhost:8880")


def makeService(config: Options, reactor: Any = None) -> IService:
    """
    Assemble a peer.

    :param config: parsed options.
    :param reactor: the running program's where ``None``.
    """
    if reactor is None:
        from twisted.internet import reactor
    useSteadyTime(reactor)
    service = TapService(config, quiet=True)
    shown = fromRoom if config["server"] else fromFriend
    receiver = PeerReceiverFactory(lambda address, text: show(shown(address, text)))
    host, port = config["host"], config["port"]
    endpoint = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
    listener = Listener(f"--port {port}", endpoint(reactor, port, LISTEN_BACKLOG, interface=host))
    conversation = _conversation(config, reactor)
    terminal = None
    if conversation is not None:
        ended = reactor.stop if isTerminal() else lambda: None
        terminal = StandardInput(conversation.say, ended)
    factory = ReceiptFactory(
        receiver, reactor, maxConnections=min(MAX_CONNECTIONS, descriptorBudget())
    )
    PeerService(reactor, listener, factory, conversation, terminal, notice).setServiceParent(
        service
    )
    return service


def _conversation(config: Options, reactor: Any) -> RoomMembership | Friendship | None:
    address = config["server"] or config["friend"]
    if not address:
        return None
    host, port = address
    outbox = Outbox(PushCreator(reactor), reactor, host, port, notice)
    if config["friend"]:
        return Friendship(outbox, notice)

    def refused(line: str) -> None:
        notice(line)
        endWith(1)
        reactor.stop()

    return RoomMembership(outbox, config["name"], config["host"], notice, refused)
