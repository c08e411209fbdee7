"""
Friends come into the book with their addresses.
"""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.addressbook import AddressBook, Friend
from twisted_messenger.peer.friends import Friends


class FriendsTests(SynchronousTestCase):
    """
    Names, addresses, and what they are known by.
    """

    def setUp(self) -> None:
        """
        Look-ups end when the test says so.
        """
        self.asked: dict[str, Deferred[list[str]]] = {}
        self.book = AddressBook()
        self.friends = Friends(self.book, self.resolve)

    def resolve(self, host: str) -> "Deferred[list[str]]":
        """
        Ask for the addresses of a host.
        """
        return self.asked.setdefault(host, Deferred())

    def test_localhost(self) -> None:
        """
        What localhost is, is known.
        """
        for number, name in enumerate(("localhost", "LocalHost", "localhost.")):
            self.friends.add(Friend(name, 8881 + number, "bob"))
            for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
                self.assertEqual((name, self.book.nameAt(host)), (name, "bob"))
        self.assertEqual(self.asked, {})

    def test_noQuestion(self) -> None:
        """
        Nobody is asked for an address, nor for a friend without a name.
        """
        self.friends.add(Friend("10.0.0.9", 8881, "bob"))
        self.friends.add(Friend("somewhere.example", 8881))
        self.assertEqual(self.asked, {})
        self.assertEqual(self.book.nameAt("10.0.0.9"), "bob")

    def test_oneAtATime(self) -> None:
        """
        Names are looked up one after the other, and one that leads nowhere stops nothing.
        """
        hosts = [f"host{number}.example" for number in range(3)]
        for host in hosts:
            self.friends.add(Friend(host, 8881, f"friend at {host}"))
        self.assertEqual(len(list(self.book)), 3)
        for number, host in enumerate(hosts):
            self.assertEqual(list(self.asked), hosts[: number + 1])
            self.asked[host].errback(OSError("no such name"))

    def test_found(self) -> None:
        """
        What a friend writes from an address of its host has its name, once that is looked up.
        """
        self.friends.add(Friend("host.example", 8881, "bob"))
        self.assertEqual(self.book.nameAt("10.0.0.9"), "")
        self.asked["host.example"].callback(["10.0.0.8", "10.0.0.9"])
        self.assertEqual(self.book.nameAt("10.0.0.9"), "bob")
