"""
The log as it goes on: ``/events`` and ``/lines``.
"""

from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.forms import Events, Form, Lines
from twisted_messenger.web.messages import MAX_PAGE, MAX_POSITION
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.readers import Reader, Readers
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Route

#: Seconds of silence after which a reader of events is told that there was nothing: proxies cut
#: what is silent.
BEAT_SECONDS = 15.0

# The most that somebody may ask for.
_DAY = 86_400


class StreamRoutes:
    """
    Begins what goes on.

    :param room: whose log it is.
    :param readers: who reads it.
    """

    def __init__(self, room: ChatRoom, readers: Readers) -> None:
        self._room = room
        self._readers = readers

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [
            Route("GET", "/events", Right.READ, self.events),
            Route("GET", "/lines", Right.READ, self.lines),
        ]

    async def events(self, asked: Asked) -> Reader:
        """
        Events for browsers.
        """
        return await self._reader(asked, Events(), BEAT_SECONDS)

    async def lines(self, asked: Asked) -> Reader:
        """
        Lines for people.
        """
        return await self._reader(asked, Lines(), asked.number("beat", 0, _DAY) or 0)

    async def _reader(self, asked: Asked, form: Form, beat: float) -> Reader:
        cursor = await self._start(asked)
        return Reader(self._readers, form, cursor, asked.field("name"), beat)

    async def _start(self, asked: Asked) -> int:
        """
        After which position a reader begins.
        """
        heard = asked.headers.get("last-event-id")
        if heard is not None:
            if heard.isascii() and heard.isdigit() and len(heard) <= 19:
                return min(int(heard), MAX_POSITION)
            raise Problem("malformed", "Last-Event-ID is no id of ours")
        after = asked.number("after", 0, MAX_POSITION)
        if after is not None:
            return after
        last = asked.number("last", 0, MAX_PAGE) or 0
        entries = await self._room.history(last=last + 1)
        if len(entries) <= last:
            return 0
        return entries[-last - 1].position
