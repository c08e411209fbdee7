"""
Say something to a room from a Twisted program, from asyncio, and from plain Python.

Run it with ``.venv/bin/python examples/senders.py STYLE HOST:PORT TEXT...``, where STYLE is
``twisted``, ``asyncio`` or ``plain``. Its status is 0 if everything is stored.
"""

import asyncio
import sys
from typing import Any

from twisted.internet import task

from twisted_messenger import RoomClient, blocking


async def inTwisted(reactor: Any, server: str, *texts: str) -> None:
    client = RoomClient(reactor, server, "ci")
    client.startService()
    # They go in order, one after the other, whether or not somebody waits.
    said = [client.say(text) for text in texts]
    results = [await one for one in said]
    await client.stopService()
    report(results)


async def inAsyncio(server: str, *texts: str) -> None:
    # One after the other keeps them in order; asyncio.gather would not.
    results = [await asyncio.to_thread(blocking.say, server, "ci", text) for text in texts]
    report(results)


def inPlainPython(server: str, *texts: str) -> None:
    try:
        results = [blocking.say(server, "ci", text, timeout=30) for text in texts]
    except OSError as problem:
        sys.exit(f"nothing has arrived: {problem}")
    report(results)


def report(results: list[Any]) -> None:
    for result in results:
        # Stored, a Refusal, or Unknown.
        print(result, flush=True)
    if not all(result.stored for result in results):
        sys.exit(1)


style, *arguments = sys.argv[1:]
if style == "twisted":
    task.react(inTwisted, arguments)
elif style == "asyncio":
    asyncio.run(inAsyncio(*arguments))
else:
    inPlainPython(*arguments)
