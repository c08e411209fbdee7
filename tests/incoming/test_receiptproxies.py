"""
Receipts behind a proxy that tells the real address: its connections are counted for that.
"""

from typing import Any

from tests.incoming.receiptrig import PORT, ReceiptTestCase
from twisted_messenger.incoming.descriptions import listenersFrom

#: The proxy, on another machine.
PROXY = "10.0.0.1"

GUEST, OTHER = "10.0.0.7", "10.0.0.8"


class ProxyTests(ReceiptTestCase):
    """
    Two connections from each source.
    """

    def listen(self, port: int = PORT, **options: Any) -> None:
        """
        Listen for proxies.
        """
        self.makeFactory(maxPerHost=2, **options)
        (listener,) = listenersFrom(self.network, [("--listen", f"haproxy:tcp:{port}")])
        listener.start(self.factory)

    def come(self, host: str, data: bytes = b"x", proxy: str = PROXY) -> Any:
        """
        Connect somebody from there.
        """
        family = b"TCP6" if ":" in host else b"TCP4"
        ends = f"{host} {'2001:db8::f' if ':' in host else PROXY} 4242 {PORT}".encode()
        return self.connect(b"PROXY %b %b\r\n%b" % (family, ends, data), host=proxy)

    def read(self) -> list[bytes]:
        """
        What was taken from each connection.
        """
        return [taken.data for taken in self.taking]

    def test_realSource(self) -> None:
        """
        A third connection of one source is turned away, and only that one, however long the
        others go on; the proxy has many.
        """
        first, *_ = [self.come(host) for host in (GUEST, OTHER, GUEST, GUEST, OTHER)]
        self.write(first, b"more")
        self.assertEqual(self.read(), [b"xmore", b"x", b"x", b"", b"x"])
        self.assertEqual(self.counters["refused.connection_cap"], 1)

    def test_reset(self) -> None:
        """
        Beyond twice the cap it is reset.
        """
        *kept, fifth = [self.come(GUEST) for _ in range(5)]
        for sender in kept:
            self.assertWaiting(sender)
        self.assertReset(fifth)

    def test_network(self) -> None:
        """
        An IPv6 network is one source here too.
        """
        for host in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"):
            self.come(host)
        self.assertEqual(self.read(), [b"x", b"x", b"", b"x"])

    def test_loopback(self) -> None:
        """
        A proxy on this machine does not make its clients exempt.
        """
        for _ in range(3):
            self.come(GUEST, proxy="127.0.0.1")
        self.assertEqual(self.read(), [b"x", b"x", b""])

    def test_clientOnThisMachine(self) -> None:
        """
        A client that a proxy on this machine has on this machine is exempt.
        """
        for _ in range(5):
            self.come("127.0.0.1", proxy="127.0.0.1")
        self.assertEqual(self.read(), [b"x"] * 5)

    def test_clientOnTheProxy(self) -> None:
        """
        A client that is on the machine of a proxy elsewhere is not: nobody knows who it is.
        """
        for _ in range(3):
            self.come("127.0.0.1")
        self.come(GUEST)
        self.assertEqual(self.read(), [b"x", b"x", b"", b"x"])

    def test_sameMoment(self) -> None:
        """
        Clients that have not said who they are count for nobody: not for the proxy either.
        """
        senders = [self.connect(host=PROXY) for _ in range(5)]
        for number, sender in enumerate(senders):
            self.write(sender, b"PROXY TCP4 10.0.1.%d 10.0.0.1 4242 8880\r\nx" % number)
        self.assertEqual(self.read(), [b"x"] * 5)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_ownLongestSilent(self) -> None:
        """
        The real source makes room among its own.
        """
        other, old, older = self.come(OTHER), self.come(GUEST), self.come(GUEST)
        self.network.advance(0.5)
        self.write(old, b"x")
        self.network.advance(0.5)
        new = self.come(GUEST)
        self.assertReset(older)
        for sender in (other, old, new):
            self.assertWaiting(sender)
        self.assertEqual(self.read(), [b"x", b"xx", b"x", b"x"])

    def test_gone(self) -> None:
        """
        Who goes leaves a place at the real source, and none is left behind at the proxy.
        """
        for _ in range(5):
            sender = self.come(GUEST)
            sender.transport.abortConnection()
            self.network.settle()
        self.come(GUEST)
        self.assertEqual(self.read(), [b"x"] * 6)
