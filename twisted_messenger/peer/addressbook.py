"""
Friends by name, and the addresses they write from. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from twisted_messenger.address import literal
from twisted_messenger.hostport import BadAddress, addressText, readAddress
from twisted_messenger.names import BadName, cleanName


@dataclass(frozen=True)
class Friend:
    """
    Somebody to talk to without a server.

    :param host: an address or a name.
    :param port: where the friend listens, 1 to 65535.
    :param name: in the book; empty where the person gave none.
    """

    host: str
    port: int
    name: str = ""

    @property
    def label(self) -> str:
        """
        What to call the friend.
        """
        return self.name or addressText(self.host, self.port)


def readFriend(text: str) -> Friend:
    """
    Read ``HOST:PORT`` or ``NAME=HOST:PORT``.

    :raises BadAddress: it is neither.
    """
    name, separator, address = text.rpartition("=")
    if not separator:
        return Friend(*readAddress(text))
    try:
        clean = cleanName(name)
    except BadName as problem:
        raise BadAddress(str(problem)) from None
    if " " in clean:
        # /to NAME TEXT could not tell where it ends.
        raise BadAddress("a friend's name has no blanks")
    return Friend(*readAddress(address), clean)


class AddressBook:
    """
    The friends that a person knows by name.
    """

    def __init__(self) -> None:
        self._friends: dict[str, Friend] = {}
        self._hosts: dict[Friend, set[str]] = {}

    def __iter__(self) -> Iterator[Friend]:
        """
        :returns: the friends, as they were added.
        """
        return iter(self._friends.values())

    def add(self, friend: Friend) -> None:
        """
        Write a friend down; the last address of a name counts. A friend without a name is left out.
        """
        if friend.name:
            self._friends[friend.name.casefold()] = friend

    def find(self, name: str) -> Friend | None:
        """
        :param name: in any case.
        """
        return self._friends.get(name.strip().casefold())

    def writesFrom(self, friend: Friend, hosts: list[str]) -> None:
        """
        Remember which addresses a friend's host has.
        """
        self._hosts.setdefault(friend, set()).update(hosts)

    def nameAt(self, host: str) -> str:
        """
        The name of the friend who writes from an address. Friends who share a machine cannot be
        told apart, since the port of a connection says nothing: their names are joined by "or".

        :param host: an address literal.
        :returns: empty for a stranger.
        """
        known = literal(host)
        names = [
            friend.name
            for friend in self
            if known is not None
            and (known == literal(friend.host) or known in self._hosts.get(friend, ()))
        ]
        return " or ".join(names)
