"""
Whose certificate a client has shown. Pure.
"""

from hashlib import sha256
from typing import Any


def certificateOf(transport: Any) -> str | None:
    """
    Whom the client's certificate was issued to, in one word.

    The holder is the subject, as the chain of those who vouch for it names it: a renewed
    certificate is the same holder's. One without a subject stands for itself alone.

    :param transport: over TLS, from a context that verifies clients; or any other.
    :returns: ``None`` where no certificate was shown.
    """
    # Only TLS transports have it, under any number of wrappers.
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
