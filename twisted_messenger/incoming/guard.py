"""
What stands between the sockets and Twisted's own wrappers, for TLS and the PROXY protocol.

A peer can make these work without end (TLS has messages that carry no byte of ours) or raise
(a header with letters for a port); neither ever reaches our protocols.
"""

from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolFactory
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.mistakes import mistakeBeforeHeader, mistakeBeforeTLS
from twisted_messenger.refusal import Refusal
from twisted_messenger.sockets import resetOnClose

# A header without addresses.
_UNKNOWN = b"PROXY UNKNOWN"


class GuardedProtocol(ProtocolWrapper):
    """
    Resets a connection on which too much comes, or what its wrapper cannot read.
    """

    factory: "GuardedFactory"
    transport: Any
    mistakeIn = staticmethod(mistakeBeforeTLS)
    _begun = False
    _received = 0

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        # Twisted would close in order where there is no such beginning, as if all were well.
        known = self._begun or data.startswith(self.factory.starts)
        self._begun = True
        self._received += len(data)
        mistake = None if known or not self.factory.explain else self.mistakeIn(data)
        if mistake is not None:
            self._explain(mistake)
            return
        if not known or self._received > self.factory.maxBytes:
            self._abort("too much" if known else "not what this port is for")
            return
        try:
            super().dataReceived(data)
        except Exception:
            # Not of ours: those are caught, and logged, where they happen.
            self._abort("it cannot be read")

    def _receipt(self) -> ReceiptProtocol | None:
        receiving: Any = self
        while isinstance(receiving, ProtocolWrapper):
            receiving = receiving.wrappedProtocol
            if isinstance(receiving, ReceiptProtocol):
                return receiving
        return None

    def _abort(self, why: str) -> None:
        # Our own protocol is told first: from the wrapper it would hear of an end like any other.
        receipt = self._receipt()
        if receipt is not None:
            receipt.abort(ConnectionAborted(why))
        self.transport.abortConnection()

    def _explain(self, mistake: Refusal) -> None:
        receipt = self._receipt()
        if receipt is not None:
            receipt.mistaken(mistake)
        resetOnClose(self.transport, False)
        self.transport.write(mistake.line())
        self.transport.loseConnection()

    def countAnew(self) -> None:
        """
        A message was taken; what comes now belongs to the next one.
        """
        self._received = 0


@implementer(IHalfCloseableProtocol)
class GuardedProxyProtocol(GuardedProtocol):
    """
    Guards Twisted's wrapper for the PROXY protocol, and passes on what that one does not: the ends
    of each half of a connection.
    """

    mistakeIn = staticmethod(mistakeBeforeHeader)
    _reading = False

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        if not self._begun and data.startswith(_UNKNOWN + b"\r"):
            # A health check of HAProxy's; Twisted takes it only with a blank.
            data = _UNKNOWN + b" " + data.removeprefix(_UNKNOWN)
        self._reading = True
        super().dataReceived(data)
        self._reading = False

    def loseConnection(self) -> None:
        """
        Close in order; but a header that cannot be read is reset, since a close would be a receipt.
        """
        if self._reading:
            self._abort("a header that cannot be read")
        else:
            super().loseConnection()

    def readConnectionLost(self) -> None:
        """
        The sender has ended its half.
        """
        self._receiving.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """
        We have ended ours.
        """
        self._receiving.writeConnectionLost()

    @property
    def _receiving(self) -> Any:
        wrapper: Any = self.wrappedProtocol
        return wrapper.wrappedProtocol


if TYPE_CHECKING:
    _WrappingFactory = WrappingFactory[GuardedProtocol]
else:
    # Twisted's factories are generic since 26.4; this works with older ones.
    _WrappingFactory = WrappingFactory


class GuardedFactory(_WrappingFactory):
    """
    Guards the connections of a wrapping factory of Twisted's.

    :param maxBytes: of one message, as they come from its socket.
    :param starts: how the first piece that comes must begin, one way or another.
    :param protocol: makes the guards.
    :param explain: whether a browser, and the like, is told what this port is.
    """

    noisy = False

    def __init__(
        self,
        wrappedFactory: IProtocolFactory,
        maxBytes: int,
        starts: tuple[bytes, ...],
        protocol: type[GuardedProtocol] = GuardedProtocol,
        explain: bool = True,
    ) -> None:
        super().__init__(wrappedFactory)
        self.protocol = protocol
        self.maxBytes = maxBytes
        self.starts = starts
        self.explain = explain
