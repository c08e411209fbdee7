"""
How the log looks while it goes on: as events for browsers, and as lines for people. Pure.
"""

from typing import Protocol

from twisted_messenger.entry import Entry
from twisted_messenger.web.routes import TEXT
from twisted_messenger.web.shapes import asJSON, entryShape, entryText


class Form(Protocol):
    """
    How a reader wants the log.
    """

    contentType: str

    def entry(self, entry: Entry) -> bytes:
        """
        Something was said.
        """

    def gap(self, after: int, lost: int | None, cursor: int) -> bytes:
        """
        What came after a position is gone.

        :param lost: how many entries; ``None`` where nobody knows.
        :param cursor: from where it goes on.
        """

    def beat(self, cursor: int) -> bytes:
        """
        Nothing was said for a while.

        :param cursor: how far the reader has come.
        """

    def farewell(self, seconds: float) -> bytes:
        """
        The room stops.

        :param seconds: after which to come back.
        """


class _Events:
    """
    Server-sent events, as HTML has them.
    """

    contentType = "text/event-stream"

    def entry(self, entry: Entry) -> bytes:
        """
        See :class:`Form`.
        """
        return b"id: %d\ndata: %b\n" % (entry.position, asJSON(entryShape(entry)))

    def gap(self, after: int, lost: int | None, cursor: int) -> bytes:
        """
        See :class:`Form`.
        """
        data = asJSON({"from": str(after), "lost": lost})
        return b"event: gap\nid: %d\ndata: %b\n" % (cursor, data)

    def beat(self, cursor: int) -> bytes:
        """
        See :class:`Form`. What was left out is heard: the id goes on, though nothing is said.
        """
        return b":\nid: %d\n\n" % cursor

    def farewell(self, seconds: float) -> bytes:
        """
        See :class:`Form`.
        """
        return b"retry: %d\n\n" % (seconds * 1000)


class _Lines:
    """
    ``NAME: TEXT``, for a terminal.
    """

    contentType = TEXT

    def entry(self, entry: Entry) -> bytes:
        """
        See :class:`Form`.
        """
        return entryText(entry)

    def gap(self, after: int, lost: int | None, cursor: int) -> bytes:
        """
        See :class:`Form`. Nobody's name is empty.
        """
        return f": {'some' if lost is None else lost} messages are gone\n".encode()

    def beat(self, cursor: int) -> bytes:
        """
        See :class:`Form`.
        """
        return b"\n"

    def farewell(self, seconds: float) -> bytes:
        """
        See :class:`Form`.
        """
        return b""


#: For browsers.
EVENTS = _Events()

#: For a terminal.
LINES = _Lines()
