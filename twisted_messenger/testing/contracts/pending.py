"""
What every store that has an ``appendPending`` must tell a message. See ``store``.
"""

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_messenger.entry import Post
from twisted_messenger.errors import StoreClosed
from twisted_messenger.interfaces import Admission
from twisted_messenger.pendingpost import PendingPost, appenderOf
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Member
from twisted_messenger.testing.contracts.log import LogContract
from twisted_messenger.testing.contracts.repeats import keyed
from twisted_messenger.testing.contracts.roster import OFFICE, anyone, post


class Letter(PendingPost):
    """
    A message that keeps what it is told.

    :param post: the message.
    :param judge: admits it.
    """

    __slots__ = ("_judge", "outcome")

    def __init__(self, post: Post, judge: Admission = anyone) -> None:
        super().__init__(post)
        self._judge = judge
        #: Fires as that of ``append`` does.
        self.outcome: Deferred[int | Refusal] = Deferred()

    def admit(self, named: Member | None, /) -> Refusal | None:
        """
        Ask the judge.
        """
        return self._judge(named)

    def decided(self, result: int | Refusal, /) -> None:
        """
        Keep it.
        """
        self.outcome.callback(result)

    def unknown(self, reason: Failure, /) -> None:
        """
        Keep it.
        """
        self.outcome.errback(reason)


class PendingContract(LogContract):
    """
    The tests of the way into a store past its ``append``; a store need not have one.
    """

    def pending(self, post: Post, judge: Admission = anyone) -> "Deferred[int | Refusal]":
        """
        Append it so, if the store can; else as any.
        """
        letter = Letter(post, judge)
        append = appenderOf(self.store)
        if append is None:
            return self.store.append(post, judge)
        append(letter)
        return letter.outcome

    def test_pending(self) -> None:
        """
        Whichever way they come, messages are one log, and have the order in which they came.
        """
        self.join("bob", 5000)
        positions = [
            *self.say("one"),
            self.successResultOf(self.pending(post("two"))),
            *self.say("three"),
            self.successResultOf(self.pending(post("four"))),
        ]
        entries = self.read()
        self.assertEqual([entry.text for entry in entries], ["one", "two", "three", "four"])
        self.assertEqual([entry.position for entry in entries], positions)
        self.assertEqual({entry.time for entry in entries}, {1_000_000.25})

    def test_pendingRefused(self) -> None:
        """
        A message is judged by who bears its name, and is told why not.
        """
        seen: list[str | None] = []

        def judge(named: Member | None) -> Refusal:
            seen.append(None if named is None else named.owner)
            return Refusal("no")

        self.join("bob", 5000, OFFICE)
        for name in ("bob", "alice"):
            told = self.successResultOf(self.pending(post("x", name), judge))
            self.assertEqual(told, Refusal("no"))
        self.assertEqual(seen, [OFFICE, None])
        self.assertEqual(self.texts(), [])

    def test_pendingAgain(self) -> None:
        """
        One that comes again has its place already, whichever way it came.
        """
        self.join("bob", 5000)
        first = self.successResultOf(self.pending(keyed("one")))
        self.assertEqual(self.successResultOf(self.pending(keyed("one"))), first)
        self.assertEqual(self.successResultOf(self.store.append(keyed("one"), anyone)), first)
        self.assertEqual(self.texts(), ["one"])

    def test_pendingRaised(self) -> None:
        """
        Where the judge raises, that message fails, and others do not.
        """

        def judge(named: Member | None) -> None:
            raise ZeroDivisionError

        self.join("bob", 5000)
        self.failureResultOf(self.pending(post("one"), judge), ZeroDivisionError)
        self.successResultOf(self.pending(post("two")))
        self.assertEqual(self.texts(), ["two"])

    def test_pendingLate(self) -> None:
        """
        A store that is closed takes none, and says so to the message.
        """
        self.successResultOf(self.store.close())
        self.failureResultOf(self.pending(post("late")), StoreClosed)

    def test_pendingEarly(self) -> None:
        """
        Nor does one that was never open.
        """
        append = appenderOf(self.makeStore())
        if append is not None:
            letter = Letter(post("early"))
            append(letter)
            self.failureResultOf(letter.outcome, RuntimeError)
