"""
Choosing a store by its description.
"""

import os
from tempfile import TemporaryDirectory

from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_messenger.interfaces import IMessageStore, IStoreParser
from twisted_messenger.stores import StoreKind, storeFromString
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.stores.sqlite import SQLiteStore


class StoreFromStringTests(SynchronousTestCase):
    """
    What stands behind ``--store``.
    """

    def refused(self, description: str) -> str:
        """
        Fail unless there is no such store.

        :returns: why.
        """
        why = str(self.assertRaises(ValueError, storeFromString, MemoryReactorClock(), description))
        self.assertNotIn("\n", why)
        return why

    def test_memory(self) -> None:
        """
        ``memory:`` is a store that forgets.
        """
        store = storeFromString(MemoryReactorClock(), "memory:")
        self.assertIsInstance(store, MemoryStore)

    def test_memoryTakesNothing(self) -> None:
        """
        A path behind ``memory:`` would promise something.
        """
        self.assertIn("memory:", self.refused("memory:room"))

    def test_sqlite(self) -> None:
        """
        ``sqlite:PATH`` is a durable store; nothing is written before it is opened.
        """
        with TemporaryDirectory() as directory:
            path = os.path.join(directory, "a:b.sqlite")
            store = storeFromString(MemoryReactorClock(), f"sqlite:{path}")
            self.assertIsInstance(store, SQLiteStore)
            self.assertTrue(verifyObject(IMessageStore, store))
            self.assertEqual(os.listdir(directory), [])

    def test_sqliteNeedsAPath(self) -> None:
        """
        Without a path the operator is shown what one looks like.
        """
        self.assertIn("sqlite:room.sqlite", self.refused("sqlite:"))

    def test_unknownKind(self) -> None:
        """
        An unknown kind is named, with those there are.
        """
        why = self.refused("papyrus:scroll")
        for part in ("papyrus:scroll", "memory:", "sqlite:"):
            self.assertIn(part, why)

    def test_missingColon(self) -> None:
        """
        A word alone is no description, even that of a kind there is.
        """
        for description in ("memory", "sqlite", "", "room.sqlite"):
            self.assertIn("sqlite:", self.refused(description))


class StoreKindTests(SynchronousTestCase):
    """
    The plugins that name the kinds.
    """

    def test_plugins(self) -> None:
        """
        The kinds of the package are found as others are.
        """
        parsers = {parser.prefix: parser for parser in getPlugins(IStoreParser)}
        self.assertLessEqual({"memory", "sqlite"}, set(parsers))
        for parser in parsers.values():
            self.assertTrue(verifyObject(IStoreParser, parser))

    def test_importedWhenAskedFor(self) -> None:
        """
        A kind whose library is missing harms nobody who does not ask for it.
        """
        kind = StoreKind("clay", "no_such_package.parseTablet")
        why = str(self.assertRaises(ValueError, kind.parseStore, MemoryReactorClock(), ""))
        self.assertIn("no_such_package", why)
