"""
The room: who may speak, who may leave, and what a broken store does to it.
"""

from twisted.internet.defer import Deferred, fail
from twisted.logger import LogLevel

from tests.roomtestcase import GUEST, HOME, OTHER, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.entry import Post
from twisted_messenger.errors import StoreError, StoreFull
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, Senders
from twisted_messenger.roster import Enrolled, Enrolment, RosterLimits
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.wire import MAX_PUSH_BYTES, Departure, Registration, RoomMessage


class BrokenStore(MemoryStore):
    """
    A store that takes nothing.
    """

    def __init__(self, error: StoreError) -> None:
        super().__init__()
        self.error = error

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Fail.
        """
        return fail(self.error)

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        Fail.
        """
        return fail(self.error)

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        Fail.
        """
        return fail(self.error)


class PostTests(RoomTestCase):
    """
    Who may speak, and what is kept.
    """

    def setUp(self) -> None:
        """
        Bob listens, so that messages are kept.
        """
        super().setUp()
        self.listen()

    def listen(self) -> None:
        """
        Let Bob join, without a trace in log or counters.
        """
        ChatRoom(self.store).register("bob", "", 6000, HOME)
        self.events.clear()

    def test_posted(self) -> None:
        """
        A message is kept with its sender and its time, and counted; its text is not logged.
        """
        self.say("alice", "secret")
        (entry,) = self.log()
        self.assertEqual((entry.name, entry.text, entry.time), ("alice", "secret", 17.5))
        self.assertFalse(entry.owned)
        self.assertEqual(self.counters.snapshot(), {"accepted": 1})
        self.assertEqual([event for event in self.events if "secret" in str(event)], [])

    def test_order(self) -> None:
        """
        Messages are kept in the order in which they were said, whatever is slow meanwhile.
        """
        self.room = ChatRoom(self.store, resolve=Unanswering().addresses)
        waiting = self.room.register("alice", "desk", 5000, GUEST)
        for number in range(5):
            self.say("alice", str(number), GUEST)
        self.assertNoResult(waiting)
        self.assertEqual([entry.text for entry in self.log()], ["0", "1", "2", "3", "4"])

    def test_surrogates(self) -> None:
        """
        A text that no member could receive is kept with a question mark.
        """
        self.say("alice", "caf\udce9")
        self.assertEqual([entry.text for entry in self.log()], ["caf?"])

    def test_emptyText(self) -> None:
        """
        An empty text is a message too.
        """
        self.say("alice", "")
        self.assertEqual([entry.text for entry in self.log()], [""])

    def test_tooBig(self) -> None:
        """
        What would grow beyond what members read is refused; what just fits is not.
        """
        prefix = len("a: ")
        self.say("a", "x" * (MAX_PUSH_BYTES - prefix))
        doing = self.room.post("a", "x" * (MAX_PUSH_BYTES - prefix + 1))
        self.assertRefused(doing, Reason.TOO_BIG)
        self.assertEqual(len(self.log()), 1)

    def test_tooManyLines(self) -> None:
        """
        Each line of a text costs its sender's name.
        """
        doing = self.room.post("alice", "\n" * (MAX_PUSH_BYTES // len("alice: ")))
        self.assertRefused(doing, Reason.TOO_BIG)

    def test_badName(self) -> None:
        """
        Nobody speaks as the server.
        """
        self.make(AdmissionPolicy(serverName="Notary"))
        self.assertRefused(self.room.post("notary", "believe me"), Reason.BAD_NAME)
        self.say("server", "hi")

    def test_notOwner(self) -> None:
        """
        Nobody speaks under a name that another machine registered.
        """
        self.join("alice", "", 5000, OTHER)
        self.assertRefused(self.room.post("alice", "hi", GUEST), Reason.NOT_OWNER)
        self.assertEqual(self.log(), [])
        self.say("alice", "hi", OTHER)
        self.assertTrue(self.log()[0].owned)

    def test_strangers(self) -> None:
        """
        Who is not registered may speak, such as a job with netcat.
        """
        self.say("ci", "build 7 is green", GUEST)
        self.assertEqual(len(self.log()), 1)

    def test_registeredOnly(self) -> None:
        """
        On request, only members may speak.
        """
        self.make(AdmissionPolicy(senders=Senders.REGISTERED))
        refusal = self.assertRefused(self.room.post("alice", "hi", GUEST), Reason.NOT_OWNER)
        self.assertIn("register", refusal.detail)
        self.join("alice", "", 5000, GUEST)
        self.say("alice", "hi", GUEST)
        self.assertEqual(self.counters["accepted"], 1)

    def test_anySender(self) -> None:
        """
        On request, anybody speaks as anybody; such a message is not its owner's.
        """
        self.make(AdmissionPolicy(senders=Senders.ANY))
        self.join("alice", "", 5000, OTHER)
        self.say("alice", "hi", GUEST)
        self.assertEqual([entry.owned for entry in self.log()], [False])

    def test_everySpellingOfHome(self) -> None:
        """
        Who registered by 127.0.0.1 may speak by ::1.
        """
        self.join("alice", "", 5000, HOME)
        self.say("alice", "hi", Source("::1", True))
        self.assertEqual([entry.owned for entry in self.log()], [True])


class Unanswering:
    """
    A resolver that hangs.
    """

    def addresses(self, host: str, asker: str) -> "Deferred[list[str]]":
        """
        Never answer.
        """
        return Deferred()


class LeaveTests(RoomTestCase):
    """
    Who may remove a registration.
    """

    def test_left(self) -> None:
        """
        A member that leaves is gone; that is counted and logged.
        """
        self.join("alice", "localhost")
        self.assertTaken(self.room.leave(" alice", "127.0.0.1", 5000, HOME))
        self.assertEqual(self.members(), [])
        self.assertEqual(self.counters["left"], 1)
        self.assertEqual(self.lines()[1:], ["alice left"])

    def test_unknown(self) -> None:
        """
        Leaving twice, or without having been there, does no harm.
        """
        self.join("alice")
        for name, port in (("carol", 5000), ("alice", 5001)):
            self.assertTaken(self.room.leave(name, "", port, HOME))
        self.assertEqual(set(self.where()), {"alice"})
        self.assertEqual(self.counters["left"], 0)

    def test_foreignAddress(self) -> None:
        """
        Nobody removes a member from another machine.
        """
        self.join("alice", "", 5000, OTHER)
        doing = self.room.leave("alice", "10.0.0.8", 5000, GUEST)
        self.assertRefused(doing, Reason.NOT_OWNER)
        self.assertEqual(set(self.where()), {"alice"})

    def test_notOwner(self) -> None:
        """
        Not even where any address may be registered.
        """
        self.make(AdmissionPolicy(callbacks=Callbacks.ANY))
        self.join("alice", "", 5000, OTHER)
        doing = self.room.leave("alice", "10.0.0.8", 5000, GUEST)
        self.assertRefused(doing, Reason.NOT_OWNER)
        self.assertEqual(set(self.where()), {"alice"})

    def test_badName(self) -> None:
        """
        A name that nobody can bear is refused here too.
        """
        self.assertRefused(self.room.leave("a|b", "", 5000), Reason.BAD_NAME)


class TakeTests(RoomTestCase):
    """
    What comes over the wire ends where the program's own calls do.
    """

    def test_commands(self) -> None:
        """
        Each kind of message does what it says, for the machine it came from.
        """
        for command in (
            Registration("alice", "", 5000),
            Registration("bob", "", 5001),
            RoomMessage("alice", "hi"),
            Departure("alice", "", 5000),
        ):
            self.assertTaken(self.room.take(command, GUEST))
        self.assertEqual(self.where(), {"bob": "10.0.0.7 5001"})
        self.assertEqual([(entry.name, entry.owned) for entry in self.log()], [("alice", True)])

    def test_refusal(self) -> None:
        """
        What is refused is refused.
        """
        doing = self.room.take(Registration("alice", "10.0.0.8", 5000), GUEST)
        self.assertRefused(doing, Reason.FOREIGN_CALLBACK)


class ClosedTests(RoomTestCase):
    """
    A room that is closing tells everybody to come later.
    """

    def test_closed(self) -> None:
        """
        Nothing is taken any more.
        """
        self.room.close()
        self.assertRefused(self.room.post("alice", "hi"), Reason.SHUTDOWN)
        for request in (
            Registration("alice", "", 5000),
            Departure("alice", "", 5000),
            RoomMessage("alice", "hi"),
        ):
            refusal = self.successResultOf(self.room.take(request))
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, Reason.SHUTDOWN)
            self.assertTrue(refusal.transient)
        self.assertEqual(self.counters.snapshot(), {"refused.shutdown": 4})
        self.assertEqual(self.members(), [])


class BrokenStoreTests(RoomTestCase):
    """
    What cannot be kept is not confirmed.
    """

    def assertNothingIsTaken(self, error: StoreError, reason: Reason) -> None:
        """
        Fail unless every request is refused for now, and the operator reads why.
        """
        for request in (
            Registration("a", "", 5000),
            Departure("a", "", 5000),
            RoomMessage("a", ""),
        ):
            self.make(AdmissionPolicy(), BrokenStore(error))
            self.events.clear()
            refusal = self.assertRefused(self.room.take(request), reason)
            self.assertTrue(refusal.transient)
            self.assertNotIn("sector", refusal.detail)
            (line,) = self.lines(LogLevel.error)
            self.assertIn("sector 7", line)
            self.assertEqual(self.counters.snapshot(), {f"refused.{reason.value}": 1})

    def test_unavailable(self) -> None:
        """
        While the store is broken, senders are told to try again; the cause stays in the log.
        """
        self.assertNothingIsTaken(StoreError("sector 7"), Reason.STORE_UNAVAILABLE)

    def test_full(self) -> None:
        """
        While the disk is full, senders are told to try again.
        """
        self.assertNothingIsTaken(StoreFull("sector 7"), Reason.STORE_FULL)


class RefuseTests(RoomTestCase):
    """
    Refusals that never reached the room.
    """

    def test_refuse(self) -> None:
        """
        They are counted and logged like the room's own, however hostile or long.
        """
        refusal = Refusal(Reason.MALFORMED, "\x1b]0;pwned\x07\n" + "x" * 5000)
        self.room.refuse(refusal, GUEST)
        self.assertEqual(self.counters.snapshot(), {"refused.malformed": 1})
        (line,) = self.lines()
        self.assertIn("10.0.0.7", line)
        self.assertIn("\\x1b]0;pwned\\x07\\x0a", line)
        self.assertLess(len(line), 300)
        self.assertSafe()
