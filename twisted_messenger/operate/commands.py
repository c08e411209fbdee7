"""
The commands: each asks the door, and prints what it answers.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from twisted_messenger.operate.doorclient import DoorClient, DoorRefused
from twisted_messenger.operate.following import follow, lastMessages
from twisted_messenger.operate.views import counterTable, memberTable, summary, waitingTable
from twisted_messenger.text import escapeLine, prefixLines

_SHOWN = 300


class Desk:
    """
    Where an operator sits: one door, and one screen.

    :param door: is asked.
    :param isJSON: whether a program reads what is printed.
    :param say: prints a line.
    :param width: of the screen; ``None`` where it is none.
    :param warn: tells what went wrong, besides.
    """

    def __init__(
        self,
        door: DoorClient,
        isJSON: bool,
        say: Callable[[str], object],
        width: int | None,
        warn: Callable[[str], object],
    ) -> None:
        self._door = door
        self._isJSON = isJSON
        self._say = say
        self._width = width
        self._warn = warn

    def members(self) -> None:
        """
        Who is a member, and how each is.
        """
        found = self._door.ask("/members")
        self._show(found, memberTable(found["members"], time.time(), self._width))

    def waiting(self) -> None:
        """
        For whom messages wait.
        """
        found = self._door.ask("/members")
        if not all("behind" in one for one in found["members"]):
            raise DoorRefused("what waits is shown to who has the token: give --token FILE")
        waiting = [one for one in found["members"] if one["behind"]]
        self._show({"members": waiting}, waitingTable(waiting, time.time(), self._width))

    def counters(self) -> None:
        """
        What was counted.
        """
        found = self._door.ask("/counters")
        self._show(found, counterTable(found["counters"], self._width))

    def status(self) -> None:
        """
        How the room is, in a few lines.
        """
        members = self._door.ask("/members")["members"]
        counters = self._door.ask("/counters")["counters"]
        lines = [escapeLine(line, _SHOWN) for line in summary(members, time.time())]
        taken, confirmed, failed = (
            counters.get(name, 0) for name in ("accepted", "pushes.confirmed", "pushes.failed")
        )
        pushes = f"{confirmed} pushes confirmed, {failed} failed"
        lines.append(f"since the start: {taken} messages taken, {pushes}")
        self._show({"members": members, "counters": counters}, lines)

    def tail(self, count: int, follows: bool) -> None:
        """
        What was said last, and perhaps what is said from now on.
        """
        messages, after = lastMessages(self._door, count)
        for message in messages:
            self._message(message)
        if follows:
            for message in follow(self._door, after, self._broke):
                self._message(message)

    def announce(self, text: str) -> None:
        """
        Say something as the server.
        """
        found = self._door.ask("/announce", "POST", {"text": text})
        self._show(found, [f"announced, as message {found['id']}"])

    def evict(self, name: str) -> None:
        """
        Remove a member.
        """
        self._act("DELETE", "", name, "is no member any more")

    def retry(self, name: str) -> None:
        """
        Try a member at once.
        """
        self._act("POST", "/retry", name, "is tried now")

    def pause(self, name: str) -> None:
        """
        Push nothing to a member.
        """
        self._act("POST", "/pause", name, "gets nothing until it is resumed")

    def resume(self, name: str) -> None:
        """
        Push to a member again.
        """
        self._act("POST", "/resume", name, "gets what it missed")

    def _act(self, method: str, action: str, name: str, done: str) -> None:
        found = self._door.ask(f"/members{action}?name={quote(name, safe='')}", method)
        self._show(found, [f"{escapeLine(name, _SHOWN)} {done}"])

    def _show(self, found: Mapping[str, Any], lines: Iterable[str]) -> None:
        for line in [json.dumps(found)] if self._isJSON else lines:
            self._say(line)

    def _message(self, message: Mapping[str, Any]) -> None:
        if self._isJSON:
            self._say(json.dumps(message))
        elif "lost" in message:
            lost = message["lost"]
            self._warn(f"{'some' if lost is None else lost} messages are gone here")
        else:
            self._say(prefixLines(f"{message['name']}: ", message["text"]))

    def _broke(self, why: str) -> None:
        self._warn(f"{why}; trying again")


def screenWidth() -> int | None:
    """
    Of the terminal on standard output; ``None`` where that is none.
    """
    return shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else None
