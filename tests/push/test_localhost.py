"""
Pushes to a member at localhost, which may listen on IPv4 or on IPv6.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import ScriptedPusher
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.push.localhost import LocalhostPusher
from twisted_messenger.roster import Member

V4, V6 = "127.0.0.1", "::1"

_ANN = Member("ann", "localhost", 9001, "127.0.0.1", 1)

_REFUSED = PushResult(Outcome.FAILED, detail="refused")


class LocalhostTests(SynchronousTestCase):
    """
    One member, whose two addresses the test plays.
    """

    def setUp(self) -> None:
        """
        Nothing is known of it.
        """
        self.addresses = ScriptedPusher()
        self.pusher = LocalhostPusher(self.addresses)
        self.results: list[PushResult] = []

    def begin(self) -> Attempt:
        """
        Begin a push.
        """
        return self.pusher.begin(
            "localhost", 9001, b"ann: hi", self.results.append, entry=None, member=_ANN
        )

    def ends(self, outcome: Outcome, connected: bool = True) -> None:
        """
        The attempt under way ends.
        """
        self.addresses.ends(outcome, detail="at the end", connected=connected)

    def refuses(self) -> None:
        """
        Nobody listens where the attempt under way goes.
        """
        self.addresses.ends(Outcome.FAILED, detail=_REFUSED.detail)

    def assertTried(self, *hosts: str) -> None:
        """
        Fail unless these were connected to since the last look, with the whole message.
        """
        self.assertEqual(self.addresses.pushed, [(host, 9001, b"ann: hi") for host in hosts])
        self.addresses.pushed.clear()

    def taken(self, *hosts: str) -> None:
        """
        A push is taken at the last of these hosts, and refused at those before.
        """
        self.begin()
        for _ in hosts[1:]:
            self.refuses()
        self.ends(Outcome.CONFIRMED)
        self.assertIs(self.results.pop().outcome, Outcome.CONFIRMED)
        self.assertTried(*hosts)

    def test_first(self) -> None:
        """
        Who listens at 127.0.0.1 gets it there, and the other address is left alone.
        """
        self.taken(V4)

    def test_second(self) -> None:
        """
        Who listens at ::1 alone gets it there; that nobody was at 127.0.0.1 is no failure.
        """
        self.taken(V4, V6)

    def test_remembered(self) -> None:
        """
        Where a push was taken, the next ones go: while the member is away, nobody else gets them.
        """
        for hosts in ((V4,), (V4, V6)):
            self.pusher = LocalhostPusher(self.addresses)
            self.taken(*hosts)
            self.begin()
            self.refuses()
            self.assertEqual(self.results.pop(), _REFUSED)
            self.assertTried(hosts[-1])
            self.taken(hosts[-1])

    def test_taken(self) -> None:
        """
        A member that keeps the connection open, or does not want a message, has been found too;
        one that resets it, or says "later", has not taken it.
        """
        for outcome, found in (
            (Outcome.HUNG, True),
            (Outcome.REJECTED, True),
            (Outcome.FAILED, False),
            (Outcome.DEFERRED, False),
        ):
            self.pusher = LocalhostPusher(self.addresses)
            self.begin()
            self.refuses()
            self.ends(outcome)
            self.assertIs(self.results.pop().outcome, outcome)
            self.assertTried(V4, V6)
            self.begin()
            self.assertTried(V6 if found else V4)
            self.ends(Outcome.CONFIRMED)

    def test_nobody(self) -> None:
        """
        Where nobody is at either address, the push has failed, once; the next one looks at both.
        """
        for _ in range(2):
            self.begin()
            self.refuses()
            self.refuses()
            self.assertEqual(self.results, [_REFUSED])
            self.results.clear()
            self.assertTried(V4, V6)

    def test_noIPv6(self) -> None:
        """
        On a machine without IPv6 that is a failure of the member, not a lack of the machine's.
        """
        self.begin()
        self.refuses()
        self.ends(Outcome.EXHAUSTED, connected=False)
        self.assertEqual(self.results, [_REFUSED])

    def test_reset(self) -> None:
        """
        Who is there and resets is not looked for elsewhere: it may have read the message.
        """
        self.begin()
        self.ends(Outcome.FAILED)
        self.assertTrue(self.results.pop().connected)
        self.assertTried(V4)

    def test_lack(self) -> None:
        """
        Where this machine lacks something for now, nobody knows whether somebody is there.
        """
        self.begin()
        self.ends(Outcome.EXHAUSTED, connected=False)
        self.assertIs(self.results.pop().outcome, Outcome.EXHAUSTED)
        self.assertTried(V4)

    def test_givenUp(self) -> None:
        """
        A push that is given up, or taken back, is not tried any further.
        """
        for giveUp in ("cancel", "recall"):
            for before in range(2):
                attempt = self.begin()
                for _ in range(before):
                    self.refuses()
                getattr(attempt, giveUp)()
                self.assertEqual([result.detail for result in self.results], ["cancelled"])
                self.results.clear()
                self.addresses.pending.clear()
                self.assertTried(V4, *[V6] * before)
