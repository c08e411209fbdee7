"""
The options of ``twistd chatserver`` that open the door: the control socket, and HTTP.
"""

from typing import Any

from twisted.python.usage import UsageError

from twisted_messenger.address import literal
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.web.access import DoorAccess
from twisted_messenger.web.tokens import readToken


class DoorOptions(TapOptions):
    """
    The options, and what they come to: ``web``, ``control`` and ``access``.
    """

    optParameters: list[list[Any]] = [
        [
            "control",
            None,
            None,
            "A Unix socket for who runs this server, or none [default: PATH.control beside a "
            "sqlite: store, else chatserver-PORT.control in the working directory]",
        ],
        [
            "web-token",
            None,
            None,
            "A file with the token, 16 characters or more, that opens the HTTP door from other "
            "machines, and to operate it",
        ],
        ["web-read", None, "token", "Who may read from other machines: token, or open"],
        [
            "web-proxy",
            None,
            "",
            "Addresses of proxies, ADDRESS,..., whose X-Forwarded-For is believed",
        ],
        [
            "web-host",
            None,
            "",
            "More names under which the door is known, NAME or NAME:PORT,...",
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["web"] = []

    def opt_web(self, endpoint: str) -> None:
        """
        Open the HTTP door there: the number of a port on localhost alone, or an endpoint such as
        ssl:8843:privateKey=key.pem:certKey=cert.pem. Give it several times to open it in several
        places.
        """
        self["web"].append(endpoint)

    # usage.Options keeps the line ends of a docstring.
    opt_web.__doc__ = " ".join((opt_web.__doc__ or "").split())

    def readDoor(self, store: str, port: int | None) -> None:
        """
        Read and check them.

        :param store: the store's description.
        :param port: of the room; ``None`` where it has none.
        :raises UsageError: the text names the option and what it takes.
        """
        if self["control"] is None:
            self["control"] = _controlFile(store, port)
        elif self["control"] == "none":
            self["control"] = ""
        isOpen = self["web-read"] == "open"
        if not isOpen and self["web-read"] != "token":
            raise UsageError(f"--web-read {self['web-read']}: give token or open")
        hosts = self._listed("web-host")
        self["access"] = DoorAccess(self._token(), isOpen, self._proxies(), hosts)

    def _token(self) -> str:
        path = self["web-token"]
        if path is None:
            return ""
        try:
            return readToken(path)
        except ValueError as problem:
            raise UsageError(f"--web-token {path}: {problem}") from None

    def _proxies(self) -> list[str]:
        proxies = self._listed("web-proxy")
        if not all(map(literal, proxies)):
            raise UsageError(f"--web-proxy {self['web-proxy']}: give addresses, as in 10.0.0.5,::1")
        return proxies

    def _listed(self, option: str) -> list[str]:
        words = [one.strip().lower() for one in self[option].split(",")]
        return [one for one in words if one]


def _controlFile(store: str, port: int | None) -> str:
    """
    The control socket of who gives none.
    """
    kind, _, path = store.partition(":")
    if kind == "sqlite":
        return f"{path}.control"
    return "chatserver.control" if port is None else f"chatserver-{port}.control"
