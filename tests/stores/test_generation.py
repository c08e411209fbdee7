"""
Whether a room's tables are an older copy, and where it goes on then.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.postgresql.generation import APART, Known, isAnother


class KnownTests(SynchronousTestCase):
    """
    How far a room has come.
    """

    def test_sameTables(self) -> None:
        """
        Tables that are as far as they were, or further, are no older copy.
        """
        known = Known(1, 5, 7, 3)
        for tables in (known, Known(1, 6, 7, 3), Known(1, 5, 8, 3), Known(1, 5, 7, 4)):
            self.assertFalse(known.exceeds(tables))

    def test_olderCopy(self) -> None:
        """
        Tables that lack anything are: a message, a registration, a transaction of this node, a
        generation.
        """
        known = Known(1, 5, 7, 3)
        for tables in (Known(1, 4, 9, 9), Known(1, 9, 6, 9), Known(1, 9, 9, 2), Known(0, 9, 9, 9)):
            self.assertTrue(known.exceeds(tables))

    def test_laterGeneration(self) -> None:
        """
        What an older copy lacks is looked for no more, once another node has taken it over.
        """
        known, tables = Known(1, 5, 7, 3), Known(2, 50, 70, 1)
        self.assertFalse(known.exceeds(tables))
        self.assertEqual(known.further(tables), tables)
        self.assertEqual(tables.further(known), tables)

    def test_beyond(self) -> None:
        """
        A room goes on beyond all that is known, and all that may have been lost unseen.
        """
        known, tables = Known(1, 5, 7, 3), Known(1, 9, 2, 1)
        after = known.beyond(tables)
        self.assertEqual((after.generation, after.batch), (2, 0))
        self.assertEqual((after.revision, after.head), (9 + APART, 7 + APART))


class AnotherTests(SynchronousTestCase):
    """
    Where tables lie.
    """

    def test_copied(self) -> None:
        """
        Only where both are known can they differ.
        """
        self.assertTrue(isAnother("7/1/9", "7/2/9"))
        for one, other in (("7/1/9", "7/1/9"), ("", "7/1/9"), ("7/1/9", "")):
            self.assertFalse(isAnother(one, other))
