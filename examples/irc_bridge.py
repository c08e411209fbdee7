"""
A bridge to IRC: what is said in a room is said in a channel, and the other way round.

Run it with ``.venv/bin/python examples/irc_bridge.py HOST:PORT IRCHOST:PORT CHANNEL [PASSWORD]``.
"""

import sys
from typing import Any

from twisted.application.internet import ClientService
from twisted.internet import defer, endpoints, protocol, task
from twisted.words.protocols.irc import IRCClient

from twisted_messenger import Heard, Refusal, RoomClient


class _Channel(IRCClient):
    nickname = "room"
    password: Any = None
    lineRate: Any = 1  # second between messages: who says more is thrown out.

    def signedOn(self) -> None:
        self.join(self.factory.name)

    def joined(self, channel: str) -> None:
        self.factory.channel = self

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        self.factory.channel = None
        super().connectionLost(reason)

    def privmsg(self, user: str, channel: str, message: str) -> None:
        if channel.lower() == self.factory.name.lower():
            self.factory.client.say(f"<{user.partition('!')[0]}> {message}")


class _Bridge(protocol.ClientFactory):
    protocol = _Channel
    channel: _Channel | None = None

    def __init__(self, reactor: Any, room: str, name: str) -> None:
        self.name, self.client = name, RoomClient(reactor, room, "irc", self._heard)

    def _heard(self, message: Heard) -> Refusal | None:
        if self.channel is None:
            return Refusal("no_irc", transient=True)  # The room tries again.
        self.channel.say(self.name, f"<{message.name}> {message.text}")
        return None


async def main(reactor: Any, room: str, server: str, name: str, password: str = "") -> None:
    _Channel.password = password
    bridge: Any = _Bridge(reactor, room, name)
    ClientService(endpoints.clientFromString(reactor, f"tcp:{server}"), bridge).startService()
    bridge.client.startService()
    await defer.Deferred()


task.react(main, sys.argv[1:])
