"""
Addresses that are spelled otherwise and mean the same, zones among them.
"""

import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.ownaddresses import isSameAddress, isThisMachine
from twisted_messenger.incoming.receipt import ReceiptFactory

#: The zone of loopback, by its name and by its number.
_NAMED, _NUMBERED = "fe80::1%lo", f"fe80::1%{socket.if_nametoindex('lo')}"


def _known(host: str) -> bool:
    """
    Whether this system reads such an address.
    """
    try:
        socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True


def _ownLinkLocal() -> list[str]:
    """
    This machine's own addresses that need a zone, where it has some.
    """
    table = Path("/proc/net/if_inet6")
    rows = [row.split() for row in table.read_text().splitlines()] if table.exists() else []
    addresses = [(ip_address(int(row[0], 16)), row[5]) for row in rows]
    return [f"{address}%{zone}" for address, zone in addresses if address.is_link_local]


_ZONES = _known(_NAMED) and _known(_NUMBERED)


@implementer(IListeningPort)
class _Port:
    """
    A port that says it listens there.
    """

    def __init__(self, host: str, port: int) -> None:
        self._where = IPv6Address("TCP", host, port)

    def startListening(self) -> None:
        """
        It does already.
        """

    def stopListening(self) -> None:
        """
        It never did.
        """

    def getHost(self) -> IPv6Address:
        """
        Where it listens.
        """
        return self._where


@implementer(IStreamServerEndpoint)
class _Endpoint:
    """
    An endpoint that listens with nothing.
    """

    def __init__(self, host: str, port: int) -> None:
        self._port = _Port(host, port)

    def listen(self, protocolFactory: Any) -> "Deferred[IListeningPort]":
        """
        Listen at once.
        """
        return succeed(self._port)


class SameAddressTests(SynchronousTestCase):
    """
    Two literals are compared by what the system makes of them.
    """

    def test_spellings(self) -> None:
        """
        The spelling of a literal does not matter; what is no literal is the same as nothing.
        """
        for one, other, same in (
            ("10.0.0.5", "10.0.0.5", True),
            ("10.0.0.5", "10.0.0.6", False),
            ("::1", "0:0:0::1", True),
            ("::1", "::2", False),
            ("127.0.0.1", "::1", False),
            ("localhost", "localhost", False),
            ("127.0.0.1", "", False),
            ("fe80::1%nowhere", "fe80::1", False),
        ):
            self.assertEqual((one, other, isSameAddress(one, other)), (one, other, same))
            self.assertEqual((other, one, isSameAddress(other, one)), (other, one, same))

    def test_zones(self) -> None:
        """
        A zone has a name and a number, and both mean the same.
        """
        self.assertEqual(isSameAddress(_NAMED, _NUMBERED), _ZONES)
        self.assertFalse(isSameAddress(_NAMED, _NUMBERED.replace("::1", "::2")))

    def test_isAt(self) -> None:
        """
        A listener at an address with a zone is there under both.
        """
        listener = Listener("--listen", _Endpoint(_NAMED, 8880))
        listener.start(ReceiptFactory(Factory(), Clock()))
        self.assertTrue(listener.isAt(_NAMED, 8880))
        self.assertEqual(listener.isAt(_NUMBERED, 8880), _ZONES)
        for host, port in ((_NUMBERED, 8881), ("fe80::2%lo", 8880), ("127.0.0.1", 8880)):
            self.assertFalse(listener.isAt(host, port))

    def test_thisMachine(self) -> None:
        """
        An address with a zone, known or not, is ours or not, and never an error.
        """
        for host in ("127.0.0.1", *_ownLinkLocal()):
            self.assertTrue(isThisMachine(host), host)
        for zone in ("", "%lo", "%1", "%nowhere", "%4294967295"):
            self.assertFalse(isThisMachine("fe80::d00d:1" + zone), zone)
