"""
Choosing a store by its description.
"""

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_messenger.errors import NoSuchRoom
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.storeparser import MAIN_ROOM, IStoreParser
from twisted_messenger.stores import StoreKind, storeFromString
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.stores.sqlite.store import SQLiteStore


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

    def test_postgresql(self) -> None:
        """
        ``postgresql://...`` is a store that nodes share; nobody is reached before it is opened.
        """
        reactor = MemoryReactorClock()
        for room in ("main", "ops-2", "x" * 40):
            store = storeFromString(reactor, "postgresql://chat@db.invalid/chat", room)
            self.assertIsInstance(store, PostgreSQLStore)
            self.assertTrue(verifyObject(IMessageStore, store))
        self.assertEqual(reactor.getDelayedCalls(), [])

    def test_postgresqlNeedsAnAddress(self) -> None:
        """
        What is no address is answered by one, in one line; a password in it is not repeated.
        """
        for address in (
            *("", "chat", "//[::1", "//%zz@db", "//u:secret@db/%zz\n y", "//u:secret@[::1/chat"),
            *("//u:secret@db/chat?colour=red", "dbname=chat"),
        ):
            why = self.refused(f"postgresql:{address}")
            self.assertIn("postgresql://USER@HOST/DATABASE", why)
            self.assertNotIn("secret", why)

    def test_oneRoom(self) -> None:
        """
        A store that holds one room has no other, and does not pretend to.
        """
        for description in ("memory:", "sqlite:room.sqlite"):
            storeFromString(MemoryReactorClock(), description, MAIN_ROOM)
            ended = self.assertRaises(
                NoSuchRoom, storeFromString, MemoryReactorClock(), description, "ops"
            )
            self.assertIn("postgresql:", str(ended))

    def test_badRooms(self) -> None:
        """
        The name of a room becomes part of a schema's: what cannot is refused.
        """
        for room in ("", "Ops", "o ps", "_ops", "-ops", "ops\n", "x" * 41, "\u0663", 'a"b', "ä"):
            ended = self.assertRaises(
                NoSuchRoom, storeFromString, MemoryReactorClock(), "postgresql://h/db", room
            )
            self.assertIn("a-z", str(ended))

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
        self.assertLessEqual({"memory", "sqlite", "postgresql"}, set(parsers))
        for parser in parsers.values():
            self.assertTrue(verifyObject(IStoreParser, parser))

    def test_costsOthersNothing(self) -> None:
        """
        Whoever runs another program of twistd's does not wait for ours.
        """
        code = (
            f"import sys, {IStoreParser.__module__};"
            "print(*sorted(n for n in sys.modules if n.startswith(('twisted_m', 'twisted.'))))"
        )
        read = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        ours = ("twisted_messenger", "twisted_messenger.storeparser", "twisted_messenger.version")
        self.assertEqual(read.stdout.decode().split(), [*ours])

    def test_importedWhenAskedFor(self) -> None:
        """
        A kind whose library is missing harms nobody who does not ask for it.
        """
        kind = StoreKind("clay", "no_such_package.parseTablet", needs="fired-clay[oven]")
        why = str(self.assertRaises(ValueError, kind.parseStore, MemoryReactorClock(), ""))
        self.assertIn("no_such_package", why)

    def needs(self, source: str) -> str:
        """
        Ask for a kind whose module begins so.

        :returns: the line that the operator reads.
        """
        with TemporaryDirectory() as directory:
            with open(os.path.join(directory, "claytablets.py"), "w", encoding="utf-8") as file:
                file.write(source)
            sys.path.insert(0, directory)
            try:
                kind = StoreKind("clay", "claytablets.parseTablet", needs="fired-clay[oven]")
                ended = self.assertRaises(ValueError, kind.parseStore, MemoryReactorClock(), "")
            finally:
                sys.path.remove(directory)
                sys.modules.pop("claytablets", None)
        self.assertNotIn("\n", str(ended))
        return str(ended)

    def test_missingLibrary(self) -> None:
        """
        Where the module is there but a library it needs is not, one line says which, and how to
        install it.
        """
        line = self.needs("import no_such_library\n")
        self.assertIn("needs no_such_library", line)
        self.assertIn("pip install 'fired-clay[oven]'", line)

    def test_halfALibrary(self) -> None:
        """
        So it is with a library that is there and lacks one itself, which takes many lines to say.
        """
        line = self.needs("raise ImportError('no wrapper available.\\nTried: c, binary')\n")
        self.assertIn("no wrapper available", line)
        self.assertIn("pip install 'fired-clay[oven]'", line)
        self.assertIn("a library", self.needs("raise ImportError\n"))
