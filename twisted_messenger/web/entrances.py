"""
All ways in: they open with the room and close with it.

A room that nobody looks into pays for no more than a listening socket: the door, and twisted.web,
are imported when somebody connects.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from zope.interface import implementer

from twisted_messenger.web.connections import Connections
from twisted_messenger.web.control import ControlPort
from twisted_messenger.web.listening import WebListener

if TYPE_CHECKING:
    from twisted.web.resource import IResource

    from twisted_messenger.web.door import Door
    from twisted_messenger.web.site import DoorSite


@implementer(IProtocolNegotiationFactory)
class SiteOnDemand(Factory):
    """
    A site that is made when somebody connects.

    :param entrances: have the door.
    :param atControl: whether it is the control socket's.
    """

    noisy = False

    def __init__(self, entrances: "Entrances", atControl: bool) -> None:
        self._entrances = entrances
        self._atControl = atControl
        #: Each of its ports is told there how many it may let in at once.
        self.gates: list[Callable[[int], None]] = []
        #: Of who has come, if anybody has.
        self.site: DoorSite | None = None

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """
        One protocol for one connection.
        """
        if self.site is None:
            from twisted_messenger.web.site import DoorSite

            self.site = DoorSite(self._entrances.door, self.gates, self._atControl)
        built: Protocol | None = self.site.buildProtocol(addr)
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
    :param makeDoor: makes what is there.
    :param listeners: for HTTP.
    :param control: the path of the control socket; "" for none.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        makeDoor: "Callable[[], Door]",
        listeners: Sequence[WebListener] = (),
        control: str = "",
    ) -> None:
        self._makeDoor = makeDoor
        self._door: Door | None = None
        self._isOpen = False
        self._reactor = reactor
        self._listeners = listeners
        self._control = control
        self._port: ControlPort | None = None
        self._sites: list[SiteOnDemand] = []

    @property
    def door(self) -> "Door":
        """
        What is there.
        """
        if self._door is None:
            self._door = self._makeDoor()
            self._door.isOpen = self._isOpen
        return self._door

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
        waiting = [one for one in self._listeners if not one.isStarted]
        if not waiting:
            return []
        site = self._siteFor(*[one.admit for one in waiting])
        return [one.start(site) for one in waiting]

    def open(self) -> None:
        """
        Answer from now on, and make the control socket: last of all, with the rights that the
        program has from then on.

        :raises StartError: it cannot be made.
        """
        if self._control and self._port is None:
            site = self._siteFor(atControl=True)
            port = ControlPort(self._control, site, self._reactor)
            site.gates.append(port.admit)
            port.startListening()
            self._port = port
        self._setOpen(True)

    def _setOpen(self, isOpen: bool) -> None:
        self._isOpen = isOpen
        if self._door is not None:
            self._door.isOpen = isOpen

    def _siteFor(self, *gates: Callable[[int], None], atControl: bool = False) -> SiteOnDemand:
        site = SiteOnDemand(self, atControl)
        site.gates.extend(gates)
        self._sites.append(site)
        return site

    @property
    def where(self) -> list[str]:
        """
        Where it is open, for people.
        """
        control = [] if self._port is None else [self._control]
        return [*filter(None, [one.where for one in self._listeners]), *control]

    def reload(self) -> bool:
        """
        Read the certificates again.

        :returns: whether there are any.
        """
        found = [one.reload() for one in self._listeners]
        return any(found)

    def warn(self) -> None:
        """
        Tell what others may overhear.
        """
        for one in self._listeners:
            if one.isBeyond and not one.isSecure:
                self.log.warn(
                    "{name}: tokens and messages go in the clear; use ssl: or a proxy that does",
                    name=one.name,
                )

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

    def drained(self) -> "Deferred[Any]":
        """
        End what goes on, answer what was asked, and close.

        :returns: fires when no connection is left.
        """
        if self._door is not None:
            self._door.readers.end()
        drained = [one.drained() for one in self._connections()]
        return DeferredList(drained).addCallback(self._drained)

    def _connections(self) -> list[Connections]:
        return [one.site.connections for one in self._sites if one.site is not None]

    def _drained(self, result: object) -> None:
        self._setOpen(False)
        self._sites.clear()

    def abortAll(self) -> None:
        """
        Cut everybody.
        """
        for one in self._connections():
            one.abortAll()
