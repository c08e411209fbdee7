"""
What was said, and to say something: ``/messages`` and ``/announce``.
"""

from collections.abc import Callable, Sequence

from twisted_messenger.address import Source
from twisted_messenger.entry import Entry
from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import MAX_REPEAT_KEY
from twisted_messenger.result import Stored
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.doorkeeper import requestsFor
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.requests import Asked, fieldsIn, textIn
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import JSON, TEXT, Answer, Route
from twisted_messenger.web.shapes import asJSON, entryLines, entryText, pageShape
from twisted_messenger.web.turns import Turns
from twisted_messenger.wire import formatRoomMessage

#: Entries in one answer.
MAX_PAGE = 1000

#: Bytes of text in one answer: in JSON it may be six times as much, and somebody who takes none of
#: it has an answer on each of its connections.
MAX_PAGE_BYTES = 256 * 1024

# Where nobody says how many.
_USUAL_PAGE = 100

#: The largest position that a store can have.
MAX_POSITION = 2**63 - 1

_FORM = "application/x-www-form-urlencoded"
_LINES = "application/x-ndjson"
_PLAIN = "text/plain"


class MessageRoutes:
    """
    Reads and writes the log.

    :param room: whose.
    :param mayRead: whether somebody may read so many entries now.
    :param turns: of who reads pages.
    """

    def __init__(
        self, room: ChatRoom, mayRead: Callable[[Source, int], bool], turns: Turns
    ) -> None:
        self._room = room
        self._mayRead = mayRead
        self._turns = turns

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [
            Route("GET", "/messages", Right.READ, self.read),
            Route("POST", "/messages", Right.SEND, self.say),
            Route("POST", "/announce", Right.OPERATE, self.announce),
        ]

    async def read(self, asked: Asked) -> Answer:
        """
        A page of the log.
        """
        after = asked.number("after", 0, MAX_POSITION)
        last = asked.number("last", 1, MAX_PAGE)
        limit = asked.number("limit", 1, MAX_PAGE) or _USUAL_PAGE
        source, count = asked.caller.source, limit if last is None else last
        if not self._mayRead(source, count):
            raise Problem("rate", "more than your address may read at once")
        await self._turns.take(source.subscriber, requestsFor(count))
        if after is None:
            entries = await self._room.history(last=last or limit, maxBytes=MAX_PAGE_BYTES)
        else:
            entries = await self._room.history(after, limit, maxBytes=MAX_PAGE_BYTES)
        return _page(asked, entries, after or 0)

    async def say(self, asked: Asked) -> Answer:
        """
        Put a message into the log.
        """
        charge(self._room, asked)
        name, text = _message(asked)
        self._measure(name, text)
        source = asked.caller.source
        return _stored(await self._room.post(name, text, source, key=_key(asked)))

    async def announce(self, asked: Asked) -> Answer:
        """
        Say something as the server itself.
        """
        return _stored(await self._room.announce(_texts(asked, "text")[0], key=_key(asked)))

    def _measure(self, name: str, text: str) -> None:
        # As on the wire; the body may be larger, since it escapes characters.
        most = self._room.policy.maxMessageBytes
        if len(formatRoomMessage(name, text)) > most:
            raise Problem("too_big", f"a message has at most {most} bytes")


def charge(room: ChatRoom, asked: Asked) -> None:
    """
    Count what somebody sends against its rates, as the wire does.

    :raises Problem: it is too much.
    """
    source = asked.caller.source
    overRate = room.charge(source, len(asked.body))
    if overRate is not None:
        room.refuse(overRate, source)
        raise Problem.of(overRate)


def _page(asked: Asked, entries: Sequence[Entry], after: int) -> Answer:
    kind = asked.accepts(JSON, _LINES, _PLAIN)
    if kind == _LINES:
        return Answer(entryLines(entries), contentType=_LINES)
    if kind == _PLAIN:
        return Answer(b"".join(map(entryText, entries)), contentType=TEXT)
    return Answer(asJSON(pageShape(entries, after)))


def _key(asked: Asked) -> str | None:
    """
    By which a message is known when it comes again.
    """
    key = asked.headers.get("idempotency-key")
    if key is None or 0 < len(key) <= MAX_REPEAT_KEY:
        return key
    raise Problem("malformed", f"Idempotency-Key takes 1 to {MAX_REPEAT_KEY} characters")


def _message(asked: Asked) -> tuple[str, str]:
    """
    Who says what.
    """
    if asked.contentType in ("", _PLAIN):
        return asked.needed("name"), textIn(asked.body, "the body")
    name, text = _texts(asked, "name", "text")
    return name, text


def _texts(asked: Asked, *names: str) -> list[str]:
    """
    These fields of a body, all of which must be texts.
    """
    if asked.contentType == JSON:
        found = asked.json()
    elif asked.contentType == _FORM:
        found = dict(fieldsIn(asked.body, "the form"))
    elif asked.contentType in ("", _PLAIN) and len(names) == 1:
        found = {names[0]: textIn(asked.body, "the body")}
    else:
        raise Problem("bad_type", f"send {JSON}, {_FORM} or {_PLAIN}")
    for name in names:
        if not isinstance(found.get(name), str):
            raise Problem("malformed", f"give {' and '.join(names)}, as texts")
    return [found[name] for name in names]


def _stored(result: Stored | Refusal) -> Answer:
    if isinstance(result, Refusal):
        raise Problem.of(result)
    return Answer(asJSON({"id": str(result.position)}), 201)
