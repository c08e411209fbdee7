"""
Listeners from the descriptions of endpoints.
"""

import os
import socket
from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint

from twisted_messenger.errors import StartError
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.pemfolder import checkFolder
from twisted_messenger.incoming.renewal import Renewal
from twisted_messenger.wire import MAX_MESSAGE_BYTES

#: Connections that may wait to be accepted. Twisted's default of 50 overflows in a burst, and
#: an overflow costs the sender a second.
LISTEN_BACKLOG = 1024

# Endpoints of which we know whether they speak TLS, and that they ask for certificates then.
_CAN_TELL = {"ssl", "tcp", "tcp6", "unix", "systemd"}

# Endpoints that take a backlog.
_WITH_BACKLOG = ("tcp", "tcp6", "ssl", "tls", "unix")


class Families(Enum):
    """
    How a machine has the two versions of IP.
    """

    TOGETHER = "one socket takes both"
    APART = "each needs a socket of its own"
    IPV4 = "there is no IPv6"


def familiesHere() -> Families:
    """
    Ask this machine.
    """
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
            isApart = probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return Families.IPV4
    return Families.APART if isApart else Families.TOGETHER


def everywhere(port: int, families: Families) -> list[str]:
    """
    Describe a TCP port on IPv4 and IPv6, on every interface.

    One socket for both is better: two would have to find the same free number where the port is 0.
    There a machine that keeps them apart (``net.ipv6.bindv6only``, FreeBSD) gets IPv4 alone.

    :param port: 0 to 65535.
    :returns: one or two descriptions of endpoints.
    """
    if families is Families.TOGETHER:
        return [f"tcp6:{port}"]
    both = families is Families.APART and port
    return [f"tcp:{port}", *([f"tcp6:{port}"] if both else [])]


def listenersFrom(
    reactor: Any,
    places: Sequence[tuple[str, str]],
    maxMessageBytes: int = MAX_MESSAGE_BYTES,
    authorities: str | None = None,
    authoritiesName: str = "clientCA",
) -> list[Listener]:
    """
    Make listeners from descriptions.

    :param places: for each the option that named it, for errors, and an endpoint's description.
    :param maxMessageBytes: of one message.
    :param authorities: a PEM file; over TLS, clients must show a certificate that one of
        these issued.
    :param authoritiesName: the option that named the file, for errors.
    :raises StartError: one cannot be made; the text names its option.
    """
    if authorities is not None:
        # It is read again when everything starts, elsewhere perhaps.
        authorities = os.path.abspath(authorities)
        try:
            _checkAuthorities(authorities)
            _checkKinds([kindOf(where) for _, where in places])
        except StartError as error:
            raise StartError(f"{authoritiesName}: {error}") from None
    reactor = GuardingReactor(reactor, maxMessageBytes, authorities)
    return [_listener(reactor, name, where) for name, where in places]


def _listener(reactor: GuardingReactor, name: str, where: str) -> Listener:
    read = partial(_endpoint, name=name, where=where)
    return Listener(name, read(reactor), Renewal(name, kindOf(where), reactor, read))


def kindOf(where: str) -> str:
    """
    What a description of an endpoint begins with, also behind a proxy's header.
    """
    return where.removeprefix("haproxy:").partition(":")[0]


def _endpoint(reactor: GuardingReactor, name: str, where: str) -> IStreamServerEndpoint:
    scheme, isURL, _ = where.partition("://")
    if isURL:
        raise StartError(f"{name}: give {scheme}:PORT, or {scheme}:PORT:interface=ADDRESS")
    kind = kindOf(where)
    if kind in _WITH_BACKLOG and ":backlog=" not in where:
        where += f":backlog={LISTEN_BACKLOG}"
    try:
        checkFolder(where)
        endpoint: IStreamServerEndpoint = serverFromString(reactor, where)
    except StartError as error:
        raise StartError(f"{name}: {error}") from None
    except Exception as error:
        # Parsers are plugins; they raise what they like, OpenSSL's among them.
        why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        mend = "give an endpoint as in tcp:8880:interface=127.0.0.1"
        if isinstance(error, ImportError):
            mend = "pip install 'Twisted[tls]'"
        raise StartError(f"{name}: {why}; {mend}") from None
    return endpoint


def _checkKinds(kinds: Sequence[str]) -> None:
    if "ssl" not in kinds or not _CAN_TELL.issuperset(kinds):
        raise StartError("it is ssl: listeners that ask; listen at ssl:... alone")


def _checkAuthorities(path: str) -> None:
    try:
        with open(path, "rb") as file:
            good = b"-----BEGIN CERTIFICATE-----" in file.read()
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}; give a PEM file") from None
    if not good:
        raise StartError(f"{path}: there is no certificate in it; give a PEM file")
