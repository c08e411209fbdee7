"""
Pages of the log: read once for all, and kept no longer than somebody has them.
"""

import gc

from twisted.trial.unittest import SynchronousTestCase

from tests.stores.stumblingstore import StumblingStore
from twisted_messenger.delivery.pages import Pages
from twisted_messenger.entry import Post
from twisted_messenger.errors import StoreError


class PagesTests(SynchronousTestCase):
    """
    Three entries.
    """

    def setUp(self) -> None:
        """
        They are said.
        """
        self.store = StumblingStore()
        for text in ("1", "2", "3"):
            self.store.append(Post("ci", text, "127.0.0.1", 0.0), lambda named: None)
        self.pages = Pages(self.store, b"")

    def test_shared(self) -> None:
        """
        Who asks for what is being read gets that, and who is further on finds it there.
        """
        self.store.slow = True
        first, second = self.pages.read(0), self.pages.read(0)
        self.store.release()
        page = self.successResultOf(first)
        self.assertIs(self.successResultOf(second), page)
        self.assertIs(self.pages.at(2), page)
        assert page is not None
        self.assertEqual([page.next[cursor].entry.text for cursor in range(3)], ["1", "2", "3"])
        self.assertEqual(self.store.reads, 1)

    def test_released(self) -> None:
        """
        What nobody has any more costs no memory.
        """
        self.successResultOf(self.pages.read(0))
        gc.collect()
        self.assertIsNone(self.pages.at(0))

    def test_rewound(self) -> None:
        """
        What is still read of a store that was replaced is for nobody who comes later.
        """
        self.store.slow = True
        old = self.pages.read(0)
        self.pages.rewind()
        self.store.release()
        page = self.successResultOf(old)
        self.assertIsNone(self.pages.at(0))
        self.assertIsNot(self.successResultOf(self.pages.read(0)), page)

    def test_failed(self) -> None:
        """
        A read that fails is tried again by who asks next.
        """
        self.store.broken = True
        self.failureResultOf(self.pages.read(0), StoreError)
        self.store.broken = False
        self.assertIsNotNone(self.successResultOf(self.pages.read(0)))
