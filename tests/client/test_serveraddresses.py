"""
Whom a client takes for its server.
"""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.client.serveraddresses import ServerAddresses


class ServerAddressesTests(SynchronousTestCase):
    """
    A server, by its address or its name.
    """

    def setUp(self) -> None:
        """
        Nothing was looked up yet.
        """
        self.clock = Clock()
        self.asked: list[Deferred[list[str]]] = []

    def server(self, host: str, *trust: str) -> ServerAddresses:
        """
        A server that was looked up.
        """
        server = ServerAddresses(self.clock, host, trust, self.resolve)
        server.lookUp()
        return server

    def resolve(self, name: str) -> "Deferred[list[str]]":
        """
        Answer later.
        """
        self.asked.append(Deferred())
        return self.asked[-1]

    def test_literal(self) -> None:
        """
        An address is known in any spelling, and by no other.
        """
        for host, same in (("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8:0::1")):
            server = self.server(host)
            self.assertTrue(server.includes(Source.between(same, "192.0.2.9")))
            self.assertFalse(server.includes(Source.between("192.0.2.2", "192.0.2.9")))
            self.assertFalse(server.includes(Source.between("127.0.0.1", "127.0.0.1")))
            self.assertFalse(server.includes(Source("unknown", False)))
        self.assertEqual(self.asked, [])

    def test_trusted(self) -> None:
        """
        Others may be trusted: addresses and networks of both families.
        """
        server = self.server("192.0.2.1", "10.0.0.7", "10.1.0.0/16", "2001:db8::/32")
        for host, isTrusted in (
            ("10.0.0.7", True),
            ("10.1.2.3", True),
            ("2001:db8::5", True),
            ("10.0.0.8", False),
            ("2001:db9::5", False),
        ):
            self.assertEqual(server.includes(Source(host, False)), isTrusted, host)

    def test_thisMachine(self) -> None:
        """
        A server on this machine may come from any of its addresses; other machines may not.
        """
        for host in ("127.0.0.1", "::1", "localhost", "LOCALHOST", "localhost."):
            server = self.server(host)
            self.assertTrue(server.includes(Source.between("127.0.0.1", "127.0.0.1")), host)
            self.assertTrue(server.includes(Source.between("::1", "::1")), host)
            self.assertTrue(server.includes(Source.between("192.0.2.9", "192.0.2.9")), host)
            self.assertFalse(server.includes(Source.between("192.0.2.1", "192.0.2.9")), host)

    def test_name(self) -> None:
        """
        A name has the addresses that it is looked up to.
        """
        server = self.server("room.example")
        self.assertFalse(server.includes(Source("192.0.2.1", False)))
        self.asked[0].callback(["192.0.2.1", "2001:db8::1"])
        self.assertTrue(server.includes(Source("192.0.2.1", False)))
        self.assertTrue(server.includes(Source("2001:db8::1", False)))

    def test_moves(self) -> None:
        """
        A stranger makes it look again, within reason; a look-up that fails changes nothing.
        """
        server = self.server("room.example")
        self.asked[0].callback(["192.0.2.1"])
        for _ in range(100):
            self.assertFalse(server.includes(Source("192.0.2.2", False)))
        self.assertEqual(len(self.asked), 1)
        self.clock.advance(6)
        self.assertFalse(server.includes(Source("192.0.2.2", False)))
        self.asked[1].errback(OSError("nobody knows"))
        self.assertTrue(server.includes(Source("192.0.2.1", False)))
        self.clock.advance(6)
        self.assertFalse(server.includes(Source("192.0.2.2", False)))
        self.asked[2].callback(["192.0.2.2"])
        self.assertTrue(server.includes(Source("192.0.2.2", False)))
        self.assertFalse(server.includes(Source("192.0.2.1", False)))
