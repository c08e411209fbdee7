"""
A room in a web site: a page shows what was said last, and takes what its visitors say.

Run it with ``.venv/bin/python examples/web_room.py PORT WEBPORT``, and open localhost:WEBPORT.
"""

import html
import sys
from typing import Any

from twisted.internet import defer, endpoints, task
from twisted.web import resource, server

from twisted_messenger import ChatRoom, Refusal, Source, chatService

_FORM = "<form method=post><input name=name> <input name=text> <button>Say</button></form>"


class _RoomPage(resource.Resource):
    isLeaf = True

    def __init__(self, room: ChatRoom) -> None:
        super().__init__()
        self._room = room

    def render(self, request: Any) -> int:
        page = defer.Deferred.fromCoroutine(self._page(request))
        ended = request.notifyFinish().addErrback(lambda gone: page.cancel())
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        page.addCallback(lambda body: request.write(body.encode()) or request.finish())
        page.addErrback(lambda why: ended.called or request.processingFailed(why))
        return server.NOT_DONE_YET

    async def _page(self, request: Any) -> str:
        note = await self._say(request) if request.method == b"POST" else ""
        said = [f"{entry.name}: {entry.text}" for entry in await self._room.history(last=20)]
        return "<p>".join([_FORM, *map(html.escape, [note, *reversed(said)])])

    async def _say(self, request: Any) -> str:
        fields = (request.args.get(key, [b""])[0] for key in (b"name", b"text"))
        name, text = (field.decode("utf-8", "replace") for field in fields)
        # A visitor has the rights of an address, as on the wire, and not those of the program.
        visitor = Source.between(request.getClientAddress().host, request.getHost().host)
        refusal = self._room.charge(visitor, len(text))
        said = await self._room.post(name, text, visitor) if refusal is None else refusal
        if isinstance(said, Refusal):
            return f"Not said: {said.code} {said.detail}"
        return request.redirect(b"/") or ""


async def main(reactor: Any, port: str, webPort: str) -> None:
    service = chatService(reactor, "memory:", [f"tcp:{port}"])
    service.startService()
    site = server.Site(_RoomPage(service.room))
    await endpoints.serverFromString(reactor, f"tcp:{webPort}").listen(site)
    await defer.Deferred()


task.react(main, sys.argv[1:])
