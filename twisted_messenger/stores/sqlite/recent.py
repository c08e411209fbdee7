"""
What the last transaction left, as far as those who follow the store ask for it each time: no other
process writes the file, so nobody has to look there. Pure.
"""

from collections.abc import Sequence
from typing import NamedTuple

from twisted_messenger.entry import Entry
from twisted_messenger.roster import RosterNews


class Recent(NamedTuple):
    """
    A room as it was when a transaction was committed.

    :param news: for who knows the roster as it is.
    :param added: the entries of that transaction, without a gap; or none, if nobody is there for
        them.
    """

    news: RosterNews
    added: Sequence[Entry]

    def roster(self, since: int) -> RosterNews | None:
        """
        See :class:`IMessageStore`.

        :returns: ``None`` where only the file knows.
        """
        return self.news if since == self.news.revision else None

    def read(self, after: int, limit: int, maxBytes: int) -> list[Entry] | None:
        """
        See :class:`IMessageStore`.

        :returns: ``None`` where only the file knows: what comes next is older, or not there yet.
        """
        index = after + 1 - self.added[0].position if self.added else -1
        if not 0 <= index < len(self.added):
            return None
        entries: list[Entry] = []
        for entry in self.added[index : index + limit]:
            maxBytes -= len(entry.text.encode())
            if entries and maxBytes < 0:
                break
            entries.append(entry)
        return entries
