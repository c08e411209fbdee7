"""
Admission: which callback addresses and which senders are welcome. Pure.
"""

from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from twisted_messenger.address import (
    PROGRAM,
    UNKNOWN,
    Source,
    elsewhere,
    isLocalhost,
    literal,
    machineKey,
    sameOwner,
)
from twisted_messenger.names import cleanName
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import Member, RosterLimits
from twisted_messenger.wire import MAX_MESSAGE_BYTES

#: Below it lie the services that an unwanted connection could harm.
MIN_CALLBACK_PORT = 1024

#: One source may have so much of the log wait for members, one part of so many: it must not push
#: out what others said.
WAITING_SHARE = 8

_WHERE_I_CAME_FROM = frozenset({"", "0.0.0.0", "::"})

# What Debian gives to the machine's own name.
_OWN_NAME = "127.0.1.1"

Network = IPv4Network | IPv6Network

_SPECIAL = ("is_loopback", "is_link_local", "is_multicast", "is_reserved", "is_unspecified")


class Callbacks(Enum):
    """
    Which callback addresses may be registered.
    """

    OWN = "own"
    ANY = "any"
    NONE = "none"


class Senders(Enum):
    """
    Who may speak under a name: its owner and strangers, its owner alone, or everybody.
    """

    OWNED = "owned"
    REGISTERED = "registered"
    ANY = "any"


# Python looks for a member of an enumeration as long as it calls a function.
_OWNED, _ANY = Senders.OWNED, Senders.ANY


@dataclass(frozen=True)
class AdmissionPolicy:
    """
    The rules of one room.

    :param callbacks: which callback addresses may be registered.
    :param networks: callback addresses that are welcome besides the sender's own.
    :param minCallbackPort: ports below it are refused.
    :param senders: who may speak under a name.
    :param serverName: the name nobody may bear; the server's notices come from it.
    :param limits: how large the roster may grow.
    :param maxMessageBytes: bytes of one message to the server.
    :param reserved: for a clean name, the only machines that may register it or speak under it, as
        :func:`readReservation` gives them; ``127.0.0.1`` is this machine.
    :param maxWaitingBytes: of messages of one source that wait for members; 0 for no limit,
        ``None`` for an eighth of what the log keeps.
    """

    callbacks: Callbacks = Callbacks.OWN
    networks: tuple[Network, ...] = ()
    minCallbackPort: int = MIN_CALLBACK_PORT
    senders: Senders = Senders.OWNED
    serverName: str = "server"
    limits: RosterLimits = field(default_factory=RosterLimits)
    maxMessageBytes: int = MAX_MESSAGE_BYTES
    reserved: Mapping[str, frozenset[str]] = field(default_factory=dict)
    maxWaitingBytes: int | None = None

    def judgeRegistration(
        self, name: str, host: str, port: int, source: Source
    ) -> Refusal | Awaitable[Refusal | None] | None:
        """
        Judge who may register, before a host is looked up for it. A policy of your own may override
        it, and may take its time.

        :param name: clean.
        :param host: as asked for, trimmed: an address, a name, or empty.
        :param port: 1 to 65535.
        :returns: why not, or ``None``.
        """
        if self.callbacks is Callbacks.NONE:
            return Refusal(Reason.FOREIGN_CALLBACK, "registration is closed here")
        if name in self.reserved and not self._isReservedFor(name, source):
            return Refusal(Reason.NAME_TAKEN, _reservedFrom(name, source))
        return None

    def _isReservedFor(self, name: str, source: Source) -> bool:
        machines = self.reserved[name]
        return source.machine in machines or (source.sameMachine and "127.0.0.1" in machines)

    def callbackHost(self, asked: str, source: Source) -> str | Refusal | None:
        """
        What a HOST field means.

        :param asked: the field, trimmed.
        :returns: an address literal; ``None`` where the name must be looked up; a refusal.
        """
        if source.host == UNKNOWN:
            return Refusal(Reason.FOREIGN_CALLBACK, "your address is not known")
        known = literal(asked)
        if asked in _WHERE_I_CAME_FROM or known in _WHERE_I_CAME_FROM:
            return source.host
        if known is not None or not isLocalhost(asked):
            return known
        if source.sameMachine:
            return "127.0.0.1"
        return Refusal(
            Reason.FOREIGN_CALLBACK,
            f"localhost is this machine and you are {source.host}: give your own address",
        )

    def judgeCallback(
        self,
        asked: str,
        host: str,
        port: int,
        source: Source,
        *,
        ownListener: bool,
        thisMachine: bool = False,
        shared: bool = False,
    ) -> Refusal | None:
        """
        Judge the address that would be connected to.

        :param asked: the field; a refusal quotes it rather than the address, so that nobody can
            have names of our network looked up.
        :param host: the address literal that it means.
        :param ownListener: whether the server itself listens there, as is known without the source.
        :param thisMachine: whether the kernel says that the address is this machine's.
        :param shared: whether other machines may have to connect there.
        """
        if shared and ip_address(host).is_loopback and not self._inNetworks(machineKey(host)):
            return Refusal(
                Reason.FOREIGN_CALLBACK,
                f"{asked or host} is another machine for each server of this room: give an address"
                " that all of them reach",
            )
        if not self._welcome(host, source, thisMachine):
            detail = f"{asked} is not your address, you are {source.host}"
            return Refusal(Reason.FOREIGN_CALLBACK, detail + _otherFamily(host, source.host))
        if ownListener or source.cameInAt(host, port):
            return Refusal(Reason.OWN_PORT, f"port {port} is the server's own")
        if port < self.minCallbackPort:
            return Refusal(Reason.LOW_PORT, f"port {port} is below {self.minCallbackPort}")
        return None

    def _welcome(self, host: str, source: Source, thisMachine: bool) -> bool:
        if host in _WHERE_I_CAME_FROM:
            # What a name resolved to; connected to, it would be this machine.
            return False
        if self.callbacks is Callbacks.ANY or machineKey(host) == source.machine:
            return True
        address = ip_address(host)
        if source.sameMachine:
            mine = thisMachine and (host == _OWN_NAME or _isPlain(address))
            if mine or machineKey(host) == "127.0.0.1":
                return True
        return self._inNetworks(host)

    def _inNetworks(self, host: str) -> bool:
        address = ip_address(host)
        return any(address in network and _meant(address, network) for network in self.networks)

    def judgeSender(self, name: str, source: Source, named: Member | None) -> Refusal | None:
        """
        Judge who may speak under a name.

        :param named: who is registered under it now.
        """
        if named is not None and named.owner == PROGRAM:
            if source.key == PROGRAM:
                return None
            return Refusal(Reason.NOT_OWNER, f"{name} is registered {elsewhere(PROGRAM)}")
        if name in self.reserved:
            # It may have been somebody else's before it was reserved.
            here = self._isReservedFor(name, source)
            return None if here else Refusal(Reason.NOT_OWNER, _reservedFrom(name, source))
        if self.senders is _ANY:
            return None
        if named is None:
            if self.senders is _OWNED:
                return None
            return Refusal(Reason.NOT_OWNER, f"{name} is not registered; register first")
        if sameOwner(named.owner, source.key):
            return None
        return Refusal(Reason.NOT_OWNER, f"{name} is registered {elsewhere(named.owner)}")


