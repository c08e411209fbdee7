"""
Where the room listens: endpoints from their descriptions, opened, paused and closed.
"""

import os
import select
import socket
from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Any, NoReturn

from twisted.internet import tcp
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import addressText, literal, machineKey
from twisted_messenger.errors import StartError
from twisted_messenger.incoming.frontdoor import FrontDoor
from twisted_messenger.incoming.guard import GuardingReactor
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.renewal import Renewal
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.wire import MAX_MESSAGE_BYTES

#: Connections that may wait to be accepted. Twisted's default of 50 overflows in a burst, and
#: an overflow costs the sender a second.
LISTEN_BACKLOG = 1024


def isThisMachine(host: str) -> bool:
    """
    Whether an address literal is one of this machine's own.

    :returns: true where the kernel lets us bind to it; nothing is sent.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def isSameAddress(one: str, other: str) -> bool:
    """
    Whether two address literals mean the same, though a zone may have a name or a number.
    """
    try:
        first, second = (
            socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)[0][4] for host in (one, other)
        )
    except OSError:
        return False
    return first == second


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


_EVERYWHERE = ("0.0.0.0", "::", "")

# Endpoints of which we know whether they speak TLS, and that they ask for certificates then.
_CAN_TELL = {"ssl", "tcp", "tcp6", "unix", "systemd"}

# Endpoints that take a backlog.
_WITH_BACKLOG = ("tcp", "tcp6", "ssl", "tls", "unix")


def letIn(listening: IListeningPort | None, vacancies: int) -> None:
    """
    Accept at most so many connections at once; the kernel's queue keeps the others.

    :param vacancies: 0 to pause.
    """
    if not isinstance(listening, tcp.Port):
        return
    if not vacancies:
        listening.pauseProducing()
        return
    # What Twisted's ports accept before they let anybody read.
    listening.numberAccepts = min(listening.numberAccepts, vacancies)
    listening.resumeProducing()


def isListening(listening: IListeningPort | None, host: str, port: int) -> bool:
    """
    Whether a connection to an address would come in there.

    :param host: an address literal.
    """
    where: Any = None if listening is None else listening.getHost()
    if getattr(where, "port", None) != port:
        return False
    mine = where.host
    if mine in _EVERYWHERE:
        return isThisMachine(host)
    same = machineKey(literal(mine) or mine) == machineKey(host)
    return same or isSameAddress(mine, host)


class Listener:
    """
    One place to listen.

    :param name: the option that named it, for errors.
    :param endpoint: where.
    :param renewal: reads its certificates again.
    """

    log = Logger()

    def __init__(
        self, name: str, endpoint: IStreamServerEndpoint, renewal: Renewal | None = None
    ) -> None:
        self.name = name
        self._renewal = renewal
        self._endpoint = endpoint
        self.port: IListeningPort | None = None
        self._factory: ReceiptFactory
        self._isStarted = False

    def start(self, factory: ReceiptFactory) -> "Deferred[None]":
        """
        Listen.

        :returns: fires when it listens, which most endpoints do at once; where one needs time, it
            may fail with :class:`~twisted_messenger.errors.StartError` too.
        :raises StartError: the address is taken or not ours.
        """
        self._isStarted = True
        listening = maybeDeferred(self._endpoint.listen, factory)
        started = listening.addCallbacks(self._listening, self._failed, callbackArgs=(factory,))
        problems: list[Failure] = []
        if started.called:
            started.addErrback(problems.append)
        for problem in problems:
            problem.raiseException()
        return started

    def _listening(self, port: IListeningPort, factory: ReceiptFactory) -> None:
        if not self._isStarted:
            # It was stopped meanwhile.
            port.stopListening()
            return
        # Connections inherit it: a process that is killed leaves resets, not receipts.
        resetOnClose(port, True)
        self.port = port
        self._factory = factory
        if type(port) is tcp.Port and port.factory is factory and hasattr(select, "epoll"):
            FrontDoor(port, factory)
        factory.cap.gates.append(self.admit)
        factory.cap.opened()

    def _failed(self, reason: Failure) -> NoReturn:
        self._isStarted = False
        error = getattr(reason.value, "socketError", reason.value)
        why = getattr(error, "strerror", None) or error
        raise StartError(f"{self.name}: {why}; choose another")

    def admit(self, vacancies: int) -> None:
        """
        Accept at most so many connections at once; the kernel's queue keeps the others.

        :param vacancies: 0 to pause.
        """
        letIn(self.port, vacancies)

    def stop(self) -> "Deferred[Any]":
        """
        Take no more connections.
        """
        self._isStarted = False
        port, self.port = self.port, None
        if port is not None:
            self._factory.cap.gates.remove(self.admit)
        return maybeDeferred(lambda: None if port is None else port.stopListening())

    def reload(self) -> bool:
        """
        Read the certificates again, for connections that come from now on.

        :returns: whether there are any; where they cannot be read, the log says so.
        """
        if self.port is None or self._renewal is None:
            return False
        try:
            found = self._renewal.renew(self.port, self._factory)
        except StartError as error:
            self.log.error("{name}: the old certificates stay: {why}", name=self.name, why=error)
            return True
        if found:
            self.log.info("{name}: certificates were read again", name=self.name)
        return found

    @property
    def started(self) -> bool:
        """
        Whether it was started, and not stopped.
        """
        return self._isStarted

    @property
    def address(self) -> IAddress | None:
        """
        Where it listens, if it does.
        """
        return None if self.port is None else self.port.getHost()

    @property
    def portNumber(self) -> int:
        """
        The TCP port that is listened on; 0 where there is none.
        """
        return getattr(self.address, "port", 0)

    @property
    def where(self) -> str:
        """
        The address that is listened on, for people.
        """
        address: Any = self.address
        if isinstance(address, UNIXAddress):
            return os.fsdecode(address.name or b"")
        host = getattr(address, "host", "")
        return addressText(host, self.portNumber)

    def isAt(self, host: str, port: int) -> bool:
        """
        Whether a connection to that address would come in here.

        :param host: an address literal.
        """
        return isListening(self.port, host, port)


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
            _checkKinds([_kindOf(where) for _, where in places])
        except StartError as error:
            raise StartError(f"{authoritiesName}: {error}") from None
    reactor = GuardingReactor(reactor, maxMessageBytes, authorities)
    return [_listener(reactor, name, where) for name, where in places]


def _listener(reactor: GuardingReactor, name: str, where: str) -> Listener:
    read = partial(_endpoint, name=name, where=where)
    return Listener(name, read(reactor), Renewal(_kindOf(where), reactor, read))


def _kindOf(where: str) -> str:
    return where.removeprefix("haproxy:").partition(":")[0]


def _endpoint(reactor: GuardingReactor, name: str, where: str) -> IStreamServerEndpoint:
    scheme, isURL, _ = where.partition("://")
    if isURL:
        raise StartError(f"{name}: give {scheme}:PORT, or {scheme}:PORT:interface=ADDRESS")
    kind = _kindOf(where)
    if kind in _WITH_BACKLOG and ":backlog=" not in where:
        where += f":backlog={LISTEN_BACKLOG}"
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, where)
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
