"""
A site of twisted.web whose connections are bounded.
"""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.web.server import Site

from twisted_messenger.web.channel import DoorChannel
from twisted_messenger.web.connections import MAX_CONTROL_CONNECTIONS, Connections
from twisted_messenger.web.door import Door
from twisted_messenger.web.resource import DoorResource


class DoorSite(Site):
    """
    The site of a door.

    :param door: what is there.
    :param gates: each is told how many one of its ports may let in at once.
    :param atControl: whether it is the control socket's.
    """

    noisy = False

    def __init__(
        self, door: Door, gates: Iterable[Callable[[int], None]] = (), atControl: bool = False
    ) -> None:
        super().__init__(DoorResource(door, atControl), reactor=door.clock)
        #: Who is connected.
        self.connections = Connections(
            *(door.clock, door.refusals, door.maxBodyBytes, gates),
            MAX_CONTROL_CONNECTIONS if atControl else door.maxConnections,
        )

    def startFactory(self) -> None:
        """
        Nothing is to be got ready: there is no file with a line for each request.
        """

    def log(self, request: object) -> None:
        """
        Write no line for a request.
        """

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        One connection. Others than HTTP/1.1 would escape our bounds.
        """
        return DoorChannel(self, self.connections)
