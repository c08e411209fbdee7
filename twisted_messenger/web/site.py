"""
A site of twisted.web that bounds what a connection may cost.
"""

from typing import Any

from twisted.web.server import Site

from twisted_messenger.web.door import Door
from twisted_messenger.web.resource import DoorResource

#: Seconds that a connection may be silent.
IDLE_SECONDS = 60


class DoorSite(Site):
    """
    The site of a door.

    :param door: what is there.
    :param reactor: measures time.
    :param atControl: whether it is the control socket's.
    """

    noisy = False

    def __init__(self, door: Door, reactor: Any, atControl: bool = False) -> None:
        super().__init__(
            DoorResource(door, atControl),
            parsePOSTFormSubmission=False,
            timeout=IDLE_SECONDS,
            reactor=reactor,
        )

    def log(self, request: object) -> None:
        """
        Write no line for each request.
        """

    def acceptableProtocols(self) -> list[bytes]:
        """
        What a TLS client may offer; one that offers something must find it here.
        """
        return [b"http/1.1"]
