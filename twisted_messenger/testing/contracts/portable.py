"""
What every store must do whose room can be copied.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from twisted_messenger.contents import LoggedEntry, RoomContents
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StartError
from twisted_messenger.interfaces import (
    ISharedStore,
    MessageStore,
    PortableStore,
)
from twisted_messenger.key import KeptKey
from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import KeptRepeat, Repeat
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

ANN = MemberState(
    Member("ann", "127.0.0.1", 9001, "127.0.0.1", 3),
    Progress(7, reached=True, lastReached=1795000000.25),
    5,
)
BOB = MemberState(
    Member(
        "böb 日本",
        "10.0.0.7",
        9002,
        "10.0.0.7",
        9,
        MemberOptions(json=True, ack=True),
        KeptKey(b"salt\x00", b"hash\xff"),
    ),
    Progress(4, 6, 3, True, 55.5, 4, 1795000000.5),
    8,
    named=4,
    paused=True,
)
ENTRIES = [
    LoggedEntry(Entry(5, "ci", "five", False, 1795000001.1), "10.0.0.9", 60.25),
    LoggedEntry(Entry(7, "ann", "it is late\nand \x00\x1b[31mred", True, 1795000002.0), None, 61.0),
]
REPEATS = [
    KeptRepeat(3, "10.0.0.9", Repeat.of("ci", "k", "three"), 12.5),
    KeptRepeat(7, "127.0.0.1", Repeat.of("ann", "k", "it is late"), 61.0),
]
ROOM = RoomContents(8, 77.125, [ANN, BOB], ENTRIES, REPEATS)


def seen(contents: RoomContents) -> RoomContents:
    """
    All of a room, but for what is each store's own.
    """
    members = [
        replace(one, member=replace(one.member, id=0), registered=0) for one in contents.members
    ]
    # It goes on while the room is filled and read.
    return replace(contents, ran=0.0, members=members, entries=list(contents.entries))


class PortableStoreContract(Base):
    """
    The tests of a store that can be copied: a room is the same in every store. A subclass gives
    ``portable``.
    """

    def portable(self) -> PortableStore:
        """
        A store with the room of the test, which is not open; the same room each time.
        """
        raise NotImplementedError

    def served(self) -> MessageStore:
        """
        The same store, open until the end of the test.
        """
        store = cast(MessageStore, self.portable())
        store.open()
        if ISharedStore.providedBy(store):
            store.serve()
        self.addCleanup(lambda: self.successResultOf(store.close()))
        return store

    def exported(self, *, inUse: bool = False) -> RoomContents:
        """
        What is in the room.
        """
        found: list[RoomContents] = []

        def taken(room: RoomContents) -> None:
            self.assertLessEqual(ROOM.ran, room.ran)
            self.assertLess(room.ran, ROOM.ran + 60)
            found.append(seen(room))

        self.portable().export(taken, inUse=inUse)
        return found[0]

    def refused(self, doing: object, *arguments: object, **named: object) -> str:
        """
        Fail unless it is refused in one line.
        """
        why = str(self.assertRaises(StartError, doing, *arguments, **named))
        self.assertNotIn("\n", why)
        return why

    def test_same(self) -> None:
        """
        Members with options, keys and progress, positions, ages: all comes out as it went in.
        """
        self.portable().fill(ROOM)
        self.assertEqual(self.exported(), seen(ROOM))

    def test_goesOn(self) -> None:
        """
        The room goes on where it was: positions, ages, shares of the log, and who is who.
        """
        self.portable().fill(ROOM)
        store = self.served()
        news = self.successResultOf(store.roster(0))
        self.assertEqual([one.member.name for one in news.members], ["ann", "böb 日本"])
        self.assertEqual(news.head, 8)
        self.assertGreaterEqual(store.running(), 77.125)
        self.assertEqual(self.successResultOf(store.append(post("nine"), anyone)), 9)
        share = post("more")._replace(subscriber="10.0.0.9", share=100)
        self.assertIsInstance(self.successResultOf(store.append(share, anyone)), Refusal)
        joined = self.successResultOf(store.enrol(at("cat", 9003), RosterLimits()))
        self.assertEqual(joined, Enrolled(Change.JOINED, 9))

    def test_beyondTheHead(self) -> None:
        """
        Where a room says that somebody has come further than its log, or has its name since later
        than that, the next message is for that one all the same, unless it says it itself.
        """
        far = replace(ANN, progress=replace(ANN.progress, cursor=1000), named=1000)
        self.portable().fill(replace(ROOM, members=[far]))
        store = self.served()
        self.assertEqual(self.successResultOf(store.append(post("nine"), anyone)), 9)
        (ann,) = self.successResultOf(store.roster(0)).members
        self.assertEqual((ann.progress.cursor, ann.named), (8, 8))

    def test_many(self) -> None:
        """
        So it does with more messages than are read at once.
        """
        entries = [
            LoggedEntry(Entry(position, "ci", str(position), False, 1.0), None, 0.0)
            for position in range(5, 1205)
        ]
        room = replace(ROOM, head=2000, entries=entries)
        self.portable().fill(room)
        self.assertEqual(self.exported(), seen(room))

    def test_notUnused(self) -> None:
        """
        A room in which there is something is refused, and stays as it is.
        """
        self.portable().fill(ROOM)
        self.assertIn("already", self.refused(self.portable().fill, ROOM))
        self.assertEqual(self.exported(), seen(ROOM))

    def test_interrupted(self) -> None:
        """
        A copy that is given up half-way leaves nothing.
        """

        def stumbling() -> Iterator[LoggedEntry]:
            yield from ENTRIES
            raise StartError("the source has failed")

        room = replace(ROOM, entries=stumbling())
        self.assertIn("source", self.refused(self.portable().fill, room))
        self.portable().fill(ROOM)
        self.assertEqual(self.exported(), seen(ROOM))

    def test_inUse(self) -> None:
        """
        A room in use is not taken for one that has stopped, and can be backed up all the same.
        """
        self.portable().fill(ROOM)
        store = self.served()
        self.assertIn("in use", self.refused(self.exported))
        self.assertIn("in use", self.refused(self.portable().fill, ROOM))
        self.successResultOf(store.append(post("nine"), anyone))
        room = self.exported(inUse=True)
        self.assertEqual((room.head, len(room.members)), (9, 2))
        self.assertEqual([one.entry.text for one in room.entries][-1], "nine")

    def test_oneMoment(self) -> None:
        """
        What others do while a room is read is not seen.
        """
        self.portable().fill(ROOM)
        store = self.served()
        rooms: list[RoomContents] = []

        def taken(room: RoomContents) -> None:
            self.successResultOf(store.append(post("nine"), anyone))
            self.successResultOf(store.evict(room.members[0].member.id))
            rooms.append(seen(room))

        self.portable().export(taken, inUse=True)
        self.assertEqual(rooms[0].entries, ENTRIES)
        self.assertEqual(rooms[0].members, seen(ROOM).members)

    def test_nothingThere(self) -> None:
        """
        A room that is not there is not made by being asked for.
        """
        for inUse in (False, True):
            self.refused(self.exported, inUse=inUse)
        self.portable().fill(ROOM)
