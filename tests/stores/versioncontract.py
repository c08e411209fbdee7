"""
What every durable store must make of a room that version 1 has left.
"""

from abc import ABC, abstractmethod
from pathlib import Path

from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.roster import (
    Change,
    Enrolled,
    Member,
    MemberOptions,
    MemberState,
    Progress,
    RosterLimits,
)
from twisted_messenger.testing.contracts.roster import Base, anyone, at, post

_MEMBERS = [
    (Member("ann", "127.0.0.1", 9001, "127.0.0.1", 1), Progress(6, reached=True)),
    (Member("böb 日本", "10.0.0.7", 9002, "10.0.0.7", 2), Progress(4, 4, 3, True)),
    (Member("cat", "10.0.0.8", 9003, "10.0.0.8", 3), Progress(3, due=3)),
]


def version1(database: str) -> str:
    """
    The statements that make such a room.

    :param database: whose.
    """
    return (Path(__file__).parent / "versions" / f"{database}1.sql").read_text("utf-8")


class VersionContract(ABC, Base):
    """
    Who starts a newer program on an older room loses nothing.
    """

    store: MessageStore

    @abstractmethod
    def openVersion1(self) -> None:
        """
        Make a room of version 1, and open it as it is opened today.
        """

    def states(self) -> list[MemberState]:
        """
        The members.
        """
        return list(self.successResultOf(self.store.roster(0)).members)

    def read(self) -> list[Entry]:
        """
        What waits.
        """
        return self.successResultOf(self.store.read(0, 100, 2**20))

    def test_everythingIsThere(self) -> None:
        """
        Members, their places, and what waits for them are as they were.
        """
        self.openVersion1()
        found = [(state.member, state.progress) for state in self.states()]
        self.assertEqual(found, _MEMBERS)
        self.assertEqual(
            self.read(),
            [
                Entry(4, "ci", "four", False, 1795000000.5),
                Entry(5, "ann", "it is late\nand \x1b[31mred", True, 1795000001.5),
                Entry(6, "ci", "six", False, 1795000002.5),
            ],
        )
        self.assertEqual(self.successResultOf(self.store.roster(0)).head, 6)

    def test_nothingIsOld(self) -> None:
        """
        What waited while the room stood still has not grown old, whatever the clock says.
        """
        self.openVersion1()
        limits = LogLimits(seconds=60)
        self.assertEqual(self.successResultOf(self.store.trim(limits)), 0)
        self.assertEqual(len(self.read()), 3)

    def test_goesOn(self) -> None:
        """
        The room goes on: positions and ids after the old ones, options for old members.
        """
        self.openVersion1()
        self.assertEqual(self.successResultOf(self.store.append(post("seven"), anyone)), 7)
        options = MemberOptions(json=True)
        asked = at("cat", 9003, "10.0.0.8", options=options)
        result = self.successResultOf(self.store.enrol(asked, RosterLimits()))
        self.assertEqual(result, Enrolled(Change.REFRESHED, 7))
        joined = self.successResultOf(self.store.enrol(at("dan", 9004), RosterLimits()))
        self.assertEqual(joined, Enrolled(Change.JOINED, 7))
        cat, dan = self.states()[2:]
        self.assertEqual((cat.member.options, cat.member.id), (options, 3))
        self.assertEqual((dan.member.id, dan.progress.cursor), (4, 7))
        advancing = self.store.advance({id: Progress(6) for id in (1, 2, 3)})
        self.assertIsNone(self.successResultOf(advancing))
        self.successResultOf(self.store.trim(LogLimits(keptEntries=0)))
        self.assertEqual([entry.position for entry in self.read()], [7])
