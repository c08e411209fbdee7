"""
A peer at a terminal or in a pipe: listens, shows what arrives, sends what is said.
"""

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred

from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.peer.console import Console, Person
from twisted_messenger.peer.session import Session


class PeerService(Service):
    """
    Listens, and lets a person talk.

    :param listener: where messages arrive.
    :param factory: takes them.
    :param session: what the person takes part in.
    :param person: hears what is entered at the console.
    :param console: where the person is.
    :param called: the port at which others reach the listener; 0 for its own.
    """

    def __init__(
        self,
        listener: Listener,
        factory: ReceiptFactory,
        session: Session,
        person: Person,
        console: Console,
        called: int = 0,
    ) -> None:
        self._listener = listener
        self._factory = factory
        self._session = session
        self._person = person
        self._console = console
        self._called = called

    def startService(self) -> None:
        """
        Listen, then talk.

        :raises StartError: the port cannot be used; the terminal is as it was.
        """
        self._listener.start(self._factory)
        super().startService()
        self._console.start(self._person)
        self._session.start(self._called or self._listener.portNumber)

    def stopService(self) -> "Deferred[None]":
        """
        Stop speaking, show what has come, and leave the terminal as it was.

        :returns: fires when every connection is closed.
        """
        super().stopService()
        self._session.stop()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._listener.stop()
        # A message that can still be shown is shown before its sender is told so.
        await self._console.stop()
        await self._factory.drained()

    def hurry(self) -> None:
        """
        Wait for nobody.
        """
        self._console.hurry()
        self._factory.abortAll()
