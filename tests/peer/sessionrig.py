"""
A peer's person without a terminal and without a network.
"""

from datetime import datetime, timedelta

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import ScriptedPusher
from twisted_messenger.peer.addressbook import AddressBook, Friend
from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.commands import Commands
from twisted_messenger.peer.console import Console, Person, Shown
from twisted_messenger.peer.membership import RoomMembership
from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.peer.session import Session
from twisted_messenger.push.interfaces import Outcome


class RecordingConsole:
    """
    Remembers what it was told to show.

    :param interactive: whether a person types.
    """

    def __init__(self, interactive: bool = True) -> None:
        self.interactive = interactive
        self.arrivals: list[Arrival] = []
        self.notices: list[str] = []
        #: The text of each message, and its state at that time.
        self.said: list[tuple[str, str, str]] = []
        self.speakers: list[str] = []
        self.paused = False
        self.calls: list[str] = []

    def start(self, person: Person) -> None:
        """
        Remember it.
        """
        self.calls.append("start")

    def stop(self) -> "Deferred[None]":
        """
        Remember it.
        """
        self.calls.append("stop")
        return succeed(None)

    def hurry(self) -> None:
        """
        Remember it.
        """
        self.calls.append("hurry")

    def show(self, arrival: Arrival) -> Shown:
        """
        Keep it; it is shown at once.
        """
        self.arrivals.append(arrival)
        return succeed(None)

    def notice(self, text: str) -> None:
        """
        Keep it.
        """
        self.notices.append(text)

    def outgoing(self, message: OwnMessage) -> None:
        """
        Keep what it is now.
        """
        self.said.append((message.speaker, message.text, message.state.value))

    def more(self, number: int | None) -> bool:
        """
        One message was cut.
        """
        self.calls.append(f"more {number}")
        return number in (None, 1)

    def speaker(self, name: str) -> None:
        """
        Keep it.
        """
        self.speakers.append(name)

    def pause(self) -> None:
        """
        Remember it.
        """
        self.paused = True

    def resume(self) -> None:
        """
        Remember it.
        """
        self.paused = False


#: What a server answers to a registration, to the question whether it stands, and to options.
OURS = (b"", b"+ here\n", b"")
OLDER = (b"", b"! malformed: four fields\n")
TUTORIAL = (b"", b"")


_ConsoleTypeCheck: type[Console] = RecordingConsole


class SessionTestCase(SynchronousTestCase):
    """
    A person with an address book, who talks to nobody yet.
    """

    interactive = True

    def setUp(self) -> None:
        """
        Make all parts.
        """
        self.clock = Clock()
        self.pusher = ScriptedPusher()
        self.console = RecordingConsole(self.interactive)
        self.book = AddressBook()
        self.left: list[int] = []
        self.refusals: list[str] = []
        self.session = Session(self.clock, self.console, self.pusher, 30, self.left.append)
        self.commands = Commands(self.session, self.console, self.book, self.book.add)

    def befriend(self) -> None:
        """
        Talk to Bob; Carol is in the book too.
        """
        for name, port in (("bob", 8882), ("carol", 8883)):
            self.book.add(Friend("10.0.0.9", port, name))
        bob = self.book.find("bob")
        assert bob is not None
        self.session.talkTo(bob)
        self.session.start(8881)

    def now(self) -> datetime:
        """
        The time of day.
        """
        return datetime(2024, 5, 1, 14, 0) + timedelta(seconds=self.clock.seconds())

    def room(self, host: str = "localhost", key: str | None = None) -> RoomMembership:
        """
        A room that was not joined yet.
        """
        return RoomMembership(
            self.clock,
            self.session.outboxes,
            Friend("10.0.0.1", 8880),
            "ann",
            host,
            self.console.notice,
            self.refusals.append,
            key,
            self.now,
        )

    def answers(self, *replies: bytes, host: str = "10.0.0.2") -> None:
        """
        The server answers what is under way, and what follows from that.

        :param host: from where it was asked.
        """
        for reply in replies:
            self.pusher.ends(Outcome.CONFIRMED, reply, host=host)

    def join(
        self, *answers: bytes, host: str = "localhost", key: str | None = None
    ) -> RoomMembership:
        """
        Talk in a room, registered as ann.

        :param answers: of the server, to the registration and to what follows it; by default those
            of one of ours.
        """
        room = self.room(host, key)
        self.session.talkIn(room)
        self.session.start(8881)
        self.answers(*(answers or OURS))
        self.assertEqual(self.pusher.pending, [])
        self.forget()
        return room

    def forget(self) -> None:
        """
        Look at what comes from now on.
        """
        self.pusher.pushed.clear()
        self.console.notices.clear()

    def told(self, *words: str) -> None:
        """
        Fail unless the last notice has all these words.
        """
        for word in words:
            self.assertIn(word, self.console.notices[-1])
