"""
A build bot: somebody says "build docs" in a room, it runs COMMAND... docs, and says how that ended.

Run it with ``.venv/bin/python examples/build_bot.py HOST:PORT COMMAND...``.
"""

import re
import sys
from typing import Any

from twisted.internet import defer, task, utils

from twisted_messenger import Heard, MemberOptions, RoomClient

_ORDER = re.compile(r"build (\w+)")


class BuildBot:
    """Hears orders, and builds one after the other."""

    def __init__(self, reactor: Any, server: str, command: str, *arguments: str) -> None:
        self._reactor = reactor
        self._command = command
        self._arguments = arguments
        # What it hears is delivered when the build is done: one at a time, and again after a crash.
        # With ack, the room knows that this takes long.
        slow = MemberOptions(ack=True)
        self.client = RoomClient(reactor, server, "builds", self.heard, options=slow)

    async def heard(self, message: Heard) -> None:
        """Build what somebody wants to have."""
        order = _ORDER.fullmatch(message.text)
        if order is None:
            return
        target = order[1]
        self.client.say(f"building {target} for {message.name}")
        output, _, status = await utils.getProcessOutputAndValue(
            self._command, [*self._arguments, target], None, reactor=self._reactor
        )
        last = output.decode("utf-8", "replace").strip().rpartition("\n")[2]
        self.client.say(f"{target} is {'red' if status else 'green'}: {last}")


async def main(reactor: Any, server: str, *command: str) -> None:
    client = BuildBot(reactor, server, *command).client
    client.startService()
    print(await client.joined, flush=True)
    await defer.Deferred()


task.react(main, sys.argv[1:])
