"""
Who is there, to come and go, and to steer: ``/members``.
"""

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_messenger.errors import WireError
from twisted_messenger.options import readOptions
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Reply
from twisted_messenger.room.chatroom import ChatRoom, Taken
from twisted_messenger.roster import Enrolled
from twisted_messenger.web.fresh import Fresh
from twisted_messenger.web.messages import charge
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Answer, Route
from twisted_messenger.web.shapes import asJSON, memberShape
from twisted_messenger.wire import Registration

_MAX_PORT = 65535


class MemberRoutes:
    """
    Shows members, and does with them what an operator wants.

    A name stands in the path, or after the question mark where a path cannot carry it.

    :param room: whose members they are.
    :param clock: the reactor, for its time.
    """

    def __init__(self, room: ChatRoom, clock: IReactorTime) -> None:
        self._room = room
        # There may be thousands: to list them costs what many messages do, and anybody who may
        # read may ask.
        self._listed = Fresh(partial(self._list, False), clock)

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        changed = self._listed.forget
        steer = {
            "retry": _Steering(self._room.retry, changed),
            "pause": _Steering(self._room.pause, changed),
            "resume": _Steering(self._room.resume, changed),
        }
        found = [Route("GET", "/members", Right.READ, self.show)]
        for place in ("/members", "/members/{name}"):
            found += [
                Route("PUT", place, Right.SEND, self.put),
                Route("DELETE", place, Right.SEND, self.remove),
            ]
            found += [
                Route("POST", f"{place}/{word}", Right.OPERATE, steering)
                for word, steering in steer.items()
            ]
        return found

    async def show(self, asked: Asked) -> Answer:
        """
        Everybody.
        """
        listed = self._list(True) if asked.caller.mayOperate else self._listed.get()
        return Answer(await listed)

    async def _list(self, isWhole: bool) -> bytes:
        members = await self._room.members()
        return asJSON({"members": [memberShape(one, isWhole) for one in members]})

    async def put(self, asked: Asked) -> Answer:
        """
        Register somebody: over the control socket whoever it is, else as on the wire.
        """
        charge(self._room, asked)
        name = asked.needed("name")
        host, port, words = _place(asked)
        try:
            options = None if words is None else readOptions(words)
        except WireError as error:
            raise Problem.of(error.refusal) from None
        result: Taken
        if asked.caller.atControl:
            member = None if options is None else options.member
            result = await self._room.enrol(name, host, port, options=member)
        else:
            registration = Registration(name, host, port, options)
            result = await self._room.take(registration, asked.caller.source)
        if isinstance(result, Refusal):
            raise Problem.of(result)
        self._listed.forget()
        change = result.change if isinstance(result, Enrolled) else None
        said = {"change": None if change is None else change.value}
        if isinstance(result, Reply):
            said = {"reply": result.text}
        return Answer(asJSON(said))

    async def remove(self, asked: Asked) -> Answer:
        """
        Let somebody go: whom its owner, or an operator, names.
        """
        charge(self._room, asked)
        name = asked.needed("name")
        if asked.caller.mayOperate:
            isThere = await self._room.remove(name)
        else:
            isThere = await self._leave(name, asked)
        self._listed.forget()
        return _done(name, isThere)

    async def _leave(self, name: str, asked: Asked) -> bool:
        found = [one for one in await self._room.members() if one.name == name]
        for one in found:
            left = await self._room.leave(name, one.host, one.port, asked.caller.source)
            if isinstance(left, Refusal):
                raise Problem.of(left)
        return bool(found)


class _Steering:
    def __init__(
        self, order: "Callable[[str], Deferred[bool]]", changed: Callable[[], None]
    ) -> None:
        self._order = order
        self._changed = changed

    async def __call__(self, asked: Asked) -> Answer:
        name = asked.needed("name")
        isThere = await self._order(name)
        self._changed()
        return _done(name, isThere)


def _done(name: str, isThere: bool) -> Answer:
    if not isThere:
        raise Problem("not_found", f"there is no {name}")
    return Answer(asJSON({"name": name}))


def _place(asked: Asked) -> tuple[str, int, str | None]:
    """
    Where a member is, and how it wants its pushes.
    """
    said = asked.json()
    host, port, options = said.get("host", ""), said.get("port"), said.get("options")
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= _MAX_PORT:
        raise Problem("malformed", f"give port, a number from 1 to {_MAX_PORT}")
    if not isinstance(host, str) or not isinstance(options, str | None):
        raise Problem("malformed", "give host and options as texts, where you give them")
    return host, port, options
