"""
One place to listen: opened, paused, asked for its address and closed.
"""

import os
import select
from typing import Any, NoReturn

from twisted.internet import tcp
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort, IStreamServerEndpoint
from twisted.python.failure import Failure

from twisted_messenger.address import literal, machineKey
from twisted_messenger.errors import StartError
from twisted_messenger.hostport import addressText
from twisted_messenger.incoming.frontdoor import FrontDoor
from twisted_messenger.incoming.ownaddresses import isSameAddress, isThisMachine
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.renewal import Renewal
from twisted_messenger.sockets import resetOnClose

# What a port listens at that takes connections to any address.
_EVERYWHERE = ("0.0.0.0", "::", "")


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


def notListening(name: str, reason: Failure) -> StartError:
    """
    Why nobody can listen somewhere.

    :param name: the option that named the place.
    """
    error = getattr(reason.value, "socketError", reason.value)
    why = getattr(error, "strerror", None) or error
    return StartError(f"{name}: {why}; choose another")


def isListening(where: Any, host: str, port: int) -> bool:
    """
    Whether a connection to an address would come in there.

    :param where: the address that is listened on, if one is.
    :param host: an address literal.
    """
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

    def __init__(
        self, name: str, endpoint: IStreamServerEndpoint, renewal: Renewal | None = None
    ) -> None:
        self.name = name
        self._renewal = renewal
        self._endpoint = endpoint
        self.port: IListeningPort | None = None
        #: Where it listens, if it does: the kernel is not asked again for each registration.
        self.address: IAddress | None = None
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
        self.port, self.address = port, port.getHost()
        self._factory = factory
        if type(port) is tcp.Port and port.factory is factory and hasattr(select, "epoll"):
            FrontDoor(port, factory)
        factory.cap.gates.append(self.admit)
        factory.cap.opened()

    def _failed(self, reason: Failure) -> NoReturn:
        self._isStarted = False
        raise notListening(self.name, reason)

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
        port, self.port, self.address = self.port, None, None
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
        return self._renewal.renew(self.port, self._factory)

    @property
    def started(self) -> bool:
        """
        Whether it was started, and not stopped.
        """
        return self._isStarted

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
        return isListening(self.address, host, port)
