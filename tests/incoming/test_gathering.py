"""
When lines are all that a sender has to say.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.gathering import LINE_SECONDS, Gathering


class GatheringTests(SynchronousTestCase):
    """
    The times of one message.
    """

    def test_due(self) -> None:
        """
        The first newline counts, not the last bytes.
        """
        gathering = Gathering()
        gathering.received(b"on", 0)
        self.assertFalse(gathering.isDue(100))
        gathering.received(b"e\n", 100)
        gathering.received(b"two\nth", 101)
        self.assertFalse(gathering.isDue(100 + LINE_SECONDS - 0.01))
        self.assertTrue(gathering.isDue(100 + LINE_SECONDS))
        self.assertEqual((gathering.begun, gathering.size), (0, 10))

    def test_rest(self) -> None:
        """
        What comes after the last newline has begun with its own first byte.
        """
        for pieces, begun in (
            ([b"one\n"], None),
            ([b"one\ntw"], 0),
            ([b"one\n", b"tw"], 1),
            ([b"one\n", b"tw", b"o"], 1),
            ([b"one\nt", b"wo\n"], None),
            ([b"one\nt", b"wo\nth", b"r"], 1),
            ([b"one\n\0", b"\0"], None),
            ([b"one\n\0", b"\0tw", b"o"], 1),
        ):
            gathering = Gathering()
            for now, piece in enumerate(pieces):
                gathering.received(piece, now)
            rest = gathering.rest()
            self.assertEqual((pieces, rest.begun, rest.empty), (pieces, begun, begun is None))
            self.assertFalse(rest.hasLine)
            rest.received(b"more", 10)
            self.assertEqual(rest.begun, 10 if begun is None else begun)
            self.assertEqual(rest.rest().begun, rest.begun)

    def test_nul(self) -> None:
        """
        A NUL after a line begins nothing, however it comes; a connection that begins with one has
        begun.
        """
        first = Gathering()
        first.received(b"\0", 1)
        self.assertEqual(first.begun, 1)
        first.received(b"one\n", 2)
        rest = first.rest()
        rest.received(b"\0\0", 3)
        self.assertTrue(rest.empty)
        rest.received(b"\0tw", 4)
        self.assertEqual((rest.begun, rest.hasLine), (4, False))
        rest = first.rest()
        rest.received(b"\0\n\0", 5)
        self.assertEqual((rest.begun, rest.hasLine, rest.rest().empty), (5, True, True))
