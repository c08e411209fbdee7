"""
From which addresses a server's pushes come.
"""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_messenger.address import Source, isLocalhost, literal, machineKey
from twisted_messenger.incoming.ownaddresses import isThisMachine

# Seconds between two look-ups of the server's name, however many strangers come.
_LOOK_AGAIN = 5.0

# What localhost is, without asking anybody.
_LOCALHOST = ["127.0.0.1"]


class ServerAddresses:
    """
    Knows a server by its addresses.

    :param clock: tells the time.
    :param host: the server's address, or its name.
    :param trust: addresses and networks that count as the server's too.
    :param resolve: a name to its addresses.
    :raises ValueError: one of those to trust is neither.
    """

    def __init__(
        self,
        clock: IReactorTime,
        host: str,
        trust: Iterable[str],
        resolve: "Callable[[str], Deferred[list[str]]]",
    ) -> None:
        self._clock = clock
        self._host = host
        self._trusted = [ip_network(one) for one in trust]
        self._resolve = resolve
        self._known: set[str] = set()
        self._isHere = False
        self._lookedAt: float | None = None

    def includes(self, source: Source) -> bool:
        """
        Whether it is the server that comes from there, as far as its addresses are known.

        If not, they are looked up again: a server may have moved.
        """
        isKnown = source.machine in self._known or (self._isHere and source.sameMachine)
        if isKnown or self._isTrusted(source.machine):
            return True
        self.lookUp()
        return False

    def lookUp(self) -> None:
        """
        Find out which addresses the server has, unless that was done a moment ago.
        """
        now = self._clock.seconds()
        if self._lookedAt is not None and now - self._lookedAt < _LOOK_AGAIN:
            return
        self._lookedAt = now
        address = literal(self._host)
        if address is not None:
            self._found([address])
        elif isLocalhost(self._host):
            self._found(_LOCALHOST)
        else:
            # Where nobody knows now, the next push makes us ask again.
            self._resolve(self._host).addCallbacks(self._found, lambda failure: None)

    def _found(self, addresses: list[str]) -> None:
        self._known = {machineKey(address) for address in addresses}
        # A server on this machine may come from any address of it.
        self._isHere = any(isThisMachine(address) for address in addresses)

    def _isTrusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
