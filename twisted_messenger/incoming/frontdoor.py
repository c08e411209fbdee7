"""
The short way in: a message that is whole when its connection is accepted, as nearly all are where
many come, needs none of what a connection does that takes its time.

::

    accept all --> older ones with news first --> the new ones, in the order of accept
                                                    |--whole--> ShortConnection
                                                    '--else---> OlderConnection

The protocol that the factory built gets its bytes and its end in a row, over a transport that can
only say who sends. It is never taken by what is not whole, where the house is full (see
``connectioncap``), while the program stops, and where there is no epoll; nor over TLS, behind
proxies, on Unix sockets.

The order of the log is that in which senders ended their messages. So nobody is looked at while
somebody else may be accepted who began after that one had ended: first all are accepted, then the
older ones are read that have news, then the new ones. What had ended before a connection began that
was accepted is found by then.
"""

import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import Source
from twisted_messenger.incoming.older import OlderConnection
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.shortconnection import ShortConnection, tcpAddress
from twisted_messenger.sockets import acceptAll, oneAddressOf

# Bytes of a message that is looked for.
_READ_BYTES = 64 * 1024

# What Twisted's ports add to how many they accept, when all of these came.
_MORE_ACCEPTS = 20

_DONTWAIT = getattr(socket, "MSG_DONTWAIT", 0)
_LOOK = _DONTWAIT | socket.MSG_PEEK


class FrontDoor:
    """
    Accepts in place of a port.

    :param port: listens for the factory itself.
    :param factory: takes the messages, whole or not.
    """

    log = Logger()

    def __init__(self, port: Any, factory: ReceiptFactory) -> None:
        self._port = port
        self._factory = factory
        # Where every connection comes in; a system call less for each.
        self._entrance = oneAddressOf(port.socket)
        # That of its class: when descriptors run out, Twisted knows what to do.
        self._acceptWithTwisted: Callable[[], None] = port.doRead
        vars(port)["doRead"] = self.doRead
        vars(port)["transport"] = partial(OlderConnection, factory.older)

    def doRead(self) -> None:
        """
        Accept who waits, and look at each.
        """
        accepted = self._accept()
        self._factory.older.goFirst()
        for handle, address in accepted:
            try:
                self._look(handle, address)
            except BaseException:
                # As in Twisted's ports, which outlive Ctrl-C in a program that leaves it to Python.
                self.log.failure("a connection was not accepted")
                # With a reset. What was raised may keep it open for long.
                handle.close()
        self._factory.cap.kept()

    def _accept(self) -> list[tuple[Any, Any]]:
        port = self._port
        allowed = port.numberAccepts
        accepted: list[tuple[Any, Any]] = []
        try:
            acceptAll(port.socket, allowed, accepted)
        except OSError:
            self._acceptWithTwisted()
            return accepted
        self._accepted(len(accepted), allowed)
        return accepted

    def _accepted(self, count: int, allowed: int) -> None:
        more = allowed + _MORE_ACCEPTS if count == allowed else max(1, count)
        self._port.numberAccepts = more

    def _look(self, handle: Any, address: Any) -> None:
        data, ended, isLost = b"", False, False
        try:
            data = handle.recv(_READ_BYTES, _DONTWAIT)
            ended = not (data and handle.recv(1, _LOOK))
        except BlockingIOError:
            pass
        except OSError:
            # Who reads again is told of an end in order.
            isLost = True
        if ended:
            here = self._entrance or handle.getsockname()
            # The zone of a link-local address is a part of it; only IPv6 has such.
            host = here[0] if len(here) == 2 else tcpAddress(here).host
            peer = address[0] if len(address) == 2 else tcpAddress(address).host
            source = Source.between(peer, host, None, here[1])
            if self._factory.hasRoomFor(source):
                ShortConnection(self._factory, handle, address, source).take(data)
                return
        self._takeLater(handle, address, data, isLost)

    def _withItsClass(self, handle: Any) -> Any:
        # What Twisted's transports use, around what was accepted.
        return socket.socket(fileno=handle.detach())

    def _takeLater(self, handle: Any, address: Any, data: bytes, isLost: bool) -> None:
        port, peer = self._port, tcpAddress(address)
        protocol: Any = self._factory.buildProtocol(peer)
        whole = self._withItsClass(handle)
        client = (peer.host, *address[1:])
        number, port.sessionno = port.sessionno, port.sessionno + 1
        connection = port.transport(whole, protocol, client, port, number, port.reactor)
        protocol.makeConnection(connection)
        if data:
            protocol.dataReceived(data)
        if isLost:
            connection.stopReading()
            connection.connectionLost(Failure(ConnectionLost()))
