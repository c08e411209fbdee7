"""
Friends come into the book with their addresses.
"""

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.addressbook import AddressBook, Friend
from twisted_messenger.peer.friends import Friends
from twisted_messenger.room.lookup import Lookup


class Reactor(Clock):
    """
    Has one thread.
    """

    def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:
        """
        Call it here and now.
        """
        call(*arguments)


class FriendsTests(SynchronousTestCase):
    """
    Names, addresses, and what they are known by.
    """

    def setUp(self) -> None:
        """
        Look-ups start when the test says so.
        """
        self.started: list[Callable[[], None]] = []
        self.book = AddressBook()
        self.friends = Friends(self.book, Lookup(Reactor(), self.started.append))

    def test_localhost(self) -> None:
        """
        What localhost is, is known.
        """
        self.friends.add(Friend("localhost", 8881, "bob"))
        for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            self.assertEqual(self.book.nameAt(host), "bob")
        self.assertEqual(self.started, [])

    def test_noQuestion(self) -> None:
        """
        Nobody is asked for an address, nor for a friend without a name.
        """
        self.friends.add(Friend("10.0.0.9", 8881, "bob"))
        self.friends.add(Friend("somewhere.example", 8881))
        self.assertEqual(self.started, [])
        self.assertEqual(self.book.nameAt("10.0.0.9"), "bob")

    def test_oneAtATime(self) -> None:
        """
        Names are looked up one after the other, and one that leads nowhere stops nothing.
        """
        for number in range(3):
            self.friends.add(Friend(f"host{number}.invalid\n", 8881, f"friend{number}"))
        self.assertEqual(len(list(self.book)), 3)
        for number in range(3):
            self.assertEqual(len(self.started), number + 1)
            # The line end makes it a name that is refused without a question.
            self.started[number]()
