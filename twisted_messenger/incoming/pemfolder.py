"""
The directory of a ``tls:`` listener, before Twisted follows its certificates to their issuers.

Twisted goes from each certificate that has its key to the issuer, as long as that is there too and
has no key. Where this way leads in a circle, as from a root to itself, it goes on for ever.
"""

import re
from collections.abc import Hashable, Mapping
from typing import Any

from twisted.python.filepath import FilePath

from twisted_messenger.errors import StartError

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)

_COLON = re.compile(r"(?<!\\):")


def checkFolder(where: str) -> None:
    """
    Look whether Twisted comes to an end there. What cannot be read or parsed raises as there.

    :param where: ``tls:DIRECTORY:PORT``, perhaps after ``haproxy:``; any other description is none
        of ours.
    :raises StartError: it never would.
    """
    where = where.removeprefix("haproxy:")
    if not where.startswith("tls:"):
        return
    from OpenSSL.crypto import FILETYPE_PEM
    from twisted.internet.ssl import Certificate, KeyPair

    folder = re.sub(r"\\(.)", r"\1", _COLON.split(where)[1])
    certificates, keys = [], set()
    for file in FilePath(folder).walk():
        if not file.basename().endswith(".pem") or not file.isfile():
            continue
        for found in _PEM.finditer(file.getContent()):
            if b"CERTIFICATE" in found[1]:
                certificates.append(Certificate.loadPEM(found[0]))
            else:
                keys.add(KeyPair.load(found[0], FILETYPE_PEM).keyHash())
    issuers = {
        _named(one.getSubject()): _named(one.getIssuer())
        for one in certificates
        if _hash(one) not in keys
    }
    ways = [_named(one.getIssuer()) for one in certificates if _hash(one) in keys]
    if any(_isEndless(way, issuers) for way in ways):
        raise StartError(f"{folder}: an issuer has issued itself; take the root's certificate out")


def _hash(certificate: Any) -> Hashable:
    found: Hashable = certificate.getPublicKey().keyHash()
    return found


def _named(name: Any) -> Hashable:
    return tuple(sorted(name.items()))


def _isEndless(name: Hashable, issuers: Mapping[Hashable, Hashable]) -> bool:
    for _ in range(len(issuers) + 1):
        if name not in issuers:
            return False
        name = issuers[name]
    return True
