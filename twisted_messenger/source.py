"""
Where a message came from, as far as a connection can tell. Pure.
"""

from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address
from typing import Any

from twisted_messenger.roster import certificateKey, literal, machineKey

#: The host of a source whose address is none, as a broken proxy may tell it.
UNKNOWN = "unknown"

# Whoever has one IPv6 address can use its whole /64 (RFC 7421).
_IPV6_HOST_BITS = 64


@dataclass(frozen=True)
class Source:
    """
    Where a message came from.

    :param host: the peer's address literal, unmapped; a peer without an address (a Unix
        socket, the program itself) counts as this machine.
    :param sameMachine: the peer is loopback, or has the very address it connected to.
    :param certificate: whom a verified client certificate was issued to, in one word; ``None``
        where none was asked for.
    """

    host: str = "127.0.0.1"
    sameMachine: bool = True
    certificate: str | None = None

    @classmethod
    def between(
        cls, peer: str | None, local: str | None, certificate: str | None = None
    ) -> "Source":
        """
        The source of a connection.

        :param peer: the address it came from, ``None`` for a Unix socket.
        :param local: the address it was made to.
        :param certificate: see :func:`certificateOf`.
        """
        if peer is None:
            return cls(certificate=certificate)
        host = literal(peer) or UNKNOWN
        here = local is not None and host != UNKNOWN and host == (literal(local) or local)
        return cls(host, here or machineKey(host) == "127.0.0.1", certificate)

    @classmethod
    def of(cls, transport: Any) -> "Source":
        """
        The source of a transport.

        Ask when bytes have come: behind a proxy that tells the real address, the connection
        begins with the proxy's own; once it is lost, a transport no longer knows its local end.

        :param transport: provides ``ITransport``.
        """
        peer = getattr(transport.getPeer(), "host", None)
        local = getattr(transport.getHost(), "host", None)
        return cls.between(peer, local, certificateOf(transport))

    def behind(self, proxy: "Source") -> "Source":
        """
        The same, as told by a proxy.

        What is this machine to a proxy elsewhere is not this machine to us.

        :param proxy: where the connection really comes from.
        """
        if self.sameMachine and not proxy.sameMachine:
            return Source(UNKNOWN, False, self.certificate)
        return self

    @property
    def machine(self) -> str:
        """
        The machine key of the address.
        """
        return machineKey(self.host)

    @property
    def key(self) -> str:
        """
        What owns a name: the certificate, else the machine, as far as an address can tell.
        """
        return self.machine if self.certificate is None else certificateKey(self.certificate)

    @property
    def subscriber(self) -> str | None:
        """
        Whom limits are kept for: an IPv4 address, or the /64 of an IPv6 one.

        :returns: ``None`` for loopback, which is exempt.
        """
        if ":" not in self.host:
            return None if self.host == "127.0.0.1" else self.host
        address = IPv6Address(self.host.partition("%")[0])
        if address.is_loopback:
            return None
        return f"{IPv6Address(int(address) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/64"


def certificateOf(transport: Any) -> str | None:
    """
    Whom the client's certificate was issued to, in one word.

    The holder is the subject, as the chain of those who vouch for it names it: a renewed
    certificate is the same holder's. One without a subject stands for itself alone.

    :param transport: over TLS, from a context that verifies clients; or any other.
    :returns: ``None`` where no certificate was shown.
    """
    # Only TLS transports have it, behind whatever wrappers.
    peerCertificate = getattr(transport, "getPeerCertificate", None)
    shown = None if peerCertificate is None else peerCertificate()
    if shown is None:
        return None
    certificate = shown.to_cryptography()
    if not list(certificate.subject):
        return sha256(certificate.tbs_certificate_bytes).hexdigest()
    names = [certificate.subject, certificate.issuer, *_vouchers(transport)]
    return sha256(b"".join(sha256(name.public_bytes()).digest() for name in names)).hexdigest()


def _vouchers(transport: Any) -> list[Any]:
    # An authority could call one below it like another authority; its own name comes above.
    getHandle = getattr(transport, "getHandle", None)
    chain = None if getHandle is None else getHandle().get_verified_chain()
    return [link.to_cryptography().issuer for link in (chain or ())[1:]]
