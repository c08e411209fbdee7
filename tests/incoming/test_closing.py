"""
How each kind of connection ends.
"""

from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import ISSLTransport, ISystemHandle
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from twisted_messenger.incoming.closing import TCPEnd, TLSEnd, UnixEnd, endOf


class Connection:
    """
    A TLS connection of OpenSSL's.

    :param shutdown: 1 when we have ended, 2 when the peer has, 3 for both.
    """

    def __init__(self, shutdown: int) -> None:
        self._shutdown = shutdown

    def get_shutdown(self) -> int:
        """
        Who has ended.
        """
        return self._shutdown


class Transport:
    """
    A transport with something underneath, that writes down what it is asked for.

    :param interfaces: what it says it provides.
    """

    #: What is below TLS.
    transport: "Transport | None" = None

    def __init__(self, handle: object, *interfaces: Any) -> None:
        self._handle = handle
        self.asked: list[str] = []
        directlyProvides(self, *interfaces)

    def getHandle(self) -> object:
        """
        What is underneath.
        """
        return self._handle

    def loseConnection(self) -> None:
        """
        Note it.
        """
        self.asked.append("close")

    def loseWriteConnection(self) -> None:
        """
        Note it.
        """
        self.asked.append("half-close")

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.asked.append("reset")

    def write(self, data: bytes) -> None:
        """
        Note it.
        """
        self.asked.append(data.decode())


class EndTests(SynchronousTestCase):
    """
    Answers, closes and resets.
    """

    def test_kinds(self) -> None:
        """
        Each kind of connection is known by its transport.
        """
        self.assertIs(type(endOf(StringTransport())), TCPEnd)
        self.assertIs(type(endOf(StringTransport(UNIXAddress(b"/run/chat")))), UnixEnd)
        self.assertIs(type(endOf(Transport(Connection(0), ISSLTransport))), TLSEnd)

    def test_answers(self) -> None:
        """
        Where a taken message's sender has ended, there is nothing to send: the close says it. TLS
        ends as a whole.
        """
        for kind, line, ended, out, asked in (
            (TCPEnd, b"", True, True, []),
            (TCPEnd, b"", False, False, ["half-close"]),
            (TCPEnd, b"! no", True, False, ["! no", "half-close"]),
            (UnixEnd, b"~ no", False, False, ["~ no", "half-close"]),
            (TLSEnd, b"", False, True, ["close"]),
            (TLSEnd, b"! no", True, True, ["! no", "close"]),
        ):
            transport = Transport(None)
            end = kind(transport)
            end.answer(line, ended)
            self.assertEqual((end.out, transport.asked), (out, asked))

    def test_closes(self) -> None:
        """
        Over TLS the goodbye is said with the answer, and nobody waits for the sender's: what is
        below is closed.
        """
        for kind in (TCPEnd, UnixEnd, TLSEnd):
            transport = Transport(None)
            transport.transport = below = transport if kind is not TLSEnd else Transport(None)
            kind(transport).close()
            self.assertEqual(below.asked, ["close"])
            self.assertEqual(transport.asked, below.asked if below is transport else [])

    def test_resets(self) -> None:
        """
        A Unix socket knows no reset: a word stands for it.
        """
        for kind, asked in ((TCPEnd, ["reset"]), (TLSEnd, ["reset"])):
            transport = Transport(None)
            kind(transport).reset()
            self.assertEqual(transport.asked, asked)
        transport = Transport(None)
        UnixEnd(transport).reset()
        self.assertEqual((transport.asked[0][:8], transport.asked[1:]), ("~ reset:", ["close"]))

    def test_goodbye(self) -> None:
        """
        In TLS it is the sender's close_notify that counts, not ours, and neither the reset that
        may follow it nor an end of file; a fatal alert is none.
        """
        for lost in (ConnectionDone, ConnectionLost):
            for shutdown, ended in ((0, False), (1, False), (2, True), (3, True)):
                transport = Transport(Connection(shutdown), ISSLTransport, ISystemHandle)
                ending = endOf(transport).ending(Failure(lost()))
                self.assertIs(ending.type, ConnectionDone if ended else ConnectionLost)
                self.assertEqual("no close_notify" in ending.getErrorMessage(), not ended)
        transport = Transport(Connection(2), ISSLTransport, ISystemHandle)
        alert = Failure(ZeroDivisionError())
        self.assertIs(endOf(transport).ending(alert), alert)

    def test_noGoodbye(self) -> None:
        """
        Without TLS the reason says it all.
        """
        for lost in (ConnectionDone, ConnectionLost):
            reason = Failure(lost())
            self.assertIs(TCPEnd(Transport(None)).ending(reason), reason)
