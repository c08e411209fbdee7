"""
A colour for each name.
"""

import re
from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.terminal.colours import PALETTE, colourOf


class ColourTests(SynchronousTestCase):
    """
    Colours are quiet, and stay.
    """

    def test_stable(self) -> None:
        """
        A name has its colour everywhere, however it is written.
        """
        self.assertEqual(colourOf("ann"), 3)
        self.assertEqual(colourOf("Ann"), colourOf("ann"))

    def test_spread(self) -> None:
        """
        Many names use all colours.
        """
        used = Counter(colourOf(f"name {number}") for number in range(400))
        self.assertEqual(set(used), set(range(len(PALETTE))))
        self.assertLess(max(used.values()), 100)

    def test_quiet(self) -> None:
        """
        Each can be read on black and on white: neither very light nor very dark.
        """
        for colour in PALETTE:
            match = re.fullmatch("#(..)(..)(..)", colour)
            assert match is not None
            red, green, blue = (int(part, 16) for part in match.groups())
            lightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue
            self.assertTrue(90 < lightness < 170, colour)

    def test_surrogates(self) -> None:
        """
        Any text has a colour.
        """
        self.assertIn(colourOf("\udcff"), range(len(PALETTE)))
