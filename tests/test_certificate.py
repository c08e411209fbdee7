"""
Certificates: whom one was issued to, and listeners that ask for one.
"""

import contextlib
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.trial.unittest import SynchronousTestCase

from tests.loopback.certificates import Authority, Identity, authoritiesFile
from tests.loopback.rig import HOST
from twisted_messenger.certificate import certificateOf
from twisted_messenger.incoming.guard import GuardedFactory
from twisted_messenger.incoming.guardingreactor import GuardingReactor


class _Transport:
    """
    A transport over TLS, as far as certificates go.
    """

    def __init__(self, certificate: crypto.X509 | None) -> None:
        self._certificate = certificate

    def getPeerCertificate(self) -> crypto.X509 | None:
        """
        What the other side has shown.
        """
        return self._certificate


class _Chained(_Transport):
    """
    The same, of a connection that has verified who vouches for the certificate.
    """

    def __init__(self, shown: Identity, *authorities: Identity) -> None:
        self._chain = [crypto.X509.from_cryptography(one.certificate) for one in authorities]
        super().__init__(crypto.X509.from_cryptography(shown.certificate))

    def getHandle(self) -> "_Chained":
        """
        The connection.
        """
        return self

    def get_verified_chain(self) -> list[Any]:
        """
        From the certificate up to the authority that is trusted.
        """
        return [self.getPeerCertificate(), *self._chain]


def _showing(shown: Identity) -> _Transport:
    return _Transport(crypto.X509.from_cryptography(shown.certificate))


def _holder(shown: Identity) -> str:
    holder = certificateOf(_showing(shown))
    assert holder is not None
    return holder


class HolderTests(SynchronousTestCase):
    """
    The holder of a certificate is its subject, as its issuer names it.
    """

    def setUp(self) -> None:
        """
        Two authorities.
        """
        self.authority, self.other = Authority("authority"), Authority("other")

    def test_noCertificate(self) -> None:
        """
        A transport that knows of no certificates has none, nor has a client that showed none.
        """
        self.assertIsNone(certificateOf(object()))
        self.assertIsNone(certificateOf(_Transport(None)))

    def test_renewed(self) -> None:
        """
        A new key for the same subject by the same issuer is the same holder's.
        """
        holders = {_holder(self.authority.issue("ann")) for _ in range(3)}
        self.assertEqual(len(holders), 1)

    def test_different(self) -> None:
        """
        Another name, another unit or another issuer makes another holder.
        """
        shown = [
            self.authority.issue("ann"),
            self.authority.issue("bob"),
            self.authority.issue("ann", "sales"),
            self.authority.issue("ann", "sales", "north"),
            self.authority.issue("ann", "north", "sales"),
            self.authority.issue("other"),
            self.other.issue("ann"),
            self.other.issue("authority"),
            self.other.identity,
        ]
        self.assertEqual(len({_holder(one) for one in shown}), len(shown))

    def test_vouchers(self) -> None:
        """
        An authority that calls one below it like another authority issues to other holders.
        """
        namesake = Authority("authority")
        below = self.other.issue("authority")
        real = certificateOf(_Chained(self.authority.issue("ann"), self.authority.identity))
        again = certificateOf(_Chained(self.authority.issue("ann"), self.authority.identity))
        forged = _Chained(namesake.issue("ann"), below, self.other.identity)
        self.assertEqual(real, again)
        self.assertNotEqual(real, certificateOf(forged))

    def test_withoutSubject(self) -> None:
        """
        A certificate without a subject stands for itself: nobody else has its key.
        """
        first, second = self.authority.issue(), self.authority.issue()
        self.assertEqual(_holder(first), _holder(first))
        self.assertNotEqual(_holder(first), _holder(second))

    def test_oneWord(self) -> None:
        """
        Whatever names a certificate holds, its holder is one short word that can be stored.
        """
        for shown in (self.authority.issue("ann|x \n\x1b", "é" * 64), self.authority.issue()):
            self.assertRegex(_holder(shown), r"\A[0-9a-f]{64}\Z")

    def test_wrapped(self) -> None:
        """
        A protocol wrapper passes the question on to the transport.
        """
        shown = self.authority.issue("ann")
        wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
        transport: Any = _showing(shown)
        wrapper.makeConnection(transport)
        self.assertEqual(certificateOf(wrapper), _holder(shown))


