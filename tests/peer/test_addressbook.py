"""
Friends by name.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.hostport import BadAddress, addressText, readAddress
from twisted_messenger.peer.addressbook import AddressBook, Friend, readFriend


class ReadTests(SynchronousTestCase):
    """
    Addresses as a person writes them.
    """

    def test_address(self) -> None:
        """
        Names and both kinds of addresses, with a port.
        """
        for text, address in (
            ("localhost:8880", ("localhost", 8880)),
            (" 10.0.0.9:1 ", ("10.0.0.9", 1)),
            ("[::1]:65535", ("::1", 65535)),
            ("::1:9000", ("::1", 9000)),
        ):
            self.assertEqual(readAddress(text), address)

    def test_badAddress(self) -> None:
        """
        Anything else says what is needed.
        """
        for text in (
            "",
            "bob",
            ":9000",
            "bob:",
            "bob:0",
            "bob:65536",
            "bob:x",
            "bob:\u0661",
            "b:1 2",
        ):
            error = self.assertRaises(BadAddress, readAddress, text)
            self.assertIn("HOST:PORT", str(error))

    def test_friend(self) -> None:
        """
        A name may stand in front; it comes to its one spelling.
        """
        self.assertEqual(readFriend("bob=b.example:9000"), Friend("b.example", 9000, "bob"))
        self.assertEqual(readFriend("b.example:9000"), Friend("b.example", 9000))
        self.assertEqual(readFriend("\uff42ob=[::1]:9000"), Friend("::1", 9000, "bob"))

    def test_badFriend(self) -> None:
        """
        A name that could not be shown or typed is refused.
        """
        for text in ("=b:9000", "b b=b:9000", "a|b=b:9000", "b\x1b=b:9000", "bob=b"):
            self.assertRaises(BadAddress, readFriend, text)

    def test_label(self) -> None:
        """
        A friend is called by name, or by address.
        """
        self.assertEqual(Friend("::1", 9000, "bob").label, "bob")
        self.assertEqual(Friend("::1", 9000).label, "[::1]:9000")
        self.assertEqual(addressText("10.0.0.9", 1), "10.0.0.9:1")


class BookTests(SynchronousTestCase):
    """
    Who is called what, and writes from where.
    """

    def setUp(self) -> None:
        """
        Two friends.
        """
        self.book = AddressBook()
        self.bob = Friend("10.0.0.9", 8881, "bob")
        self.carol = Friend("carol.example", 8881, "Carol")
        self.book.add(self.bob)
        self.book.add(self.carol)

    def test_find(self) -> None:
        """
        Friends are found by name, in any case.
        """
        self.assertEqual(self.book.find("BOB"), self.bob)
        self.assertEqual(self.book.find("carol "), self.carol)
        self.assertIsNone(self.book.find("dave"))
        self.assertEqual(list(self.book), [self.bob, self.carol])

    def test_last(self) -> None:
        """
        The last address of a name counts; who has no name is not in the book.
        """
        moved = Friend("10.0.0.10", 8881, "Bob")
        self.book.add(moved)
        self.book.add(Friend("10.0.0.11", 8881))
        self.assertEqual(list(self.book), [moved, self.carol])

    def test_nameAt(self) -> None:
        """
        An address tells the name; IPv4 in IPv6 clothes, and what a host's name was found to mean.
        """
        self.assertEqual(self.book.nameAt("10.0.0.9"), "bob")
        self.assertEqual(self.book.nameAt("::ffff:10.0.0.9"), "bob")
        self.assertEqual(self.book.nameAt("10.0.0.7"), "")
        self.assertEqual(self.book.nameAt(""), "")
        self.book.writesFrom(self.carol, ["10.0.0.7", "fd00::7"])
        self.assertEqual(self.book.nameAt("10.0.0.7"), "Carol")
        self.assertEqual(self.book.nameAt("fd00::7"), "Carol")

    def test_sameMachine(self) -> None:
        """
        Friends who share a machine cannot be told apart, and nobody is named alone.
        """
        self.book.add(Friend("10.0.0.9", 8882, "dave"))
        self.assertEqual(self.book.nameAt("10.0.0.9"), "bob or dave")
