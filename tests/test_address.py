"""
Where a message came from.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import UNKNOWN, Source, isLoopback
from twisted_messenger.certificate import certificateOf


@dataclass
class Name:
    """
    A distinguished name as the cryptography library has it: its parts, and how it is written.
    """

    parts: tuple[str, ...]

    def __iter__(self) -> Any:
        return iter(self.parts)

    def public_bytes(self) -> bytes:
        """
        The name in bytes.
        """
        return "/".join(self.parts).encode()


@dataclass
class Certificate:
    """
    A certificate, as far as its holder is concerned.
    """

    issuer: Name
    subject: Name
    serial: int = 1

    def to_cryptography(self) -> "Certificate":
        """
        It is that already.
        """
        return self

    @property
    def tbs_certificate_bytes(self) -> bytes:
        """
        All that was signed.
        """
        return b"%s %s %d" % (
            self.issuer.public_bytes(),
            self.subject.public_bytes(),
            self.serial,
        )


@dataclass
class Connection:
    """
    A transport that knows its ends.
    """

    peer: Any
    host: Any

    def getPeer(self) -> Any:
        """
        The other end.
        """
        return self.peer

    def getHost(self) -> Any:
        """
        Our end.
        """
        return self.host


@dataclass
class SecureConnection(Connection):
    """
    A transport over TLS.
    """

    certificate: Certificate | None

    def getPeerCertificate(self) -> Certificate | None:
        """
        What the client has shown.
        """
        return self.certificate


def _holder(*subject: str, issuer: str = "authority", serial: int = 1) -> str | None:
    """
    Whom a certificate of that name was issued to.
    """
    certificate = Certificate(Name((issuer,)), Name(subject), serial)
    return certificateOf(SecureConnection(None, None, certificate))


class BetweenTests(SynchronousTestCase):
    """
    A sender is known by the machine it comes from.
    """

    def test_between(self) -> None:
        """
        Loopback, the server's own address and a Unix socket count as this machine.
        """
        for peer, local, expected, key in (
            ("10.0.0.5", "10.0.0.1", Source("10.0.0.5", False), "10.0.0.5"),
            ("10.0.0.1", "10.0.0.1", Source("10.0.0.1", True), "10.0.0.1"),
            ("127.0.0.1", "127.0.0.1", Source("127.0.0.1", True), "127.0.0.1"),
            ("::1", "::1", Source("::1", True), "127.0.0.1"),
            ("127.0.0.2", "127.0.0.1", Source("127.0.0.2", False), "127.0.0.2"),
            ("::ffff:10.0.0.5", "::ffff:10.0.0.1", Source("10.0.0.5", False), "10.0.0.5"),
            ("::ffff:10.0.0.1", "10.0.0.1", Source("10.0.0.1", True), "10.0.0.1"),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.1", Source("127.0.0.1", True), "127.0.0.1"),
            ("10.0.0.1", "::ffff:10.0.0.1", Source("10.0.0.1", True), "10.0.0.1"),
            ("10.0.0.5", None, Source("10.0.0.5", False), "10.0.0.5"),
            ("127.0.0.1", None, Source("127.0.0.1", True), "127.0.0.1"),
            ("::1", "10.0.0.1", Source("::1", True), "127.0.0.1"),
            (None, None, Source("127.0.0.1", True), "127.0.0.1"),
            (None, "10.0.0.1", Source("127.0.0.1", True), "127.0.0.1"),
        ):
            source = Source.between(peer, local)
            self.assertEqual((peer, local, source, source.key), (peer, local, expected, key))

    def test_noAddress(self) -> None:
        """
        What a broken proxy tells is no address, and not this machine.
        """
        for told in ("e\x1b[31mvil", "", "localhost", "1.2.3", "10.0.0.1 "):
            self.assertEqual(Source.between(told, "127.0.0.1"), Source(UNKNOWN, False))

    def test_noAddressAtBothEnds(self) -> None:
        """
        Not even if it tells the same of both ends.
        """
        self.assertEqual(Source.between("evil", "evil"), Source(UNKNOWN, False))


class BehindTests(SynchronousTestCase):
    """
    Who comes through a proxy.
    """

    def test_loopback(self) -> None:
        """
        What every machine has for itself is known in every spelling.
        """
        for host in (
            "127.0.0.1",
            "127.0.1.1",
            "127.255.255.254",
            "::1",
            "[0:0::1]",
            "::ffff:127.0.0.2",
        ):
            self.assertTrue(isLoopback(host), host)
        for host in ("10.0.0.1", "128.0.0.1", "::", "fe80::1%lo", "localhost", "127.1", ""):
            self.assertFalse(isLoopback(host), host)

    def test_proxyElsewhere(self) -> None:
        """
        What is this machine to a proxy on another machine is not this machine to us, but nowhere.
        """
        proxy = Source.between("10.0.0.9", "10.0.0.1")
        for peer, local in (
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("10.0.0.9", "10.0.0.9"),
            ("127.0.0.2", "127.0.0.1"),
            ("::ffff:127.0.0.2", "::1"),
            (None, None),
        ):
            told = Source.between(peer, local, "ann")
            self.assertEqual((peer, told.behind(proxy)), (peer, Source(UNKNOWN, False, "ann")))
        told = Source.between("10.0.0.5", "10.0.0.9", "ann")
        self.assertEqual(told.behind(proxy), told)

    def test_proxyHere(self) -> None:
        """
        A proxy on this machine is believed.
        """
        proxy = Source.between("127.0.0.1", "127.0.0.1")
        for peer, local in (
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.2", "127.0.0.1"),
            ("10.0.0.5", "10.0.0.1"),
            (None, None),
        ):
            told = Source.between(peer, local)
            self.assertEqual(told.behind(proxy), told)


class KeyTests(SynchronousTestCase):
    """
    What owns a name.
    """

    def test_certificate(self) -> None:
        """
        Whoever has shown a certificate owns names by it, from wherever it comes.
        """
        for peer in ("10.0.0.5", "10.0.0.6", "127.0.0.1", None):
            source = Source.between(peer, "10.0.0.1", "ann")
            self.assertEqual(source.key, "certificate ann")
        self.assertEqual(Source.between("10.0.0.5", None, "bob").key, "certificate bob")

    def test_machine(self) -> None:
        """
        The address stays what it is, certificate or not.
        """
        for certificate in (None, "ann"):
            self.assertEqual(Source.between("10.0.0.5", None, certificate).machine, "10.0.0.5")
            self.assertEqual(Source.between("::1", None, certificate).machine, "127.0.0.1")

    def test_noAddressIsACertificate(self) -> None:
        """
        Nothing that a peer can have for an address owns what a certificate owns.
        """
        self.assertEqual(Source.between("certificate ann", None).key, UNKNOWN)


class SubscriberTests(SynchronousTestCase):
    """
    Whom limits are kept for.
    """

    def assertSubscriber(self, peer: str | None, subscriber: str | None) -> None:
        """
        Fail unless limits for that address are kept for that subscriber.
        """
        source = Source.between(peer, "10.0.0.1")
        self.assertEqual((peer, source.subscriber), (peer, subscriber))

    def test_loopback(self) -> None:
        """
        This machine's loopback is exempt, and nothing else: neither other loopback addresses nor
        the server's own.
        """
        for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1", None):
            self.assertSubscriber(peer, None)
        for peer in ("127.0.0.2", "127.255.255.254", "10.0.0.1"):
            self.assertSubscriber(peer, peer)

    def test_address(self) -> None:
        """
        An IPv4 address is one subscriber, however it is spelt.
        """
        for peer in ("10.0.0.5", "::ffff:10.0.0.5", "::ffff:a00:5"):
            self.assertSubscriber(peer, "10.0.0.5")

    def test_network(self) -> None:
        """
        So is the /64 of an IPv6 address, since whoever has one address there can use them all.
        """
        for peer in ("2001:db8:0:7::5", "2001:db8:0:7::", "2001:db8:0:7:ffff:ffff:ffff:ffff"):
            self.assertSubscriber(peer, "2001:db8:0:7::/64")
        self.assertSubscriber("2001:db8:0:8::5", "2001:db8:0:8::/64")
        self.assertSubscriber("::2", "::/64")

    def test_zone(self) -> None:
        """
        A zone does not make a network another one.
        """
        for peer in ("fe80::1", "fe80::2%eth0", "fe80::3%eth1"):
            self.assertSubscriber(peer, "fe80::/64")

    def test_unknown(self) -> None:
        """
        All who come from nowhere share a limit.
        """
        self.assertSubscriber("nowhere", UNKNOWN)

    def test_certificate(self) -> None:
        """
        A certificate changes nothing: anybody may have several.
        """
        self.assertEqual(Source("10.0.0.5", False, "ann").subscriber, "10.0.0.5")


class TransportTests(SynchronousTestCase):
    """
    The source of a connection.
    """

    def test_addresses(self) -> None:
        """
        Both ends are asked; a Unix socket has no address.
        """
        peer = IPv4Address("TCP", "10.0.0.5", 1)
        for local, expected in (("10.0.0.1", False), ("10.0.0.5", True)):
            source = Source.of(Connection(peer, IPv4Address("TCP", local, 2)))
            self.assertEqual(source, Source("10.0.0.5", expected, entrance=(local, 2)))
        six = IPv6Address("TCP", "2001:db8::5", 1)
        source = Source.of(Connection(six, six))
        self.assertEqual(source, Source("2001:db8::5", True, entrance=("2001:db8::5", 1)))
        unix = UNIXAddress("/run/room")
        self.assertEqual(Source.of(Connection(unix, unix)), Source())

    def test_entrance(self) -> None:
        """
        The server listens at least where somebody came in, however that address is spelt, and
        perhaps at its loopback; of other ports and machines that says nothing.
        """
        for local, host, port, expected in (
            ("10.0.0.1", "10.0.0.1", 8880, True),
            ("::ffff:10.0.0.1", "10.0.0.1", 8880, True),
            ("10.0.0.1", "127.0.0.1", 8880, True),
            ("127.0.0.1", "::1", 8880, True),
            ("::1", "127.0.0.1", 8880, True),
            ("10.0.0.1", "10.0.0.1", 8881, False),
            ("10.0.0.1", "10.0.0.5", 8880, False),
            ("127.0.0.1", "10.0.0.1", 8880, False),
            (None, "127.0.0.1", 8880, False),
        ):
            source = Source.between("10.0.0.5", local, localPort=8880)
            self.assertEqual(
                (local, host, port, source.cameInAt(host, port)), (local, host, port, expected)
            )
        self.assertFalse(Source().cameInAt("127.0.0.1", 8880))

    def test_certificate(self) -> None:
        """
        Over TLS the client's certificate belongs to it, where one was shown.
        """
        address = IPv4Address("TCP", "10.0.0.5", 1)
        certificate = Certificate(Name(("authority",)), Name(("ann",)))
        source = Source.of(SecureConnection(address, address, certificate))
        self.assertEqual(source.host, "10.0.0.5")
        self.assertEqual(source.certificate, _holder("ann"))
        self.assertIsNotNone(source.certificate)
        for bare in (SecureConnection(address, address, None), Connection(address, address)):
            self.assertIsNone(Source.of(bare).certificate)

    def test_renewed(self) -> None:
        """
        A renewed certificate is the same holder's; another name or another issuer is not.
        """
        ann = _holder("people", "ann")
        self.assertEqual(_holder("people", "ann", serial=2), ann)
        for other in (
            _holder("people", "bob"),
            _holder("people"),
            _holder("people", "ann", issuer="somebody"),
        ):
            self.assertNotEqual(other, ann)

    def test_noSeam(self) -> None:
        """
        A part of the issuer's name is no part of the subject's.
        """
        self.assertNotEqual(_holder("bc", issuer="a"), _holder("c", issuer="ab"))

    def test_nameless(self) -> None:
        """
        Certificates without a subject are each their own, not all the same.
        """
        self.assertEqual(_holder(serial=1), _holder(serial=1))
        self.assertNotEqual(_holder(serial=1), _holder(serial=2))

    def test_oneWord(self) -> None:
        """
        Whatever stands in a name, the holder is one plain word.
        """
        for subject, issuer in product(((), ("a b|c\n",), ("\u2603" * 500,)), ("x", "y z\x1b")):
            holder = _holder(*subject, issuer=issuer)
            assert holder is not None
            self.assertRegex(holder, "^[0-9a-f]{64}$")
