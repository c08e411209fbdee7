"""
Say something to a room from a script or a thread. Standard library only, and no Twisted.

::

    from twisted_messenger import blocking

    result = blocking.say("localhost:8880", "ci", "build 7 is green")
    if not result.stored:
        print(result)

In asyncio: ``await asyncio.to_thread(blocking.say, "localhost:8880", "ci", "build 7 is green")``.
"""

import random
import socket
import time
from contextlib import closing

from twisted_messenger.acknowledged import isAcknowledged
from twisted_messenger.backoff import SAYING_RETRY_SECONDS, retrySchedule
from twisted_messenger.hostport import readAddress
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Unknown
from twisted_messenger.said import MAX_RECEIPT, Said, readReceipt
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.wire import formatRoomMessage

# Seconds for a connection: a LAN answers in milliseconds; a lost SYN is sent again after 1 and 3 s.
_CONNECT_SECONDS = 5.0

# The least that a socket may be given: 0 would mean that it does not wait at all.
_MOMENT = 0.001

# Seconds between looks whether the peer has what it closed after.
_LOOK = 0.02


def say(server: str, name: str, text: str, timeout: float = 30.0) -> Said:
    """
    Say something, and wait for the receipt.

    While the server is away or says "not now" (``~``), it is tried again.

    :param server: ``HOST:PORT`` or ``[::1]:PORT``.
    :param name: under which to speak.
    :param timeout: seconds for all of it; looking a name up is not bounded by it.
    :returns: ``Stored``, with the position if the server gives receipts; a ``Refusal``, which is
        ``transient`` if the server said "not now" to the end; or ``Unknown`` if the message may
        have arrived. All of them have ``stored``, and none has a truth value.
    :raises OSError: nothing can have arrived in that time.
    :raises ValueError: ``server`` is no address.
    """
    address = readAddress(server)
    try:
        message = formatRoomMessage(cleanName(name), text)
    except BadName as problem:
        return Refusal(Reason.BAD_NAME, str(problem))
    policy = retrySchedule(random.random, SAYING_RETRY_SECONDS)
    until = time.monotonic() + timeout
    failures = 0
    while True:
        result = _sayOnce(address, message, until)
        failures += 1
        pause = policy(failures)
        if not _passes(result) or time.monotonic() + pause >= until:
            break
        time.sleep(pause)
    if isinstance(result, OSError):
        raise result
    return result


def _passes(result: Said | OSError) -> bool:
    return isinstance(result, OSError) or bool(isinstance(result, Refusal) and result.transient)


def _sayOnce(address: tuple[str, int], message: bytes, until: float) -> Said | OSError:
    """
    :returns: the error if nothing can have arrived.
    """
    isOut = False
    try:
        seconds = min(_CONNECT_SECONDS, _left(until))
        with closing(socket.create_connection(address, seconds)) as connection:
            if connection.getsockname() == connection.getpeername():
                # Where nobody listens on an ephemeral port, TCP may connect a socket to itself.
                raise ConnectionRefusedError("nobody listens there")
            # Closed in order, half a message would be a whole one; a killed process closes too.
            resetOnClose(connection, True)
            connection.settimeout(_left(until))
            connection.sendall(message)
            isOut = True
            connection.shutdown(socket.SHUT_WR)
            resetOnClose(connection, False)
            return readReceipt(_answer(connection, len(message), until))
    except OSError as problem:
        return Unknown(str(problem)) if isOut else problem


def _answer(connection: socket.socket, length: int, until: float) -> bytes:
    """
    :returns: a whole line, or what came before an orderly close.
    :raises OSError: nobody knows.
    """
    answer = b""
    while b"\n" not in answer and len(answer) < MAX_RECEIPT:
        connection.settimeout(_left(until))
        data = connection.recv(MAX_RECEIPT)
        if not data:
            _confirm(connection, length, until)
            break
        answer += data
    return answer


def _confirm(connection: socket.socket, length: int, until: float) -> None:
    """
    Find out whether who has closed had the message before.
    """
    while not (acknowledged := isAcknowledged(connection, length)):
        if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionResetError("the server closed before it read the message")
        if acknowledged is None:
            # This kernel does not tell.
            return
        if time.monotonic() >= until:
            raise TimeoutError("the server closed, but did not take the message in time")
        time.sleep(_LOOK)


def _left(until: float) -> float:
    return max(_MOMENT, until - time.monotonic())
