"""
What a registration costs does not depend on how many members there are, nor a trim on their product
with the messages, nor a message on how many are kept for those who come later.
"""

from collections.abc import Callable
from functools import partial

from tests.callcount import pythonCalls
from tests.stores.sqliterig import PumpedTestCase
from tests.stores.test_sqlitefile import FileTestCase, change
from tests.untold import Untold
from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.testing.contracts.roster import anyone, at, post

_FEW, _MANY = 20, 1000

_LIMITS = RosterLimits()

#: Of one message in a transaction with others, from its call until it is told. It may only fall.
_MOST_PYTHON_CALLS = 11


def _name(number: int) -> str:
    return f"m{number}"


class MemoryTests(FileTestCase):
    """
    In memory, where it is counted in calls.
    """

    def cost(self, members: int) -> list[int]:
        """
        Calls for a registration, for news of it, a message and a cursor in a room of so many.
        """
        store = MemoryStore()
        store.open()
        for number in range(members):
            store.enrol(at(_name(number), 5000 + number), _LIMITS)
        news = self.successResultOf(store.roster(0))
        first = news.members[0].member.id
        return [
            pythonCalls(work)
            for work in (
                lambda: store.enrol(at(_name(3), 5003), _LIMITS),
                lambda: store.roster(news.revision),
                lambda: store.append(post("x"), anyone),
                lambda: store.advance({first: Progress(1)}),
                lambda: store.leave(at(_name(4), 5004)),
            )
        ]

    def test_memory(self) -> None:
        """
        A room of a thousand members takes no longer than one of twenty.
        """
        # What is asked of a class for the first time costs older Pythons more.
        self.cost(_FEW)
        self.assertEqual(self.cost(_MANY), self.cost(_FEW))

    def kept(self, entries: int) -> list[int]:
        """
        Calls for a message, and for noting that the only member has it, where so many are kept.
        """
        store = MemoryStore()
        store.open()
        for _ in range(entries):
            store.append(post("x"), anyone)
        store.enrol(at("bob", 5000), _LIMITS)
        said = pythonCalls(lambda: store.append(post("x"), anyone))
        return [said, pythonCalls(lambda: store.advance({1: Progress(entries + 1)}))]

    def test_kept(self) -> None:
        """
        What is kept for others costs a member at the head nothing but a look-up, which halves it.
        """
        few, many = self.kept(1), self.kept(_MANY)
        for one, other in zip(few, many):
            self.assertLess(other - one, 20, (few, many))

    def trimmed(self, entries: int) -> int:
        """
        Calls for dropping entries that twenty members have not.
        """
        store = MemoryStore()
        store.open()
        for number in range(_FEW):
            store.enrol(at(_name(number), 5000 + number), _LIMITS)
        for _ in range(entries + 1):
            store.append(post("x"), anyone)
        return pythonCalls(lambda: store.trim(LogLimits(entries=1)))

    def test_trim(self) -> None:
        """
        What members lose is not counted entry by entry for each: the room would stand still.
        """
        few, many = self.trimmed(20), self.trimmed(1000)
        self.assertLess(many - few, 20 * 1000, (few, many))


class SQLiteTests(FileTestCase):
    """
    In a file, where it is counted in steps of the database.
    """

    def steps(self, file: SQLiteFile, work: Callable[[], object]) -> int:
        """
        Do something in a transaction of its own.

        :returns: how many steps that took.
        """
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        file._db.set_progress_handler(step, 1)
        change(file, work)
        file._db.set_progress_handler(None, 1)
        return steps

    def cost(self, members: int) -> list[int]:
        """
        Steps for some registrations, news of them, and a message, in a room of so many.
        """
        file = self.opened(f"{self.path}{members}")
        asked = [at(_name(number), 5000 + number) for number in range(members)]
        change(file, *[partial(file.enrol, one, _LIMITS) for one in asked])
        revision = file.roster(0).revision
        return [
            self.steps(file, work)
            for work in (
                lambda: file.enrol(at(_name(3), 5003), _LIMITS),
                lambda: file.enrol(at("new", 4999), _LIMITS),
                lambda: file.enrol(at("newer", 4999), _LIMITS),
                lambda: file.enrol(at("elsewhere", 4999, "10.0.0.7"), _LIMITS),
                lambda: file.roster(revision),
                lambda: file.append(post("x"), anyone),
                lambda: file.leave(at(_name(4), 5004)),
            )
        ]

    def test_sqlite(self) -> None:
        """
        A room of a thousand members takes no more steps than one of twenty, or hardly more.
        """
        few, many = self.cost(_FEW), self.cost(_MANY)
        for one, other in zip(few, many):
            self.assertLess(other, 1.2 * one + 40, (few, many))

    def kept(self, entries: int) -> list[int]:
        """
        Steps for a message, and for noting that the only member has it, where so many are kept.
        """
        file = self.opened(f"{self.path}-{entries}")
        change(file, *[partial(file.append, post("x"), anyone) for _ in range(entries)])
        change(file, lambda: file.enrol(at("bob", 5000), _LIMITS))
        said = self.steps(file, lambda: file.append(post("x"), anyone))
        return [said, self.steps(file, lambda: file.advance({1: Progress(entries + 1)}))]

    def test_kept(self) -> None:
        """
        What is kept for others costs a member at the head nothing.
        """
        few, many = self.kept(1), self.kept(_MANY)
        for one, other in zip(few, many):
            self.assertLess(abs(other - one), 10, (few, many))

    def trimmed(self, members: int, entries: int) -> list[int]:
        """
        Steps of each transaction that it takes to drop what none of so many members has.
        """
        file = self.opened(f"{self.path}-{members}-{entries}")
        asked = [at(_name(number), 5000 + number) for number in range(members)]
        change(file, *[partial(file.enrol, one, _LIMITS) for one in asked])
        change(file, *[partial(file.append, post("x"), anyone) for _ in range(entries + 1)])
        steps, dropped = [], None

        def trim() -> None:
            nonlocal dropped
            dropped = file.trim(LogLimits(entries=1))

        while dropped is None:
            steps.append(self.steps(file, trim))
        self.assertEqual(dropped, entries)
        return steps

    def test_trim(self) -> None:
        """
        However many members are behind, others get their turn after so many; and what each of them
        lost is not counted entry by entry.
        """
        few, many, long = (self.trimmed(*one) for one in ((500, 20), (1500, 20), (500, 1000)))
        self.assertEqual((len(few), len(many)), (1, 3))
        self.assertLess(max(many), 1.5 * few[0], (few, many))
        self.assertLess(long[0] - few[0], 100 * 1000, (few, long))


class BatchTests(PumpedTestCase):
    """
    In a file, where many messages come at once.
    """

    def said(self, messages: int) -> int:
        """
        Calls for so many.
        """
        return pythonCalls(lambda: self.all(messages))

    def all(self, messages: int) -> None:
        """
        Have so many kept, in two transactions.
        """
        for _ in range(messages):
            self.store.appendPending(Untold(post("x")))
        self.worker.finish()

    def test_message(self) -> None:
        """
        Each adds little to the transaction that it shares: a busy room lives on that.
        """
        few, many = self.said(20), self.said(60)
        self.assertLessEqual((many - few) / 40, _MOST_PYTHON_CALLS)
