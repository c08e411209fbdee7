"""
What a sender reads when a message was not taken.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import (
    MessengerError,
    StartError,
    StoreError,
    StoreFull,
    WireError,
)
from twisted_messenger.refusal import MAX_DETAIL, Reason, Refusal

#: Every code on the wire, and the mark in front of it: ``!`` for good, ``~`` for now.
_MARKS = {
    "too_big": "!",
    "bad_utf8": "!",
    "malformed": "!",
    "foreign_callback": "!",
    "own_port": "!",
    "low_port": "!",
    "unresolvable": "!",
    "name_taken": "!",
    "bad_name": "!",
    "not_owner": "!",
    "member_cap": "!",
    "idle": "!",
    "truncated": "!",
    "connection_cap": "~",
    "rate": "~",
    "store_full": "~",
    "store_unavailable": "~",
    "shutdown": "~",
}


class RefusalTests(SynchronousTestCase):
    """
    A refusal is one line that a person and a program can read.
    """

    def test_everyReason(self) -> None:
        """
        The first character says whether sending it again later can help.
        """
        lines = {reason.value: Refusal(reason, "so it is").line() for reason in Reason}
        expected = {code: f"{mark} {code}: so it is\n".encode() for code, mark in _MARKS.items()}
        self.assertEqual(lines, expected)

    def test_everyCode(self) -> None:
        """
        A program may spell each reason as its code.
        """
        for reason in Reason:
            self.assertEqual(Refusal(reason.value, "so it is"), Refusal(reason, "so it is"))

    def test_transient(self) -> None:
        """
        A program can ask a refusal the same question without reading its line.
        """
        passing = {reason.value for reason in Reason if Refusal(reason, "").transient}
        self.assertEqual(passing, {code for code, mark in _MARKS.items() if mark == "~"})

    def test_detailOnOneLine(self) -> None:
        """
        What the refusal quotes can neither start a second line nor move the cursor.
        """
        quoted = Refusal(Reason.BAD_NAME, "x\r\n~ rate: y\x1b[2J\t\udcff\u2028").line()
        self.assertEqual(quoted, b"! bad_name: x\\x0d\\x0a~ rate: y\\x1b[2J\\x09\\udcff\\u2028\n")

    def test_longDetail(self) -> None:
        """
        A detail of any length leaves a line that fits a screen.
        """
        shown = Refusal(Reason.MALFORMED, "p" * 60000).line().decode()
        kept = "p" * (MAX_DETAIL - 1)
        self.assertEqual(shown, f"! malformed: {kept}\N{HORIZONTAL ELLIPSIS}\n")

    @settings(deadline=None)
    @given(st.sampled_from(Reason), st.text(st.characters(codec=None)))
    def test_anyDetail(self, reason: Reason, detail: str) -> None:
        """
        Whatever was quoted, the receipt is one line of UTF-8 with the code in front.
        """
        line = Refusal(reason, detail).line().decode()
        self.assertEqual(len(line.splitlines()), 1)
        self.assertTrue(line.endswith("\n"))
        self.assertEqual(line[2:].partition(": ")[0], reason.value)

    def test_ownCode(self) -> None:
        """
        A program refuses with a word of its own, for good or for now, and need not say more.
        """
        self.assertEqual(Refusal("no_swearing").line(), b"! no_swearing: \n")
        self.assertEqual(
            Refusal("bot_is_busy", "wait", transient=True).line(), b"~ bot_is_busy: wait\n"
        )
        self.assertEqual((Refusal("mine").code, Refusal(Reason.RATE).code), ("mine", "rate"))
        for code in ("", "Mine", "two words", "x" * 33, "a\n", "\xe9", "code1"):
            self.assertRaises(ValueError, Refusal, code)

    def test_sameCode(self) -> None:
        """
        A reason spelled as its code is that reason.
        """
        self.assertEqual(Refusal("rate", "slow"), Refusal(Reason.RATE, "slow", True))
        self.assertIs(Refusal("rate").reason, Reason.RATE)

    def test_forNow(self) -> None:
        """
        What refuses for good may do so for now, and the other way round.
        """
        passing = Refusal(Reason.UNRESOLVABLE, "no answer", transient=True)
        self.assertEqual(passing.line(), b"~ unresolvable: no answer\n")
        self.assertEqual(Refusal(Reason.RATE, "never", False).line(), b"! rate: never\n")

    def test_noTruthValue(self) -> None:
        """
        A program that asks "if refusal" is told at once, before it lets everybody in.
        """
        self.assertRaises(TypeError, bool, Refusal(Reason.RATE))

    def test_value(self) -> None:
        """
        Two refusals for the same reason in the same words are the same.
        """
        self.assertEqual(Refusal(Reason.RATE, "slow"), Refusal(Reason.RATE, "slow"))
        self.assertNotEqual(Refusal(Reason.RATE, "slow"), Refusal(Reason.IDLE, "slow"))


class ErrorTests(SynchronousTestCase):
    """
    An embedding program can catch what goes wrong by kind.
    """

    def test_tree(self) -> None:
        """
        One clause catches all of ours, one all of a store's.
        """
        kinds = (WireError, StartError, StoreError, StoreFull)
        self.assertEqual([kind for kind in kinds if not issubclass(kind, MessengerError)], [])
        self.assertEqual([kind for kind in kinds if issubclass(kind, StoreError)], [*kinds[2:]])

    def test_wireError(self) -> None:
        """
        An error about bytes carries the refusal that its sender is told.
        """
        error = WireError(Reason.TOO_BIG, "too long")
        self.assertEqual(error.refusal, Refusal(Reason.TOO_BIG, "too long"))
        self.assertEqual(str(error), "too long")
