"""
A room with rules of its own: who may join stands in a file, and what is said is looked through.

Run it with ``.venv/bin/python examples/moderated_room.py PORT NAMES``; NAMES has a name a line, and
may be changed while the room runs.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet import defer, task

from twisted_messenger import (
    AdmissionPolicy,
    Refusal,
    RoomMessage,
    Source,
    chatService,
)

_SECRET = re.compile(r"(password|token)=\S+")


@dataclass(frozen=True)
class Invited(AdmissionPolicy):
    """
    Only those whose names stand in a file may register.
    """

    names: Path = Path("names.txt")

    def judgeRegistration(self, name: str, host: str, port: int, source: Source) -> Refusal | None:
        """
        Look the name up.
        """
        invited = self.names.read_text(encoding="utf-8").splitlines()
        return None if name in invited else Refusal("not_invited", f"{name} is not on the list")


def withoutSecrets(message: RoomMessage, source: Source) -> RoomMessage | Refusal:
    """
    Let nobody tell a password by mistake, or a whole book.
    """
    if len(message.text) > 2000:
        return Refusal("too_long", "2,000 characters are enough for everybody")
    return RoomMessage(message.name, _SECRET.sub(r"\1=...", message.text))


async def main(reactor: Any, port: str, names: str) -> None:
    policy = Invited(names=Path(names))
    chatService(reactor, listen=[f"tcp:{port}"], policy=policy, admit=withoutSecrets).startService()
    await defer.Deferred()


if __name__ == "__main__":
    task.react(main, sys.argv[1:])
