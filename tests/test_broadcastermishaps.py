"""
The broadcaster when a connection cannot even be tried, and when two members become one.
"""

from twisted.internet.defer import Deferred

from tests.broadcasterrig import ANN, BOB, BroadcasterTestCase, HandPusher
from twisted_messenger.push import PushResult


class RaisingPusher(HandPusher):
    """
    Cannot even try to reach Ann.
    """

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        Raise, as Twisted does for an address with a zone that is gone.
        """
        if port == ANN:
            raise OSError("no such zone")
        return super().push(host, port, payload, connectTimeout)


class MishapTests(BroadcasterTestCase):
    """
    What goes wrong beside one member is no other one's business.
    """

    def test_cannotBeTried(self) -> None:
        """
        A member whose address raises counts as away, and the next one is served.
        """
        pusher = RaisingPusher()
        self.start(pusher)
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.assertEqual(pusher.texts(BOB), ["ci: 1"])
        self.assertEqual(self.counters["pushes.failed"], 1)

    def test_mergedRightAfterADelivery(self) -> None:
        """
        Two members who both have a message do not get it again when they become one, although
        the store does not know yet that they have it.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.pusher.end(BOB)
        self.join("ann", BOB)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])
