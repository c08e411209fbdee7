"""
While a store stalls, only so much waits for it.
"""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.incoming.serverrig import SlowStore
from twisted_messenger.errors import StoreError
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.posting import MAX_UNSTORED

_TEXT = "x" * 250_000

#: So many of these texts may wait.
_MANY = MAX_UNSTORED // len(_TEXT)


class UnstoredTests(SynchronousTestCase):
    """
    A room over a store that answers when the test says.
    """

    def setUp(self) -> None:
        """
        Open the room.
        """
        self.store = SlowStore()
        self.room = ChatRoom(self.store)

    def fill(self) -> "list[Deferred[Stored | Refusal]]":
        """
        Say as much as may wait; one more text is refused for a later try, and never reaches the
        store.
        """
        waiting = [self.room.post("ci", _TEXT) for _ in range(_MANY)]
        for one in waiting:
            self.assertNoResult(one)
        refusal = self.successResultOf(self.room.post("ci", _TEXT))
        assert isinstance(refusal, Refusal)
        self.assertIs(refusal.reason, Reason.STORE_UNAVAILABLE)
        self.assertTrue(refusal.line().startswith(b"~ store_unavailable: "))
        self.assertEqual(len(self.store.gates), _MANY)
        return waiting

    def answer(self, problem: StoreError | None = None) -> None:
        """
        Let all through, or fail.
        """
        gates, self.store.gates = self.store.gates, []
        for gate in gates:
            if problem is None:
                gate.callback(None)
            else:
                gate.errback(problem)

    def test_full(self) -> None:
        """
        What waited is stored when the store goes on, and as much as before may wait again.
        """
        for _ in range(2):
            waiting = self.fill()
            self.answer()
            for one in waiting:
                self.assertTrue(self.successResultOf(one).stored)

    def test_failed(self) -> None:
        """
        What the store could not take waits no longer either.
        """
        for _ in range(2):
            waiting = self.fill()
            self.answer(StoreError("no disk"))
            for one in waiting:
                self.assertFalse(self.successResultOf(one).stored)

    def test_characters(self) -> None:
        """
        It is the characters that count: a short text may still come in, one after the other.
        """
        self.fill()
        short = "x" * (MAX_UNSTORED - _MANY * len(_TEXT))
        self.assertNoResult(self.room.post("ci", short))
        self.assertFalse(self.successResultOf(self.room.post("ci", "y")).stored)
        self.assertNoResult(self.room.post("ci", ""))
        self.store.gates[0].callback(None)
        self.assertNoResult(self.room.post("ci", "y"))
