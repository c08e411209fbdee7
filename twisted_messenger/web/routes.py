"""
What a route is, and what it answers with. Pure.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from twisted_messenger.web.problems import Problem
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """
    What is answered at once.

    :param body: all of it.
    :param status: of HTTP.
    :param contentType: of the body.
    :param headers: others.
    """

    body: bytes = b""
    status: int = 200
    contentType: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class Stream(Protocol):
    """
    An answer that goes on until somebody ends it.
    """

    contentType: str

    def begin(self, request: Any) -> None:
        """
        Write to a request from now on; its headers are said.
        """


@dataclass(frozen=True)
class Route:
    """
    What may be asked for.

    :param method: of HTTP.
    :param path: with ``{name}`` for a part that anything may stand in.
    :param right: who may.
    :param answer: does it; raises :class:`~twisted_messenger.web.problems.Problem` where it cannot.
    """

    method: str
    path: str
    right: Right
    answer: Callable[[Asked], Coroutine[Any, Any, Answer | Stream]]

    def names(self, path: Sequence[str]) -> dict[str, str] | None:
        """
        What a path says, by the names in this route; ``None`` where it is another's.
        """
        parts = self.path.split("/")[1:]
        if len(parts) != len(path):
            return None
        found = {}
        for part, given in zip(parts, path):
            if part.startswith("{"):
                found[part[1:-1]] = given
            elif part != given:
                return None
        return found


class Routes:
    """
    All that may be asked for.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.all = list(routes)

    def find(self, method: str, path: Sequence[str]) -> tuple[Route, dict[str, str]]:
        """
        Find who answers a request.

        :param path: its parts, unquoted.
        :returns: the route, and what the path says.
        :raises Problem: nobody does.
        """
        there = [(one, names) for one in self.all if (names := one.names(path)) is not None]
        if not there:
            raise Problem("not_found", "there is no such place; /openapi.json lists them")
        # As in OpenAPI: a place that is spelled out is no name of a member.
        least = min(len(names) for _, names in there)
        there = [(one, names) for one, names in there if len(names) == least]
        # Who asks for the head of an answer gets the same, without its body.
        wanted = "GET" if method == "HEAD" else method
        for route, names in there:
            if route.method == wanted:
                return route, names
        allowed = {route.method for route, _ in there}
        raise BadMethod(allowed | {"HEAD"} if "GET" in allowed else allowed)


class BadMethod(Problem):
    """
    Another method would do.

    :param allowed: which ones.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__("bad_method", f"it takes {self.allowed}")
