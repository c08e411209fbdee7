"""
What SQLite's tables remember between transactions is what the file says, whatever becomes of them.
"""

from collections.abc import Callable
from functools import partial

from tests.stores.test_sqlitefile import FileTestCase, change
from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import Member, Progress, RosterLimits
from twisted_messenger.stores.sqlite.diskspace import DiskSpace
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.roster import anyone, at, post

_LIMITS = RosterLimits()

#: Of one message in a transaction of its own. It may only fall: each takes SQLite's locks, and
#: Python's, twice.
MOST_STATEMENTS = 3


class Bug(Exception):
    """
    Raised on purpose.
    """


def bug() -> None:
    """
    The bug.
    """
    raise Bug


class KnownTests(FileTestCase):
    """
    One file, with one member and one message.
    """

    def setUp(self) -> None:
        """
        Open it.
        """
        super().setUp()
        self.file = self.opened(self.path)
        self.asked: list[str | None] = []
        change(self.file, partial(self.file.enrol, at("bob", 5000), _LIMITS), self.say)

    def admit(self, named: Member | None) -> None:
        """
        Note whose name it is.
        """
        self.asked.append(None if named is None else named.owner)

    def say(self) -> int:
        """
        Say something in bob's name.

        :returns: its position.
        """
        position = self.file.append(post("x", "bob"), self.admit)
        assert isinstance(position, int)
        return position

    def takeBack(self, *changes: Callable[[], object]) -> None:
        """
        Make changes that are all taken back.
        """
        self.assertRaises(Bug, change, self.file, *changes, bug)

    def stored(self) -> list[int]:
        """
        The positions in the file.
        """
        return [entry.position for entry in self.file.history(0, 100, 2**20)]

    def test_position(self) -> None:
        """
        A message that was not stored leaves no gap that would look like a loss, and none is said
        twice.
        """
        self.takeBack(self.say, self.say)
        self.assertEqual(self.file.extent().head, 1)
        self.assertEqual(change(self.file, self.say), [2])
        self.assertEqual(self.stored(), [1, 2])

    def test_owner(self) -> None:
        """
        Who bears a name is judged as it is, also after it was nearly another's.
        """
        leave = partial(self.file.leave, at("bob", 5000))
        enrol = partial(self.file.enrol, at("bob", 5001, "10.0.0.7"), _LIMITS)
        self.takeBack(leave, enrol, self.say)
        change(self.file, self.say, leave, self.say, enrol, self.say)
        home = self.asked[0]
        self.assertEqual(self.asked, [home, "10.0.0.7", home, None, "10.0.0.7"])

    def test_floor(self) -> None:
        """
        What was dropped is told of, and what was nearly dropped is not.
        """
        drop = partial(self.file.trim, LogLimits(entries=1))
        change(self.file, self.say, self.say)
        self.assertEqual(self.file.roster(0).floor, 0)
        self.takeBack(drop)
        self.assertEqual(self.file.roster(0).floor, 0)
        change(self.file, drop)
        self.assertEqual(self.file.roster(0).floor, 2)

    def kept(self) -> int:
        """
        How many entries are left when all that everybody has is forgotten.
        """
        change(self.file, partial(self.file.trim, LogLimits(keptEntries=0)))
        return self.file.extent().entries

    def test_slowest(self) -> None:
        """
        How far everybody has come is noticed as they go on, come and leave; and not where they
        nearly did.
        """
        bob = self.file.everybody()[0].state.member.id
        change(self.file, self.say, self.say, self.say)
        self.takeBack(partial(self.file.advance, {bob: Progress(3)}))
        self.assertEqual(self.kept(), 4)
        change(self.file, partial(self.file.advance, {bob: Progress(2)}))
        self.assertEqual(self.kept(), 2)
        change(self.file, partial(self.file.enrol, at("ann", 6000), _LIMITS), self.say)
        change(self.file, partial(self.file.advance, {bob: Progress(5)}))
        self.assertEqual(self.kept(), 1)
        change(self.file, partial(self.file.leave, at("ann", 6000)))
        self.assertEqual(self.kept(), 0)

    def test_openedAgain(self) -> None:
        """
        A store that is opened again goes on where the file is now.
        """
        self.file.close()
        other = SQLiteFile(self.path)
        other.open()
        change(other, partial(other.append, post("x"), anyone))
        other.close()
        self.file.open()
        self.assertEqual(change(self.file, self.say), [3])

    def test_strangers(self) -> None:
        """
        Names that nobody bears cost no memory without bound.
        """
        strangers = [post("x", f"stranger {number}") for number in range(3000)]
        change(self.file, *[partial(self.file.append, one, anyone) for one in strangers])
        self.assertLessEqual(len(self.file._owners), 1024)

    def test_statements(self) -> None:
        """
        In a calm room each message has a transaction of its own, and that asks for little.
        """
        change(self.file, self.say)
        statements: list[str] = []
        self.file._db.set_trace_callback(statements.append)
        change(self.file, self.say)
        self.file._db.set_trace_callback(None)
        self.assertLessEqual(len(statements), MOST_STATEMENTS, statements)


class PlentyTests(FileTestCase):
    """
    How closely the disk is watched.
    """

    def test_little(self) -> None:
        """
        Less than a gigabyte is looked at for each transaction: others may write, too.
        """
        self.assertFalse(DiskSpace(2**30, 0, 1).plenty)
        self.assertTrue(DiskSpace(2**30 + 2, 0, 1).plenty)

    def test_used(self) -> None:
        """
        What was written meanwhile is not there any more.
        """
        room = DiskSpace(2**30 + 2, 0, 1)
        self.assertTrue(room.take(1))
        self.assertFalse(room.plenty)
