"""
Asks a door: over its control socket, or over the network with a token.
"""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from twisted_messenger.errors import MessengerError
from twisted_messenger.operate.doors import isURL

# Seconds for an answer; a stream says something each 15 s.
_PATIENCE = 40.0

# Of one answer: 10,000 members have about 3 MB.
_MOST_BYTES = 64 * 1024 * 1024


class DoorRefused(MessengerError):
    """
    The room said no; its text says why.
    """


class DoorAway(MessengerError):
    """
    Nobody is there, or nothing is done now.
    """


class _ControlConnection(HTTPConnection):
    """
    HTTP over a Unix socket.
    """

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        """
        Connect to the socket.
        """
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(self._path)


class DoorClient:
    """
    Asks one door; each request has a connection of its own.

    :param door: a URL, or the path of a control socket.
    :param token: that opens it, where it is a URL.
    """

    def __init__(self, door: str, token: str = "") -> None:
        self._door = door
        self._token = token
        self._isURL = isURL(door)

    def ask(self, path: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> Any:
        """
        Ask for something.

        :returns: the answer, read from JSON.
        :raises DoorRefused: the room said no.
        :raises DoorAway: nobody is there, or nothing is done now.
        """
        with closing(self._connected()) as connection:
            try:
                response = self._request(connection, path, method, body)
                return json.loads(response.read(_MOST_BYTES))
            except (OSError, HTTPException, ValueError) as error:
                raise self._away(error) from None

    def stream(self, path: str) -> Iterator[bytes]:
        """
        Ask for what goes on, and give it line by line, without its end, until it ends.

        :raises DoorRefused: the room said no.
        :raises DoorAway: nobody is there, or it broke.
        """
        with closing(self._connected()) as connection:
            try:
                response = self._request(connection, path, "GET", None)
                while line := response.readline():
                    yield line.rstrip(b"\r\n")
            except (OSError, HTTPException, ValueError) as error:
                raise self._away(error) from None

    def _connected(self) -> HTTPConnection:
        if not self._isURL:
            return _ControlConnection(self._door)
        parts = urlsplit(self._door)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=_PATIENCE)

    def _request(
        self, connection: HTTPConnection, path: str, method: str, body: Mapping[str, Any] | None
    ) -> HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        if response.status >= 300:
            raise _problemOf(response)
        return response

    def _away(self, error: Exception) -> DoorAway:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return DoorAway(f"{self._door}: {why or type(error).__name__}")


def _problemOf(response: HTTPResponse) -> MessengerError:
    if response.status == 401:
        return DoorRefused("the token is missing or wrong: give --token FILE")
    try:
        said = json.loads(response.read(_MOST_BYTES))
        text = str(said["detail"] or said["code"])
    except (ValueError, LookupError, TypeError):
        text = f"the server answered {response.status}"
    isLater = response.status == 429 or response.status >= 502
    return (DoorAway if isLater else DoorRefused)(text)
