"""
A peer at a terminal or in a pipe: listens, shows what arrives, sends what is said.
"""

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IAddress

from twisted_messenger.addressbook import AddressBook
from twisted_messenger.console import Console, Shown
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.talk import Talk
from twisted_messenger.transcript import fromFriend, fromRoom


class Incoming:
    """
    Takes what arrives to the console.

    :param console: where it is shown.
    :param talk: knows whether the person is in a room.
    :param book: knows who writes from where.
    """

    def __init__(self, console: Console, talk: Talk, book: AddressBook) -> None:
        self._console = console
        self._talk = talk
        self._book = book

    def received(self, sender: IAddress, text: str) -> Shown:
        """
        Show a text.

        :param sender: where its connection came from.
        :returns: fires when it is shown, or with a refusal when it cannot be.
        """
        host, port = getattr(sender, "host", ""), getattr(sender, "port", 0)
        read = fromFriend if self._talk.room is None else fromRoom
        arrival = read(self._book, host, port, text)
        if arrival.name:
            self._talk.hear(arrival.name)
        return self._console.show(arrival)


class PeerService(Service):
    """
    Listens, and lets a person talk.

    :param listener: where messages arrive.
    :param factory: takes them.
    :param talk: what the person does.
    :param console: where the person is.
    """

    def __init__(
        self, listener: Listener, factory: ReceiptFactory, talk: Talk, console: Console
    ) -> None:
        self._listener = listener
        self._factory = factory
        self._talk = talk
        self._console = console

    def startService(self) -> None:
        """
        Listen, then talk.

        :raises StartError: the port cannot be used; the terminal is as it was.
        """
        self._listener.start(self._factory)
        super().startService()
        self._talk.start(self._listener.portNumber)

    def stopService(self) -> "Deferred[None]":
        """
        Stop speaking, show what has come, and leave the terminal as it was.

        :returns: fires when every connection is closed.
        """
        super().stopService()
        self._talk.stop()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._listener.stop()
        # What can be shown is, before its sender is told so.
        await self._console.stop()
        await self._factory.drained()

    def hurry(self) -> None:
        """
        Wait for nobody.
        """
        self._console.hurry()
        self._factory.abortAll()
