"""
What every store must do with messages that come again. See ``store``.
"""

from dataclasses import replace

from twisted_messenger.entry import LogLimits, Post
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.repeats import (
    REPEAT_BYTES,
    REPEAT_SECONDS,
    REPEATS_PER_SOURCE,
    Repeat,
)
from twisted_messenger.testing.contracts.history import HistoryContract
from twisted_messenger.testing.contracts.roster import anyone, at, post

_NO_LIMIT = LogLimits(0, 0, 0, 1_000_000, 1e9)


def keyed(text: str, key: str = "k", name: str = "alice") -> Post:
    """
    A message that is known when it comes again.
    """
    return post(text, name)._replace(repeat=Repeat.of(name, key, text))


class RepeatsContract(HistoryContract):
    """
    The tests of messages that come again.
    """

    def append(self, asked: Post) -> int | Refusal:
        """
        Say something.
        """
        return self.successResultOf(self.store.append(asked, anyone))

    def test_again(self) -> None:
        """
        A message that comes again is stored once, and its sender is told where it is.
        """
        first = self.append(keyed("one"))
        self.say("between")
        self.assertEqual(self.append(keyed("one")), first)
        self.assertEqual(self.history(), ["one", "between"])

    def test_nobodyIsAsked(self) -> None:
        """
        What is stored is stored, though its name has an owner by now.
        """
        first = self.append(keyed("one"))
        asked: list[object] = []

        def judge(named: object) -> Refusal | None:
            asked.append(named)
            return Refusal(Reason.NOT_OWNER)

        again = self.successResultOf(self.store.append(keyed("one"), judge))
        self.assertEqual((again, asked), (first, []))

    def test_another(self) -> None:
        """
        A key that was given to another text is refused, for good.
        """
        self.append(keyed("one"))
        refusal = self.append(keyed("two"))
        assert isinstance(refusal, Refusal)
        self.assertEqual((refusal.code, refusal.transient), ("key_reused", False))
        self.assertEqual(self.history(), ["one"])

    def test_itsOwn(self) -> None:
        """
        A key is its sender's own: under another name, and from elsewhere, it is another.
        """
        self.append(keyed("one"))
        self.append(keyed("one", name="bob"))
        self.append(keyed("one")._replace(source="10.0.0.9"))
        self.append(keyed("one", "another"))
        self.assertEqual(self.history(), ["one"] * 4)

    def test_refused(self) -> None:
        """
        What was refused is not remembered: it may be stored the next time, and be another text.
        """

        def refuse(named: object) -> Refusal:
            return Refusal(Reason.NOT_OWNER)

        self.successResultOf(self.store.append(keyed("one"), refuse))
        self.assertIsInstance(self.append(keyed("two")), int)
        self.assertEqual(self.history(), ["two"])

    def test_forgottenMessage(self) -> None:
        """
        A message that the log has no more is known all the same.
        """
        first = self.append(keyed("one"))
        self.keep(entries=0)
        self.assertEqual(self.history(), [])
        self.assertEqual(self.append(keyed("one")), first)

    def test_day(self) -> None:
        """
        It is known for a day, and then taken for another.
        """
        first = self.append(keyed("one"))
        self.elapse(REPEAT_SECONDS - 10)
        self.keep()
        self.assertEqual(self.append(keyed("one")), first)
        self.elapse(20)
        self.keep()
        self.assertNotEqual(self.append(keyed("one")), first)

    def test_onesOwnBound(self) -> None:
        """
        Of one source so many are known, the newest; it takes none of others.
        """
        other = self.append(keyed("one")._replace(source="10.0.0.9"))
        first = self.append(keyed("0", "0"))
        for number in range(1, REPEATS_PER_SOURCE + 1):
            last = self.append(keyed(str(number), str(number)))
        self.assertEqual(self.append(keyed(str(number), str(number))), last)
        self.assertEqual(self.append(keyed("one")._replace(source="10.0.0.9")), other)
        self.assertNotEqual(self.append(keyed("0", "0")), first)

    def test_allBound(self) -> None:
        """
        They take part in the store's limit: where there are too many for it, the oldest go.
        """
        first, second, third = (self.append(keyed("one", str(n))) for n in range(3))
        self.successResultOf(self.store.trim(replace(_NO_LIMIT, bytes=2 * REPEAT_BYTES)))
        self.assertEqual(self.append(keyed("one", "2")), third)
        self.assertEqual(self.append(keyed("one", "1")), second)
        self.assertNotEqual(self.append(keyed("one", "0")), first)

    def test_inTheRoom(self) -> None:
        """
        It is pushed once: a member has it once in what it reads.
        """
        self.enrol(at("bob", 5000))
        for _ in range(3):
            self.append(keyed("one"))
        self.assertEqual(len(self.read()), 1)
