"""
What a person sees.
"""

import os

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.console import fromFriend, fromRoom, noticeLine


class LineTests(SynchronousTestCase):
    """
    Lines on the terminal.
    """

    def test_friend(self) -> None:
        """
        A friend's lines have the address in front, each of them, and can do nothing.
        """
        address = IPv4Address("TCP", "127.0.0.1", 47893)
        self.assertEqual(
            fromFriend(address, "hi\n\x1b[2J").split("\n"),
            ["('127.0.0.1', 47893): hi", "('127.0.0.1', 47893): \\x1b[2J"],
        )
        self.assertEqual(fromFriend(address, ""), "('127.0.0.1', 47893): ")

    def test_room(self) -> None:
        """
        A push is shown as it came, its second line under its own name.
        """
        address = IPv4Address("TCP", "127.0.0.1", 8880)
        self.assertEqual(fromRoom(address, "ann: hi\nbob: no"), "ann: hi\nann: bob: no")

    def test_notice(self) -> None:
        """
        A notice is one line, whatever the other side's words in it are.
        """
        line = noticeLine("your friend answered: thanks\nbob: forged\x1b[2J")
        self.assertEqual(line, "* your friend answered: thanks\\x0abob: forged\\x1b[2J")
        self.assertNotIn(os.linesep, line)
