"""
Peers that have everything and take their time: how long, how many, and who is told.
"""

from typing import Any

from twisted.internet.error import ConnectionLost

from tests.push.pushrig import HOST, LATE, PORT, PushTestCase
from tests.transportrig import pendingError
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.general import PUSH_TIMEOUT
from twisted_messenger.push.holding import HOLD_TIMEOUT, MAX_HELD, MAX_HELD_SHARE
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.testing import HangingFactory


class HoldingTests(PushTestCase):
    """
    Members that work for long before they close.
    """

    def setUp(self) -> None:
        """
        A member that never closes by itself.
        """
        super().setUp()
        self.peer = HangingFactory()
        self.listen(self.peer)
        self.results: list[PushResult] = []
        #: The sources of those that were held, in order.
        self.held: list[str] = []

    def begin(self, source: str = "ann") -> Attempt:
        """
        Begin a push that may be held.
        """
        attempt = self.creator.begin(
            HOST,
            PORT,
            b"ann: hi",
            self.results.append,
            held=lambda: self.held.append(source),
            source=source,
        )
        self.network.settle()
        return attempt

    @property
    def outcomes(self) -> list[Outcome]:
        """
        How pushes ended, in order.
        """
        return [result.outcome for result in self.results]

    def transport(self, count: int = 0) -> Any:
        """
        The member's end of a connection.
        """
        return self.peer.connections[count].transport

    def test_late(self) -> None:
        """
        A member that closes after five minutes has confirmed; that it is held is told once, when
        the usual time is up.
        """
        self.begin()
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertEqual(self.held, [])
        self.network.advance(LATE)
        self.assertEqual(self.held, ["ann"])
        self.network.advance(300)
        self.assertEqual((self.held, self.results), (["ann"], []))
        self.transport().loseConnection()
        self.network.settle()
        self.assertEqual(self.results, [PushResult(Outcome.CONFIRMED, connected=True, sent=True)])
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_never(self) -> None:
        """
        One that does not close within ten minutes has hung; it sees no reset.
        """
        self.begin()
        self.network.advance(HOLD_TIMEOUT - 0.01)
        self.assertEqual(self.results, [])
        self.network.advance(LATE)
        self.assertEqual((self.held, self.outcomes), (["ann"], [Outcome.HUNG]))
        self.assertEqual(pendingError(self.transport()), 0)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_resets(self) -> None:
        """
        One that resets while it is held has failed.
        """
        self.begin()
        self.network.advance(60)
        self.transport().abortConnection()
        self.network.settle()
        self.assertEqual((self.held, self.outcomes), (["ann"], [Outcome.FAILED]))

    def test_givenUp(self) -> None:
        """
        A push can be given up while it is held, and its place is free then.
        """
        self.creator = PushCreator(self.network, maxHeld=1)
        self.begin().cancel()
        attempt = self.begin()
        self.network.advance(60)
        attempt.cancel()
        self.network.settle()
        self.assertEqual(self.outcomes, [Outcome.FAILED] * 2)
        reason = self.peer.connections[1].reason
        self.assertTrue(reason is None or reason.type is ConnectionLost)
        self.begin()
        self.network.advance(60)
        self.assertEqual(self.held, ["ann"] * 2)

    def test_share(self) -> None:
        """
        So many of one source are held; what else it has hangs as ever.
        """
        for _ in range(MAX_HELD_SHARE + 2):
            self.begin()
        self.begin("bob")
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual(self.held, ["ann"] * MAX_HELD_SHARE + ["bob"])
        self.assertEqual(self.outcomes, [Outcome.HUNG] * 2)

    def test_inAll(self) -> None:
        """
        And so many in all; who ends makes room for another.
        """
        for count in range(MAX_HELD + 1):
            self.begin(f"10.0.0.{count}")
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual((len(self.held), self.outcomes), (MAX_HELD, [Outcome.HUNG]))
        self.transport().loseConnection()
        self.begin("late")
        self.begin("later")
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual(self.held[MAX_HELD:], ["late"])
        self.assertEqual(self.outcomes, [Outcome.HUNG, Outcome.CONFIRMED, Outcome.HUNG])

    def test_onlyWhatIsThere(self) -> None:
        """
        A member that has not acknowledged everything is not held: it has failed.
        """
        self.network.deaf.add((HOST, PORT))
        self.begin()
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual((self.held, self.outcomes), ([], [Outcome.FAILED]))

    def test_notWanted(self) -> None:
        """
        Where nobody asks for it, or it would be for no longer than usual, none is held.
        """
        pushing = self.push()
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)
        for seconds in (0.0, PUSH_TIMEOUT):
            self.creator = PushCreator(self.network, holdTimeout=seconds)
            self.begin()
            self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual((self.held, self.outcomes), ([], [Outcome.HUNG] * 2))

    def test_inTheSameMoment(self) -> None:
        """
        Who is told that a push is held may give up another whose time is up too.
        """
        attempts: list[Attempt] = []

        def held() -> None:
            self.held.append("one")
            for attempt in attempts:
                attempt.cancel()

        for _ in range(2):
            begun = self.creator.begin(HOST, PORT, b"ann: hi", self.results.append, held=held)
            attempts.append(begun)
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual((self.held, self.outcomes), (["one"], [Outcome.FAILED] * 2))