class _Contexts:
    def __init__(self, server: Identity) -> None:
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate(crypto.X509.from_cryptography(server.certificate))
        self.context.use_privatekey(crypto.PKey.from_cryptography_key(server.key))

    def getContext(self) -> SSL.Context:
        """
        The one there is.
        """
        return self.context


class VerifyingTests(SynchronousTestCase):
    """
    A TLS listener asks for a certificate; all else is the reactor's.
    """

    def setUp(self) -> None:
        """
        A reactor, an authority and its file.
        """
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.authority = Authority("authority")
        self.trusted = str(authoritiesFile(self.directory, self.authority))
        self.reactor = MemoryReactorClock()
        self.factory = Factory()

        self.contexts = _Contexts(Authority("rooms").issue("server"))

    def listen(self, authorities: str | None, backlog: int = 50) -> Any:
        """
        Listen over TLS.

        :returns: the port, as the reactor made it.
        """
        reactor = GuardingReactor(self.reactor, authorities=authorities)
        return reactor.listenSSL(8843, self.factory, self.contexts, backlog, HOST)

    def handshake(self, shown: Identity | None) -> _Transport:
        """
        Let a client shake hands with the listener.

        :returns: what the listener then knows of it.
        :raises OpenSSL.SSL.Error: it refuses.
        """
        served = SSL.Connection(self.contexts.context, None)
        served.set_accept_state()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if shown is not None:
            file = self.directory / "client.pem"
            file.write_bytes(shown.keyPem + shown.pem)
            context.load_cert_chain(file)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)
        for _ in range(4):
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
            if outgoing.pending:
                served.bio_write(outgoing.read())
            with contextlib.suppress(SSL.WantReadError):
                served.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                incoming.write(served.bio_read(65536))
        return _Transport(served.get_peer_certificate())

    def test_asks(self) -> None:
        """
        The listener demands a certificate, and believes those of the authority only.
        """
        self.listen(self.trusted)
        self.assertEqual(
            self.contexts.context.get_verify_mode(),
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
        )
        ann = self.authority.issue("ann")
        self.assertEqual(certificateOf(self.handshake(ann)), _holder(ann))
        for stranger in (None, Authority("ann").identity, Authority("authority").issue("ann")):
            self.assertRaises(SSL.Error, self.handshake, stranger)

    def test_unasked(self) -> None:
        """
        Without authorities a listener takes everybody, and asks nobody.
        """
        self.listen(None)
        self.assertEqual(self.contexts.context.get_verify_mode(), SSL.VERIFY_NONE)
        for client in (None, self.authority.issue("ann")):
            self.assertIsNone(self.handshake(client).getPeerCertificate())

    def test_passedOn(self) -> None:
        """
        Where to listen and how many may wait reaches the reactor; its port comes back.
        """
        self.assertTrue(IListeningPort.providedBy(self.listen(self.trusted, 7)))
        number, factory, backlog, interface = self.reactor.tcpServers[0]
        self.assertEqual((number, backlog, interface), (8843, 7, HOST))
        self.assertIsInstance(factory, GuardedFactory)

    def test_noAuthority(self) -> None:
        """
        With a file that holds no certificate nothing is listened to.
        """
        Path(self.trusted).write_bytes(self.authority.identity.keyPem)
        self.assertRaises(SSL.Error, self.listen, self.trusted)
        self.assertEqual(self.reactor.tcpServers, [])

    def test_everythingElse(self) -> None:
        """
        Whatever else a reactor can do, it does itself; what it cannot, is missing.
        """
        verifying = GuardingReactor(self.reactor, authorities=self.trusted)
        self.successResultOf(serverFromString(verifying, "tcp:8880").listen(self.factory))
        self.assertEqual([place[:2] for place in self.reactor.tcpServers], [(8880, self.factory)])
        self.assertEqual(verifying.callLater, self.reactor.callLater)
        self.assertFalse(hasattr(verifying, "listenPigeons"))
