"""
Tables fit their terminal, whatever stands in them.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.operate.tables import fitted, table, widthOf


class TableTests(SynchronousTestCase):
    """
    Lines of a table.
    """

    def test_aligned(self) -> None:
        """
        Numbers stand to the right, words to the left, and nothing trails.
        """
        lines = table(["NAME", ">BEHIND"], [["ann", "7"], ["printer", "1200"]])
        self.assertEqual(lines, ["NAME     BEHIND", "ann           7", "printer    1200"])

    def test_wide(self) -> None:
        """
        Characters of two columns count as two.
        """
        lines = table(["NAME", "STATE"], [["日本", "new"], ["ann", "new"]])
        self.assertEqual(lines[1:], ["日本  new", "ann   new"])

    def test_hostile(self) -> None:
        """
        What a member calls itself cannot move the cursor or begin a line.
        """
        (_, line) = table(["NAME"], [["a\x1b[2Jb\nc"]])
        self.assertNotIn("\x1b", line)
        self.assertNotIn("\n", line)

    def test_narrow(self) -> None:
        """
        Where the terminal is narrow, the widest column gives way, and shows that it was cut.
        """
        lines = table(["NAME", "LAST ERROR", "STATE"], [["printer", "x" * 200, "failing"]], 40)
        self.assertEqual([widthOf(line) <= 40 for line in lines], [True, True])
        self.assertIn("x…", lines[1])
        self.assertTrue(lines[1].endswith("failing"))

    @given(st.text(), st.integers(1, 40))
    def test_fitted(self, text: str, width: int) -> None:
        """
        A text takes exactly the columns that it is given.
        """
        self.assertEqual(widthOf(fitted(text, width)), width)
