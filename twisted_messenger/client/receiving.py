"""
Listens for texts, as a service.
"""

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from twisted_messenger.errors import StartError
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.descriptions import listenersFrom
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory, Received
from twisted_messenger.push.holding import HOLD_TIMEOUT
from twisted_messenger.wire import MAX_JSON_PUSH_BYTES

# Seconds that a callback may take: a room holds a push for so long, and then goes on. Who was reset
# before would push again, while the callback still works.
_CALLBACK_TIMEOUT = HOLD_TIMEOUT + 10.0


class ReceiverService(Service):
    """
    Takes texts while it runs; it can be started again.

    :param reactor: listens, and measures time.
    :param listen: where: an endpoint's description.
    :param factory: takes the texts.
    :param events: where what was refused is counted and logged.
    :raises ValueError: the description is none.
    """

    def __init__(
        self,
        reactor: Any,
        listen: str,
        factory: PeerReceiverFactory,
        events: EventLog | None = None,
    ) -> None:
        self._listener = _listenerFrom(reactor, listen)
        limits = SenderLimits(messageTimeout=_CALLBACK_TIMEOUT)
        self._factory = ReceiptFactory(factory, reactor, events, limits)

    @property
    def address(self) -> Any:
        """
        Where it listens, an ``IAddress``; ``None`` while it does not.
        """
        return self._listener.address

    def startService(self) -> None:
        """
        Listen.

        :raises StartError: the port cannot be used.
        """
        self._listener.start(self._factory)
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """
        Take nothing more, and reset what is not whole.

        :returns: fires when every text that came is answered. A callback has some seconds; then
            its sender is reset.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await self._listener.stop()
        await self._factory.finished()


def _listenerFrom(reactor: Any, listen: str) -> Listener:
    try:
        (listener,) = listenersFrom(reactor, [(f"listen {listen}", listen)], MAX_JSON_PUSH_BYTES)
    except StartError as problem:
        raise ValueError(str(problem)) from None
    return listener


def receive(reactor: Any, listen: str, received: Received, *, ack: bool = False) -> ReceiverService:
    """
    Receive the pushes of a room, or the texts of friends::

        def received(sender, text):
            print(sender.host, "says", text)

        service = receive(reactor, "tcp:9001", received)
        service.startService()
        print("at", service.address)

    :param listen: where: the description of a server endpoint.
    :param received: called with the sender's address and each text. The sender sees an orderly
        close when it is done, a line where it returns a
        :class:`~twisted_messenger.refusal.Refusal`, and a reset where it raises. It may be an
        ``async def``, or return a Deferred. One sender's texts come in order, each when the one
        before it is done, since a room pushes one after the other; those of several senders may be
        under way at once. A callback has ten minutes: longer, no room waits.
    :param ack: whether what was taken is answered with a line that begins with ``+``, as a room
        wants it of members with the option ``ack``.
    :returns: a service, to be started, or added to an application.
    :raises ValueError: ``listen`` is no description.
    """
    return ReceiverService(reactor, listen, PeerReceiverFactory(received, ack=ack))
