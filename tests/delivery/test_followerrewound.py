"""
Following a store that has gone back to an older copy.
"""

from copy import deepcopy
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.delivery.test_follower import ListReader
from tests.roomtestcase import keepLog
from tests.stores.storerig import HandStore
from twisted_messenger.delivery.follower import LogFollower
from twisted_messenger.errors import StoreError


class RewoundTests(SynchronousTestCase):
    """
    Whoever restores a backup hears of it, and the room goes on from there.
    """

    def setUp(self) -> None:
        """
        A room with one member, in which something was said.
        """
        self.clock = Clock()
        self.store = HandStore()
        self.bob = self.store.join("bob", 5000)
        self.store.say("old")
        self.reader = ListReader()
        self.follower = LogFollower(self.store, self.reader, self.clock)
        self.log = keepLog(self, "delivery.follower")
        self.follower.start()
        self.backup = self.state()

    def state(self) -> dict[str, Any]:
        """
        What a backup of the store would have.
        """
        return deepcopy(
            {
                name: kept
                for name, kept in vars(self.store).items()
                if name[0] == "_" and name != "_followers"
            }
        )

    def restore(self) -> None:
        """
        Put the backup back; nobody is woken.
        """
        vars(self.store).update(deepcopy(self.backup))
        self.reader.told.clear()

    def assertRewound(self, *told: str) -> None:
        """
        It was said once, everybody is news again, and then comes this.
        """
        self.assertEqual(self.reader.told, ["rewound", "+bob", *told, "."])
        (line,) = self.log.lines(LogLevel.critical)
        self.assertIn("older copy", line)

    def test_head(self) -> None:
        """
        The log ends where it once ended: what is said from then on is heard.
        """
        self.store.say("lost", "gone")
        self.restore()
        self.store.wake()
        self.assertRewound()
        self.reader.told.clear()
        self.store.say("new")
        self.assertEqual(self.reader.told, ["new", "."])

    def test_revision(self) -> None:
        """
        The roster is as it once was, though the log is the same.
        """
        self.store.join("carol", 5001)
        self.restore()
        self.store.wake()
        self.assertRewound()

    def test_further(self) -> None:
        """
        The store says so, since it goes on beyond everything that was heard of the copy before.
        """
        self.reader.told.clear()
        self.store.generation = 1
        self.store.say("new")
        self.assertRewound()
        self.reader.told.clear()
        self.store.say("next")
        self.assertEqual(self.reader.told, ["next", "."])

    def test_unreadable(self) -> None:
        """
        A store that breaks in that moment is read from its beginning as soon as it can be.
        """
        self.store.say("lost")
        self.restore()
        self.store.slow = True
        self.store.wake()
        self.store.answer()
        self.store.slow, self.store.error = False, StoreError("no disk")
        self.store.answer()
        self.assertEqual(self.reader.told, ["rewound"])
        self.store.error = None
        self.clock.advance(1)
        self.assertRewound()

    def test_stopped(self) -> None:
        """
        Whoever has stopped meanwhile is told nothing.
        """
        self.store.say("lost")
        self.restore()
        self.store.slow = True
        self.store.wake()
        self.follower.stop()
        self.store.slow = False
        self.store.answer()
        self.assertEqual((self.reader.told, self.log.events), ([], []))

    def test_stoppedMeanwhile(self) -> None:
        """
        So is whoever stops while everything is read anew.
        """
        self.store.say("lost")
        self.restore()
        self.store.slow = True
        self.store.wake()
        self.store.answer()
        self.follower.stop()
        self.store.slow = False
        self.store.answer()
        self.assertEqual(self.reader.told, ["rewound"])

    def test_forward(self) -> None:
        """
        A store that only goes on is never taken for another.
        """
        for _ in range(3):
            self.store.say("more")
            self.store.join("carol", 5001)
            self.store.evict(self.store.join("dan", 5002))
            self.store.wake()
        self.assertNotIn("rewound", self.reader.told)
        self.assertEqual(self.log.events, [])
