"""
A room whose pushes are webhooks: each member gets JSON in an HTTP POST at its callback address.

Run it with ``.venv/bin/python examples/webhook_pusher.py PORT``, then register your web server.
"""

import json
import sys
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from twisted.internet import defer, task
from twisted.web.client import Agent, FileBodyProducer, readBody
from twisted.web.http_headers import Headers

from twisted_messenger import Entry, Member, Outcome, PushResult, chatService

_JSON = Headers({b"Content-Type": [b"application/json"]})


class WebhookPusher:
    """Makes an HTTP request of each push."""

    def __init__(self, reactor: Any) -> None:
        self._reactor, self._agent = reactor, Agent(reactor)

    def begin(
        self, host: str, port: int, payload: bytes, settled: Any, *rest: Any,
        entry: Entry | None, member: Member, **options: Any,
    ) -> Any:  # fmt: skip
        """Begin a push; a notice, such as how much was missed, is no entry of the log."""
        said = {"text": payload.decode()} if entry is None else entry._asdict()
        url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        work = defer.Deferred.fromCoroutine(self._post(url, {"to": member.name, **said}))
        work.addTimeout(10, self._reactor)
        work.addErrback(lambda why: PushResult(Outcome.FAILED, detail=why.getErrorMessage()))
        work.addCallback(settled)
        # Recalled, it goes on: it may have arrived.
        return SimpleNamespace(cancel=work.cancel, recall=lambda: None)

    async def _post(self, url: str, said: dict[str, Any]) -> PushResult:
        await task.deferLater(self._reactor, 0)
        # What implements zope's interfaces is known to mypy with a plugin only.
        body: Any = FileBodyProducer(BytesIO(json.dumps(said).encode()))
        response: Any = await self._agent.request(b"POST", url.encode(), _JSON, body)
        await readBody(response)
        refused = Outcome.REJECTED if 400 <= response.code < 500 else Outcome.DEFERRED
        outcome = Outcome.CONFIRMED if response.code < 300 else refused
        return PushResult(outcome, detail=f"HTTP {response.code}", connected=True, sent=True)


async def main(reactor: Any, port: str) -> None:
    chatService(reactor, listen=[f"tcp:{port}"], pusher=WebhookPusher(reactor)).startService()
    await defer.Deferred()


task.react(main, sys.argv[1:])
