"""
Contender "uvloop": an asyncio protocol on uvloop, and nothing else. Not part of the product.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import cast

import uvloop

from benchmarks.contenders.lanes import Lanes


class Push(asyncio.Protocol):
    """
    Sends one message, half-closes, and waits for the member's close.
    """

    def __init__(self, message: bytes, done: Callable[[bool], None]) -> None:
        self._message = message
        self._done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Send everything.
        """
        # uvloop's transports have the methods, but not the base class.
        stream = cast(asyncio.WriteTransport, transport)
        stream.write(self._message)
        stream.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """
        An orderly close confirms.
        """
        self._done(exc is None)


async def connect(
    loop: asyncio.AbstractEventLoop, port: int, message: bytes, done: Callable[[bool], None]
) -> None:
    """
    Push one message.
    """
    try:
        await loop.create_connection(lambda: Push(message, done), "127.0.0.1", port)
    except OSError:
        done(False)


def main() -> None:
    """
    Follow the orders on standard input to their end.
    """
    loop = uvloop.new_event_loop()
    running = set()

    def push(port: int, message: bytes, done: Callable[[bool], None]) -> None:
        # The loop itself keeps no task alive.
        task = loop.create_task(connect(loop, port, message, done))
        running.add(task)
        task.add_done_callback(running.discard)

    def readable() -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if data:
            lanes.received(data)
        else:
            loop.remove_reader(sys.stdin.fileno())
            lanes.ended()

    lanes = Lanes(push, loop.stop)
    loop.add_reader(sys.stdin.fileno(), readable)
    loop.run_forever()


if __name__ == "__main__":
    main()
