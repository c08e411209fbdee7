"""
Where the door listens, and whom that lets in.
"""

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.python.failure import Failure

from twisted_messenger.address import isLoopback
from twisted_messenger.errors import StartError
from twisted_messenger.hostport import addressText
from twisted_messenger.incoming.descriptions import kindOf
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.listener import isListening, letIn, notListening
from twisted_messenger.incoming.pemfolder import checkFolder
from twisted_messenger.incoming.renewal import Renewal

_LOCALHOST = ("tcp:{}:interface=127.0.0.1", "tcp6:{}:interface=\\:\\:1")


class WebListener:
    """
    One place to listen for HTTP.

    :param name: the option that named it, for errors.
    :param endpoint: where.
    :param isBeyond: whether others than this machine may come in.
    :param isSecure: whether it speaks TLS.
    :param renewal: reads its certificates again.
    """

    def __init__(
        self,
        name: str,
        endpoint: IStreamServerEndpoint,
        isBeyond: bool = True,
        isSecure: bool = False,
        renewal: Renewal | None = None,
    ) -> None:
        self.name = name
        self.isBeyond = isBeyond
        self.isSecure = isSecure
        self._endpoint = endpoint
        self._renewal = renewal
        self._port: IListeningPort | None = None
        self._address: Any = None
        self.isStarted = False

    def start(self, factory: Any) -> "Deferred[None]":
        """
        Listen.

        :returns: fires when it listens; fails with :class:`~twisted_messenger.errors.StartError`.
        """
        self.isStarted = True
        self._factory = factory
        listening = maybeDeferred(self._endpoint.listen, factory)
        return listening.addCallbacks(self._listening, self._failed)

    def _listening(self, port: IListeningPort) -> None:
        if self.isStarted:
            self._port, self._address = port, port.getHost()
        else:
            # It was stopped meanwhile.
            port.stopListening()

    def _failed(self, reason: Failure) -> None:
        self.isStarted = False
        raise notListening(self.name, reason)

    def reload(self) -> bool:
        """
        Read the certificates again, for connections that come from now on.

        :returns: whether there are any; where they cannot be read, the log says so.
        """
        if self._port is None or self._renewal is None:
            return False
        return self._renewal.renew(self._port, self._factory)

    def stop(self) -> "Deferred[Any]":
        """
        Let nobody in any more.
        """
        self.isStarted = False
        port, self._port, self._address = self._port, None, None
        return maybeDeferred(lambda: None if port is None else port.stopListening())

    def admit(self, vacancies: int) -> None:
        """
        Accept at most so many connections at once.

        :param vacancies: 0 to pause.
        """
        letIn(self._port, vacancies)

    def isAt(self, host: str, port: int) -> bool:
        """
        Whether a connection to that address would come in here.

        :param host: an address literal.
        """
        return isListening(self._address, host, port)

    @property
    def where(self) -> str:
        """
        The address that is listened on, for people; "" where there is none.
        """
        address = self._address
        if isinstance(address, UNIXAddress):
            return os.fsdecode(address.name or b"")
        scheme = "https" if self.isSecure else "http"
        return "" if address is None else f"{scheme}://{addressText(address.host, address.port)}/"


def webListeners(reactor: Any, places: Sequence[Any], option: str = "web") -> list[WebListener]:
    """
    Make listeners.

    :param places: descriptions of endpoints, or the number of a port of localhost alone; or
        endpoints, or listeners.
    :param option: that named them, for errors.
    :raises ValueError: a description is none.
    """
    found = []
    for place in places:
        if not isinstance(place, str):
            made = isinstance(place, WebListener)
            found.append(place if made else WebListener(f"{option} {place!r}", place))
            continue
        isPort = place.isascii() and place.isdigit() and len(place) <= len("65535")
        for described in [one.format(place) for one in _LOCALHOST] if isPort else [place]:
            found.append(_described(reactor, f"{option} {place}", described))
    return found


def mustBeGuarded(listeners: Iterable[WebListener], token: str, mend: str) -> None:
    """
    Refuse to let others in without a token.

    :param mend: how one is given.
    :raises ValueError: one would; the text names it.
    """
    for one in listeners:
        if one.isBeyond and not token:
            raise ValueError(f"{one.name}: other machines could come in; give {mend} as well")


def _endpoint(reactor: Any, name: str, place: str) -> IStreamServerEndpoint:
    try:
        if not place:
            raise ValueError("nothing is no place")
        checkFolder(place)
        endpoint: IStreamServerEndpoint = serverFromString(reactor, place)
    except StartError as error:
        raise ValueError(f"{name}: {error}") from None
    except Exception as error:
        # Parsers are plugins; they raise what they like.
        raise ValueError(f"{name}: {error}; give a port, or an endpoint as in tcp:8881") from None
    return endpoint


def _described(reactor: Any, name: str, place: str) -> WebListener:
    endpoint = _endpoint(reactor, name, place)
    kind, _, rest = place.partition(":")
    words = rest.replace("\\:", "\0").split(":")
    interface = [one.partition("=")[2] for one in words if one.startswith("interface=")]
    isHere = kind == "unix" or (
        kind != "haproxy" and [isLoopback(one.replace("\0", ":")) for one in interface] == [True]
    )
    read = partial(_endpoint, name=name, place=place)
    renewal = Renewal(name, kindOf(place), GuardingReactor(reactor), read)
    return WebListener(name, endpoint, not isHere, kind in ("ssl", "tls", "txsni", "le"), renewal)
