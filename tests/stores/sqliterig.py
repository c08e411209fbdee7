"""
What the tests of the SQLite store share: workers that run calls at once or when told to, a room.
"""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.python.failure import Failure

from tests.stores.test_sqlitefile import FileTestCase
from twisted_messenger.entry import Post
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import MemberState, RosterLimits
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.stores.sqlite.store import SQLiteStore
from twisted_messenger.testing.contracts.roster import anyone, at

T = TypeVar("T")


class ImmediateWorker:
    """
    A worker that runs each call at once.
    """

    def start(self) -> None:
        """
        Nothing to get ready.
        """

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        Run it now.
        """
        return execute(call)

    def stop(self) -> None:
        """
        Nothing to let go of.
        """


class PumpedWorker(ImmediateWorker):
    """
    A worker that runs its calls one by one, when the test says so.
    """

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []
        self.stopped = False

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        Keep it for later.
        """
        done: Deferred[T] = Deferred()
        self.calls.append(lambda: execute(call).chainDeferred(done))
        return done

    def stop(self) -> None:
        """
        Remember that nothing more may come.
        """
        self.stopped = True

    def pump(self) -> None:
        """
        Run the oldest call.
        """
        self.calls.pop(0)()

    def finish(self) -> None:
        """
        Run all calls, also those that come meanwhile.
        """
        while self.calls:
            self.pump()


class PumpedTestCase(FileTestCase):
    """
    A room whose disk works when the test says so.
    """

    def setUp(self) -> None:
        """
        Open a store with one member, so that messages are kept.
        """
        super().setUp()
        self.worker = PumpedWorker()
        self.file = self.makeFile()
        self.store = SQLiteStore(self.file, self.worker)
        self.store.open()
        self.store.enrol(at("bob", 5000), RosterLimits())
        self.worker.finish()
        self.fired: list[str] = []

    def makeFile(self) -> SQLiteFile:
        """
        A file to keep the room in.
        """
        return SQLiteFile(self.path)

    def tearDown(self) -> None:
        """
        Let go of the file.
        """
        self.file.close()

    def say(self, message: Post) -> "Deferred[int | Refusal]":
        """
        Append, and note when that fires.
        """

        def fired(result: T) -> T:
            how = "failed" if isinstance(result, Failure) else "stored"
            self.fired.append(f"{message.text} {how}")
            return result

        return self.store.append(message, anyone).addBoth(fired)

    def log(self) -> list[str]:
        """
        What waits for somebody.
        """
        news = self.done(self.store.roster(0))
        cursors = [state.progress.cursor for state in news.members]
        reading = self.store.read(min(cursors, default=news.head), 1000, 2**30)
        self.worker.finish()
        return [entry.text for entry in self.successResultOf(reading)]

    def done(self, doing: "Deferred[T]") -> T:
        """
        Let the disk work until something is done.
        """
        self.worker.finish()
        return self.successResultOf(doing)

    def members(self) -> dict[str, MemberState]:
        """
        Who is there.
        """
        members = self.done(self.store.roster(0)).members
        return {state.member.name: state for state in members}
