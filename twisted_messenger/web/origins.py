"""
Where a request comes from, and which page made a browser send it. Pure.

A program on this machine may stand between: what a proxy passes on comes from elsewhere, though
its connection does not. And a browser on this machine sends what any page in it asks for: from
another site, or under another name that was made to mean this machine (DNS rebinding).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from twisted_messenger.address import UNKNOWN, Source, isLoopback, literal
from twisted_messenger.web.problems import Problem

#: The headers of a request by their names in small letters; several of one name with ", " between.
Headers: TypeAlias = Mapping[str, str]

_FORWARDED = ("forwarded", "via", "x-real-ip")
_FORWARDED_PREFIX = "x-forwarded-"

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")

# Where a browser says that a page of another origin made it ask.
_ELSEWHERE = ("cross-site", "same-site")

#: Methods that change nothing.
SAFE = ("GET", "HEAD")


def wasForwarded(headers: Headers) -> bool:
    """
    Whether a proxy has passed a request on.
    """
    return any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIX) for name in headers)


@dataclass(frozen=True)
class Entrance:
    """
    Where a request came in.

    :param host: the address literal that it was sent to; ``None`` where there is none, as at a
        Unix socket.
    :param port: the port there.
    :param isSecure: whether over TLS.
    """

    host: str | None = None
    port: int | None = None
    isSecure: bool = False

    def means(self, host: str) -> bool:
        """
        Whether the value of a Host header means this entrance itself.
        """
        name, port = _split(host, 443 if self.isSecure else 80)
        mine = None if self.host is None else literal(self.host)
        known = name in _LOCAL_HOSTS or (mine is not None and literal(name) == mine)
        return known and (self.port is None or port == self.port)


@dataclass(frozen=True)
class Origins:
    """
    What an operator has said of where requests come from.

    :param proxies: the address literals of proxies whose word is believed.
    :param hosts: names in small letters, with or without ``:PORT``, under which it is known.
    """

    proxies: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def sourceOf(self, peer: Source, headers: Headers, isOld: bool = False) -> tuple[Source, bool]:
        """
        Find where a request comes from.

        :param peer: its connection's.
        :param isOld: whether it is HTTP/1.0: nginx speaks that where nobody has told it otherwise,
            and then it tells nothing of who asks either.
        :returns: its source, and whether it may be on another machine.
        """
        isProxy = peer.host in self.proxies
        if not (isProxy or isOld or wasForwarded(headers)):
            return peer, not isLoopback(peer.host)
        if isProxy:
            told = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            peer = Source(literal(told) or UNKNOWN, False)
        # Nobody on another machine has this one's exemptions, or its names.
        isHere = peer.sameMachine or isLoopback(peer.host)
        return (Source(UNKNOWN, False) if isHere else peer), True

    def judgeHost(self, host: str, entrance: Entrance) -> Problem | None:
        """
        Judge the name under which a request was sent here.

        :param host: the Host header; "" where there is none.
        """
        host = host.lower()
        name, _ = _split(host, 0)
        if entrance.means(host) or host in self.hosts or name in self.hosts:
            return None
        return Problem(
            "bad_host", f"{host or 'nothing'} is no name of this door; --web-host adds one"
        )

    def judgeSite(
        self, method: str, headers: Headers, entrance: Entrance, isHarmless: bool
    ) -> Problem | None:
        """
        Judge which page made a browser send a request.

        :param isHarmless: whether it only reads what is no secret, as when somebody follows a link.
        """
        site = headers.get("sec-fetch-site", "")
        if method in SAFE:
            isForeign = site == "cross-site" and not isHarmless
        else:
            origin = headers.get("origin")
            isForeign = site in _ELSEWHERE or (
                origin is not None and origin.lower() not in _own(headers, entrance)
            )
        return Problem("cross_site", "a page of another site made you ask") if isForeign else None


def _own(headers: Headers, entrance: Entrance) -> list[str]:
    """
    The origins of pages of ours.
    """
    host = headers.get("host", "").lower()
    if entrance.isSecure:
        return [f"https://{host}"]
    # A proxy may speak TLS for us.
    return [f"http://{host}", *([f"https://{host}"] if wasForwarded(headers) else [])]


def _split(host: str, usual: int) -> tuple[str, int]:
    """
    The name and the port of a Host header.

    :param usual: the port where none is given.
    """
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        return host, usual
    isPort = port.isascii() and port.isdigit() and len(port) <= 5
    return name, int(port) if isPort else -1
