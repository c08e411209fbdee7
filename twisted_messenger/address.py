"""
Where a message came from, and what owns a name there: each machine has one spelling. Pure.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv6Address
from typing import Any

from twisted_messenger.certificate import certificateOf

# The module ipaddress takes any text for a zone, newlines too.
_ZONE = re.compile("[A-Za-z0-9._-]{1,32}")

# Characters: an IPv6 address with an IPv4 tail, brackets, and a zone.
_MAX_LITERAL = 80

# What the key of an owner known by a certificate begins with.
_CERTIFICATE = "certificate "

#: The key of what belongs to the program that has the room; no source on the wire has it.
PROGRAM = "program"

#: The host of a member that is at one of this machine's loopback addresses, whichever it is.
LOCALHOST = "localhost"

#: The key of this machine's loopback, of whichever family; see :func:`machineKey`.
LOOPBACK = "127.0.0.1"

#: The host of a source whose address is none, as a broken proxy may tell it.
UNKNOWN = "unknown"

# Who has one IPv6 address can use its whole /64 (RFC 7421).
_IPV6_HOST_BITS = 64


def certificateKey(holder: str) -> str:
    """
    The owner of names that were registered with a certificate.

    :param holder: of the certificate, in one word.
    """
    return _CERTIFICATE + holder


def sameOwner(owner: str, asking: str) -> bool:
    """
    Whether what belongs to one key belongs to another.

    :param owner: as it stands in the roster; before stores told machines apart, a loopback address
        of any machine was the same owner, and what is registered so goes to the first who asks.
    :param asking: the key of a source.
    """
    # A machine's name stands after the loopback address.
    return owner == asking or asking.startswith(f"{owner} ")


def elsewhere(owner: str) -> str:
    """
    How somebody else's registration was made, for people.
    """
    if owner == PROGRAM:
        return "by the server's program"
    return "with another certificate" if owner.startswith(_CERTIFICATE) else "from another address"


def isLocalhost(host: str) -> bool:
    """
    Whether a host's name means this machine, without being looked up.
    """
    return host.lower().removesuffix(".") == LOCALHOST


def machineKey(host: str) -> str:
    """
    One word for one machine: ``127.0.0.1``, ``::1`` and ``localhost`` are the same.

    Any other 127.x is another host: programs bind there on purpose to look like one.

    :param host: an address literal as :func:`literal` returns it, or :data:`LOCALHOST`.
    """
    return LOOPBACK if host in ("::1", LOCALHOST) else host


def literal(host: str) -> str | None:
    """
    The one spelling of an address literal, IPv4-mapped IPv6 unmapped.

    :returns: ``None`` where the host is no literal and must be looked up.
    """
    return _literal(host) if len(host) <= _MAX_LITERAL else None


# The same few addresses come with every message.
@lru_cache(maxsize=4096)
def _literal(host: str) -> str | None:
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        if not bracketed and ":" not in host:
            return str(ipaddress.IPv4Address(host))
        address = ipaddress.IPv6Address(host[1:-1] if bracketed else host)
    except ValueError:
        return None
    if not address.is_link_local:
        # Elsewhere a zone says nothing, and would give one address many spellings.
        address = ipaddress.IPv6Address(int(address))
    elif address.scope_id and not _ZONE.fullmatch(address.scope_id):
        return None
    return str(address.ipv4_mapped or address)


def isLoopback(host: str) -> bool:
    """
    Whether an address literal is one of loopback's, which every machine has for itself.
    """
    known = literal(host)
    return known is not None and (known == "::1" or known.startswith("127."))


@dataclass(frozen=True)
class Source:
    """
    Where a message came from.

    :param host: the peer's address literal, unmapped; a peer without an address (a Unix
        socket, the program itself) has this machine's.
    :param sameMachine: the peer is loopback, or has the very address it connected to.
    :param certificate: whom a verified client certificate was issued to, in one word; ``None``
        where none was asked for.
    :param home: this machine, in one word, where a store is shared with others: the loopback of
        each is another owner. Empty elsewhere.
    :param entrance: the address literal and the port that it connected to, where it has used a
        port.
    :param program: it is the program itself, which has the room.
    """

    host: str = LOOPBACK
    sameMachine: bool = True
    certificate: str | None = None
    home: str = ""
    entrance: tuple[str, int] | None = None
    program: bool = False

    # The same few connect again and again, and what is made of an address is made once.
    @staticmethod
    @lru_cache(maxsize=4096)
    def between(
        peer: str | None,
        local: str | None,
        certificate: str | None = None,
        localPort: int | None = None,
    ) -> "Source":
        """
        The source of a connection.

        :param peer: the address it came from, ``None`` for a Unix socket.
        :param local: the address it was made to.
        :param certificate: see :func:`~twisted_messenger.certificate.certificateOf`.
        :param localPort: the port it was made to.
        """
        if peer is None:
            return Source(certificate=certificate)
        host = literal(peer) or UNKNOWN
        there = None if local is None else literal(local) or local
        here = host != UNKNOWN and host == there
        entrance = None if there is None or localPort is None else (there, localPort)
        return Source(host, here or machineKey(host) == LOOPBACK, certificate, entrance=entrance)

    @classmethod
    def of(cls, transport: Any) -> "Source":
        """
        The source of a transport.

        Ask when bytes have come: behind a proxy that tells the real address, the connection
        begins with the proxy's own; once it is lost, a transport no longer knows its local end.

        :param transport: provides ``ITransport``.
        """
        peer = getattr(transport.getPeer(), "host", None)
        where = transport.getHost()
        local, port = getattr(where, "host", None), getattr(where, "port", None)
        return Source.between(peer, local, certificateOf(transport), port)

    def behind(self, proxy: "Source") -> "Source":
        """
        The same, as told by a proxy.

        What is this machine to a proxy elsewhere is not this machine to us.

        :param proxy: where the connection really comes from.
        """
        if not proxy.sameMachine and (self.sameMachine or isLoopback(self.host)):
            return Source(UNKNOWN, False, self.certificate)
        return self

    def cameInAt(self, host: str, port: int) -> bool:
        """
        Whether a connection to an address would come in where this one did, as far as it can tell:
        what listens at an address of this machine may listen at its loopback too.

        :param host: an address literal.
        """
        if self.entrance is None or self.entrance[1] != port:
            return False
        return machineKey(host) in (machineKey(self.entrance[0]), LOOPBACK)

    @cached_property
    def machine(self) -> str:
        """
        The machine key of the address.
        """
        return machineKey(self.host)

    @cached_property
    def key(self) -> str:
        """
        What owns a name: the program, the certificate, else the machine, as far as an address can
        tell.
        """
        if self.program:
            return PROGRAM
        if self.certificate is not None:
            return certificateKey(self.certificate)
        atHome = self.home and isLoopback(self.host)
        return f"{self.machine} {self.home}" if atHome else self.machine

    @cached_property
    def subscriber(self) -> str | None:
        """
        Whom limits are kept for: an IPv4 address, or the /64 of an IPv6 one.

        :returns: ``None`` for loopback, which is exempt.
        """
        if self.machine == LOOPBACK:
            return None
        if ":" not in self.host:
            return self.host
        address = IPv6Address(self.host.partition("%")[0])
        return f"{IPv6Address(int(address) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/64"


#: The program itself, as a source: another one than any on the wire.
LOCAL = Source(program=True)
