"""
Whose connection it is: known when it is made, or with its first bytes.
"""

from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.protocols.policies import ProtocolWrapper

from twisted_messenger.address import Source


class Identity:
    """
    The source of one connection.

    A PROXY header tells the address of the real sender, and comes with the first bytes; over TLS,
    so does the certificate.

    :param transport: that of the connection.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._pending = isinstance(transport, ProtocolWrapper)
        #: Whether it counts for nobody until its first bytes.
        self.hidden = self._pending and not ISSLTransport.providedBy(transport)
        #: Where it comes from, as far as it is known.
        self.source = Source.of(transport)

    def look(self) -> bool:
        """
        Look again, once: bytes have come.

        :returns: whether the connection counts for somebody else now.
        :raises Exception: a certificate that is signed cannot be read.
        """
        if not self._pending:
            return False
        self._pending = False
        before = self.source
        self.source = Source.of(self._transport).behind(before)
        return self.hidden or self.source.host != before.host
