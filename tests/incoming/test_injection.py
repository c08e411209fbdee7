"""
A line that somebody puts into another's log, which is sent to the room line by line.

It must not register, leave, or speak under another name, however it comes and is split.
"""

import contextlib
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import ClientCreator, Protocol
from twisted.internet.ssl import Certificate, CertificateOptions, PrivateCertificate
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory

from tests.incoming.serverrig import HOST, PORT, ServerTestCase
from tests.loopback.certificates import Authority, Identity
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.stores.memory import MemoryStore

_PROXIED_PORT, _TLS_PORT = 8882, 8883
_HEADER = f"PROXY TCP4 {HOST} {HOST} 40000 {_PROXIED_PORT}\r\n".encode()

# More than the time between two looks at the time-outs.
_PAUSE = LINE_SECONDS + 0.5

_COMMANDS = (
    "connect_request|eve||9001",
    "from:eve|hi",
    f"leave_request|keeper|{HOST}|9999",
    "connect_request|ann||9001",
)

# What is no newline, though some programs take it for the end of a line, or drop it.
_MARKS = ("\r", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\ufeff", "\u3000")


def _aroundNewlines(data: bytes) -> list[int]:
    newlines = [place for place, byte in enumerate(data) if byte == ord("\n")]
    near = {place + offset for place in newlines for offset in range(-1, 3)}
    return sorted(place for place in near if place <= len(data))


def _loaded(identity: Identity) -> PrivateCertificate:
    loaded: PrivateCertificate = PrivateCertificate.loadPEM(identity.keyPem + identity.pem)
    return loaded


class _Encrypting(Protocol):
    """
    A client over TLS that goes on after the server's close_notify, as Python's does.

    :param context: how it shakes hands.
    """

    transport: Any

    def __init__(self, context: SSL.Context) -> None:
        self._tls = SSL.Connection(context, None)
        self._tls.set_connect_state()

    def connectionMade(self) -> None:
        """
        Begin the handshake.
        """
        self._shake()

    def dataReceived(self, data: bytes) -> None:
        """
        Go on with it.
        """
        self._tls.bio_write(data)
        self._shake()

    def _shake(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            self._tls.do_handshake()
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            while True:
                self.transport.write(self._tls.bio_read(65536))

    def write(self, data: bytes) -> None:
        """
        Say something.
        """
        if data:
            self._tls.send(data)
            self._flush()


class InjectionTests(ServerTestCase):
    """
    On a plain connection.
    """

    port = PORT
    #: What a connection begins with.
    header = b""

    def serve(self, store: MemoryStore) -> None:
        """
        Listen there too.
        """
        super().serve(store)
        if self.port != PORT:
            factory = ReceiptFactory(ChatServerFactory(self.room), self.network)
            reactor = GuardingReactor(self.network)
            self.ports.append(reactor.listenTCP(self.port, self.wrapped(factory)))

    def wrapped(self, factory: IProtocolFactory) -> IProtocolFactory:
        """
        What listens there.
        """
        return factory

    def newRoom(self) -> None:
        """
        Begin anew.
        """
        for port in self.ports:
            port.stopListening()
        self.network.settle()
        self.serve(MemoryStore())

    def say(self, *pieces: bytes, pause: float = _PAUSE) -> None:
        """
        Send pieces with a pause after each.
        """
        sender = self.connectSender()
        for piece in pieces:
            sender.write(piece)
            self.network.settle()
            self.network.advance(pause)
        self.network.advance(_PAUSE)

    def connectSender(self) -> Any:
        """
        Connect, and begin.
        """
        transport = self.connect(self.port).transport
        transport.write(self.header)
        return transport

    def said(self) -> list[tuple[str, str]]:
        """
        Every line that was said, with its name.
        """
        return [(entry.name, line) for entry in self.log() for line in entry.text.split("\n")]

    def members(self) -> list[str]:
        """
        Who is registered.
        """
        members = self.successResultOf(self.store.roster(0)).members
        return sorted(state.member.name for state in members)

    def test_everySplit(self) -> None:
        """
        All lines are said by the name of the first one, wherever a pause is.
        """
        lines = ["one", *_COMMANDS]
        data = "\n".join([f"from:ann|{lines[0]}", *lines[1:], ""]).encode()
        for split in _aroundNewlines(data):
            for pause in (0, _PAUSE):
                self.say(data[:split], data[split:], pause=pause)
                self.assertEqual(self.said(), [("ann", line) for line in lines], split)
                self.assertEqual(self.members(), ["keeper"])
                self.newRoom()

    def test_noNewlines(self) -> None:
        """
        Only a newline ends a line, and no byte in front of a verb makes it one.
        """
        for mark in _MARKS:
            first, *further = (f"{mark}{command}\n".encode() for command in _COMMANDS)
            self.say(b"from:ann|one" + first, *further, b"\n")
            self.assertEqual({name for name, _ in self.said()}, {"ann"}, repr(mark))
            text = "".join(line for _, line in self.said())
            self.assertEqual([one for one in _COMMANDS if one not in text], [], repr(mark))
            self.assertEqual(self.members(), ["keeper"])
            self.newRoom()

    def test_registered(self) -> None:
        """
        Who begins with a registration is obeyed line by line, wherever a pause is, and whatever
        begins the connection that begins a message.
        """
        commands = b"leave_request|ann||9001\nconnect_request|bob||9002\nfrom:bob|one\ntwo\n"
        for blanks in (b"", b"\0", b"\xef\xbb\xbf", "\u3000".encode()):
            data = blanks + b"connect_request|ann||9001\n" + commands
            for split in _aroundNewlines(data):
                self.say(data[:split], data[split:])
                self.assertEqual(self.said(), [("bob", "one"), ("bob", "two")], (blanks, split))
                self.assertEqual(self.members(), ["bob", "keeper"])
                self.newRoom()


class ProxiedInjectionTests(InjectionTests):
    """
    Where a proxy says who it is.
    """

    port = _PROXIED_PORT
    header = _HEADER

    def wrapped(self, factory: IProtocolFactory) -> IProtocolFactory:
        """
        See :class:`InjectionTests`.
        """
        wrapping: IProtocolFactory = HAProxyWrappingFactory(factory)
        return wrapping


class TLSInjectionTests(InjectionTests):
    """
    Over TLS, which ends without a close_notify.
    """

    port = _TLS_PORT
    isAsked = False

    def setUp(self) -> None:
        """
        Issue certificates.
        """
        authority = Authority("authority")
        self.server, self.client = (_loaded(authority.issue(name)) for name in ("server", "client"))
        self.authorities = [Certificate.loadPEM(authority.identity.pem)] if self.isAsked else []
        super().setUp()

    def wrapped(self, factory: IProtocolFactory) -> IProtocolFactory:
        """
        See :class:`InjectionTests`.
        """
        context = self.server.options(*self.authorities)
        return TLSMemoryBIOFactory(context, False, factory, self.network)

    def connectSender(self) -> Any:
        """
        Shake hands.
        """
        context = self.client.options() if self.isAsked else CertificateOptions()
        creator = ClientCreator(self.network, _Encrypting, context.getContext())
        connected = creator.connectTCP(HOST, self.port)
        self.network.settle()
        return self.successResultOf(connected)


class CertifiedInjectionTests(TLSInjectionTests):
    """
    Over TLS, from who shows a certificate.
    """

    isAsked = True
