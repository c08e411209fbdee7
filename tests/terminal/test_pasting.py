"""
What becomes of a pasted block.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.terminal.pasting import KEYS, Answer, Paste, cleaned


class PasteTests(SynchronousTestCase):
    """
    The question and its answers.
    """

    def test_cleaned(self) -> None:
        """
        Terminals send carriage returns for line ends; one at the end sends nothing by itself.
        """
        for data, text in (
            ("one\rtwo", "one\ntwo"),
            ("one\r\ntwo\r\n", "one\ntwo"),
            ("ls -l\n", "ls -l"),
            ("\n\n", ""),
            ("a\n\nb", "a\n\nb"),
        ):
            self.assertEqual(cleaned(data), text)

    def test_question(self) -> None:
        """
        It tells how much it is and how it begins, obeys nothing in it, and fits on a terminal.
        """
        question = Paste("\x1b[2J" + "x" * 100 + "\nsecond\nthird").question()
        self.assertIn("3 lines", question[0])
        for line in question:
            self.assertTrue(line.isprintable())
            self.assertLess(len(line), 80)

    def test_answers(self) -> None:
        """
        One message, one for each line that says something, or none.
        """
        paste = Paste("one\n\n two\n/quit")
        self.assertEqual(paste.messages(Answer.WHOLE), ["one\n\n two\n/quit"])
        self.assertEqual(paste.messages(Answer.LINES), ["one", " two", "/quit"])
        self.assertEqual(paste.messages(Answer.DROP), [])

    def test_keys(self) -> None:
        """
        Every answer has a key, and Enter, pressed by habit, sends one message.
        """
        self.assertEqual(set(KEYS.values()), set(Answer))
        self.assertIs(KEYS["enter"], Answer.WHOLE)
        self.assertIs(KEYS["escape"], Answer.DROP)
