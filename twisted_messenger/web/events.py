"""
The log as it goes on: ``/events`` and ``/lines``.
"""

from collections.abc import Callable
from functools import partial

from twisted_messenger.address import Source
from twisted_messenger.entry import Entry
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.doorkeeper import requestsFor
from twisted_messenger.web.forms import EVENTS, LINES, Form
from twisted_messenger.web.messages import MAX_PAGE, MAX_POSITION
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.reader import Reader, Wanted
from twisted_messenger.web.readers import Readers
from twisted_messenger.web.requests import Asked, numberIn
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
    :param mayRead: whether somebody may read so many entries now.
    """

    def __init__(
        self, room: ChatRoom, readers: Readers, mayRead: Callable[[Source, int], bool]
    ) -> None:
        self._room = room
        self._readers = readers
        self._mayRead = mayRead

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
        return await self._reader(asked, EVENTS, BEAT_SECONDS)

    async def lines(self, asked: Asked) -> Reader:
        """
        Lines for people.
        """
        return await self._reader(asked, LINES, asked.number("beat", 0, _DAY) or 0)

    async def _reader(self, asked: Asked, form: Form, beat: float) -> Reader:
        wanted = Wanted(form, _name(asked), beat)
        cursor, gap = await self._start(asked)
        source = asked.caller.source
        self._readers.mayCome(source.subscriber)
        pace = partial(self._mayRead, source)
        return Reader(self._readers, wanted, cursor, gap, source.subscriber, pace)

    async def _start(self, asked: Asked) -> tuple[int, int | None]:
        """
        After which position a reader begins, and which one it had where that is another.
        """
        heard = asked.headers.get("last-event-id")
        if heard is None:
            after = asked.number("after", 0, MAX_POSITION)
        else:
            after = numberIn(heard, "Last-Event-ID", 0, MAX_POSITION)
        head = await self._readers.head()
        if after is not None:
            # A room that was restored from an older copy has forgotten what it said since.
            return (after, None) if after <= head else (head, after)
        last = asked.number("last", 0, MAX_PAGE)
        entries = await self._newest(last, asked.caller.source) if last else []
        return (entries[0].position - 1 if entries else head), None

    async def _newest(self, last: int, source: Source) -> list[Entry]:
        if not self._mayRead(source, last):
            raise Problem("rate", "more than your address may read at once")
        await self._readers.turns.take(source.subscriber, requestsFor(last))
        return await self._room.history(last=last)


def _name(asked: Asked) -> str | None:
    """
    Whose messages alone are wanted.
    """
    name = asked.field("name")
    if name is None:
        return None
    try:
        return cleanName(name, reserved="")
    except BadName as problem:
        raise Problem("bad_name", str(problem)) from None
