"""
When another node's lease is over, whatever the database's clock says.
"""

from math import inf

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.stores.leaserig import BELIEVED, TTL
from twisted_messenger.stores.postgresql.neighbours import Neighbours, Sign

#: Seconds by the database's clock; nobody needs to know when that was.
EPOCH = 1_795_000_000.0


class NeighboursTestCase(SynchronousTestCase):
    """
    A node that looks at one other, ours at ten seconds by our clock.
    """

    def setUp(self) -> None:
        """
        It has just started, and sees the other for the first time.
        """
        self.now = 10.0
        #: By how much the database's clock was set.
        self.error = 0.0
        self.neighbours = Neighbours(TTL)
        self.renewed(1)
        self.look()

    def renewed(self, number: int) -> None:
        """
        The other renews its lease now.
        """
        self.number = number
        self.expires = self.now + self.error + TTL

    def look(self, took: float = 0.0) -> None:
        """
        See how it is.

        :param took: seconds until the answer was here.
        """
        time = self.now + self.error
        sign = Sign(self.number, self.expires - time)
        asked, self.now = self.now, self.now + took
        self.neighbours.seen({"other": sign}, EPOCH + time, asked, self.now)

    def assertEnds(self, moment: float) -> None:
        """
        The other's lease ends then.
        """
        self.assertAlmostEqual(self.neighbours.nextEnd(), moment)
        self.assertEqual(self.neighbours.gone(moment - 0.01), {})
        self.assertEqual(self.neighbours.gone(moment + 0.01), {"other": self.number})


class SteadyTests(NeighboursTestCase):
    """
    The database's clock goes as ours does.
    """

    def test_first(self) -> None:
        """
        A node that starts cannot know how long another has been silent, and waits for a ttl,
        whatever the database's clock says.
        """
        self.assertEnds(10 + TTL)
        for left in (-3600, 0.5, 3600):
            neighbours = Neighbours(TTL)
            neighbours.seen({"other": Sign(1, left)}, EPOCH, 10, 10)
            self.assertAlmostEqual(neighbours.nextEnd(), 10 + TTL)

    def test_exactly(self) -> None:
        """
        After that, members wait no longer than the lease lasts, whenever it was looked at.
        """
        self.now = 10.5
        self.renewed(2)
        self.now = 11.25
        self.look()
        self.assertEnds(10.5 + TTL)
        self.now = 12.0
        self.look()
        self.assertEnds(10.5 + TTL)

    def test_slowAnswer(self) -> None:
        """
        Where an answer took its time, it is not known when the database looked.
        """
        self.now = 11.0
        self.renewed(2)
        self.look(took=0.1)
        self.assertEnds(11.1 + TTL)
        self.renewed(3)
        self.look(took=1.0)
        self.assertEnds(12.1 + TTL)

    def test_departed(self) -> None:
        """
        A node that has left in order is not gone: there is nothing to take from it.
        """
        self.neighbours.seen({}, EPOCH, 11, 11)
        self.assertEqual((self.neighbours.nextEnd(), self.neighbours.gone(99)), (inf, {}))

    def test_away(self) -> None:
        """
        After an outage of the database everybody is given a ttl to come back.
        """
        self.neighbours.forget()
        self.assertEqual(self.neighbours.gone(99), {})
        self.now = 20.0
        self.look()
        self.assertEnds(20 + TTL)


class ClockTests(NeighboursTestCase):
    """
    The database's clock is set.
    """

    def test_forward(self) -> None:
        """
        A lease that seems to be over is not, until its node was silent for a ttl.
        """
        self.renewed(2)
        self.error = 10.0
        self.now = 11.0
        self.look()
        self.assertEnds(11 + TTL)

    def test_back(self) -> None:
        """
        A lease that seems to last for an hour ends with its ttl.
        """
        self.now = 11.0
        self.renewed(2)
        self.error = -3600
        self.look()
        self.assertEnds(11 + TTL)
        self.now = 12.0
        self.look()
        self.assertEnds(11 + TTL)

    @given(
        st.lists(
            st.tuples(st.floats(0.01, 1.0), st.sampled_from([0.0, -3600.0, -1.0, 0.15, 1.0, 10.0])),
            min_size=1,
            max_size=20,
        ),
        st.floats(0, 1.0),
    )
    def test_neverTwo(self, steps: list[tuple[float, float]], took: float) -> None:
        """
        However the clock is set, a node is not taken for gone while it believes in its lease; and
        it is taken for gone a ttl after it was seen.
        """
        self.setUp()
        for number, (pause, error) in enumerate(steps, 2):
            self.renewed(number)
            believes = self.now + BELIEVED
            self.error += error
            self.now += pause
            self.look(took)
            self.assertEqual(self.neighbours.gone(believes), {})
            self.assertEqual(self.neighbours.gone(self.now + TTL), {"other": number})
