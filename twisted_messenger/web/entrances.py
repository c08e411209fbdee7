"""
All ways in: they open with the room and close with it.

A room that nobody looks into pays for no more than a listening socket: twisted.web is imported
when somebody connects.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from twisted_messenger.web.control import ControlPort
from twisted_messenger.web.door import Door
from twisted_messenger.web.listening import WebListener

if TYPE_CHECKING:
    from twisted.web.resource import IResource

    from twisted_messenger.web.site import DoorSite


@implementer(IProtocolNegotiationFactory)
class SiteOnDemand(Factory):
    """
    A site that is made when somebody connects.

    :param door: what is there.
    :param reactor: measures time.
    :param atControl: whether it is the control socket's.
    """

    noisy = False

    def __init__(self, door: Door, reactor: Any, atControl: bool) -> None:
        self._made = door, reactor, atControl
        self._site: DoorSite | None = None

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """
        One protocol for one connection.
        """
        if self._site is None:
            from twisted_messenger.web.site import DoorSite

            self._site = DoorSite(*self._made)
        built: Protocol | None = self._site.buildProtocol(addr)
        return built

    def acceptableProtocols(self) -> list[bytes]:
        """
        What a TLS client may offer; one that offers something must find it here.
        """
        return [b"http/1.1"]


class Entrances:
    """
    The places where a door is open.

    :param reactor: where.
    :param door: what is there.
    :param listeners: for HTTP.
    :param control: the path of the control socket; "" for none.
    """

    def __init__(
        self, reactor: Any, door: Door, listeners: Sequence[WebListener] = (), control: str = ""
    ) -> None:
        self.door = door
        self._reactor = reactor
        self._listeners = listeners
        self._control = control
        self._port: ControlPort | None = None

    @property
    def resource(self) -> "IResource":
        """
        The door, for a site of your own.
        """
        from twisted_messenger.web.resource import DoorResource

        return DoorResource(self.door)

    def listen(self) -> "list[Deferred[None]]":
        """
        Take the ports that are not taken yet.
        """
        site = SiteOnDemand(self.door, self._reactor, atControl=False)
        return [one.start(site) for one in self._listeners if not one.isStarted]

    def openControl(self) -> None:
        """
        Make the control socket: last of all, when there is something to control, and with the
        rights that the program has from then on.

        :raises StartError: it cannot be used.
        """
        if self._control and self._port is None:
            site = SiteOnDemand(self.door, self._reactor, atControl=True)
            port = ControlPort(self._control, site, self._reactor)
            port.startListening()
            self._port = port

    @property
    def where(self) -> list[str]:
        """
        Where it is open, for people.
        """
        control = [] if self._port is None else [self._control]
        return [*filter(None, [one.where for one in self._listeners]), *control]

    def close(self) -> "Deferred[Any]":
        """
        Let nobody in any more.
        """
        port, self._port = self._port, None
        closing: list[Deferred[Any]] = [one.stop() for one in self._listeners]
        if port is not None:
            stopped = port.stopListening()
            closing += [] if stopped is None else [stopped]
        return DeferredList(closing)