def _otherFamily(host: str, sourceHost: str) -> str:
    """
    The mend for somebody who came over IPv6 and named an IPv4 address, or the other way round: it
    may well be the own one.
    """
    families = ["IPv6" if ":" in one else "IPv4" for one in (host, sourceHost)]
    if families[0] == families[1]:
        return ""
    return f": connect over {families[0]}, or leave HOST empty to get pushes over {families[1]}"


def _reservedFrom(name: str, source: Source) -> str:
    return f"{name} is reserved for another address, you are {source.host}"


def _isPlain(address: IPv4Address | IPv6Address) -> bool:
    # The kernel calls all of 127/8 its own, and groups too; to us the other 127.x are other hosts.
    return not (address.is_loopback or address.is_multicast)


def _meant(address: IPv4Address | IPv6Address, network: Network) -> bool:
    """
    Whether a network is about such addresses: a wide one does not mean metadata services,
    everybody at once, or ourselves.
    """
    return all(getattr(network, kind) for kind in _SPECIAL if getattr(address, kind))


def readCallbacks(text: str) -> tuple[Callbacks, tuple[Network, ...]]:
    """
    Read ``own``, ``any``, ``none`` or ``cidr:NET,...``.

    :returns: the rule and the networks it adds.
    :raises ValueError: it is none of these; the message says what was wrong.
    """
    if not text.startswith("cidr:"):
        return Callbacks(text), ()
    networks = text.removeprefix("cidr:").split(",")
    return Callbacks.OWN, tuple(_network(network.strip()) for network in networks)


def readReservation(text: str, serverName: str = "server") -> tuple[str, frozenset[str]]:
    """
    Read ``NAME=ADDRESS,...``.

    :param serverName: the name that nobody may bear.
    :returns: the clean name and its machines, for :attr:`AdmissionPolicy.reserved`.
    :raises ValueError: it is none; the message says what was wrong.
    """
    name, separator, addresses = text.rpartition("=")
    if not separator:
        raise ValueError("there is no = in it")
    [reserved] = reservedBy({name: addresses.split(",")}, serverName).items()
    return reserved


def reservedBy(
    reserve: Mapping[str, Collection[str]], serverName: str = "server"
) -> dict[str, frozenset[str]]:
    """
    Read which addresses are for which names.

    :param reserve: address literals, or ``localhost``, for each name.
    :returns: for :attr:`AdmissionPolicy.reserved`.
    :raises ValueError: one is no name, or no address; the message says what was wrong.
    """
    return {
        cleanName(name, serverName): frozenset(map(_machine, addresses))
        for name, addresses in reserve.items()
    }


def _machine(text: str) -> str:
    asked = text.strip()
    host = "127.0.0.1" if isLocalhost(asked) else literal(asked)
    if host is None or host in _WHERE_I_CAME_FROM:
        raise ValueError(f"{asked!r} is no address")
    return machineKey(host)


def _network(text: str) -> Network:
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise ValueError("IPv4 addresses are written as such")
    return network
