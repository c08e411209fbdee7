"""
What an embedding program says of messages, and hears of them.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogLevel

from tests.roomtestcase import GUEST, HOME, OTHER, OWN_PORT, RoomTestCase, keepLog
from twisted_messenger.address import LOCAL, Source
from twisted_messenger.entry import Entry
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.policy import AdmissionPolicy, Senders
from twisted_messenger.wire import RoomMessage

Answer = RoomMessage | Refusal


class AdmitTests(RoomTestCase):
    """
    ``admit`` sees a message before the store does.
    """

    def setUp(self) -> None:
        """
        Make a room that asks.
        """
        super().setUp()
        self.asked: list[tuple[RoomMessage, Source]] = []
        #: What is answered, by text; what is not there is let in as it is.
        self.answers: dict[str, Any] = {}
        self.make(AdmissionPolicy(), admit=self._admit)
        # Somebody has to be there for whom messages are kept.
        self.join("keeper", port=6000)

    def _admit(self, message: RoomMessage, source: Source) -> Any:
        self.asked.append((message, source))
        answer = self.answers.get(message.text, message)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def texts(self) -> list[str]:
        """
        What is in the log.
        """
        return [entry.text for entry in self.log()]

    def test_asked(self) -> None:
        """
        It is asked about the wire's messages and the program's, with the clean name.
        """
        self.say(" ann ", "hi", GUEST)
        self.say("app", "hello", LOCAL)
        self.assertEqual(
            self.asked, [(RoomMessage("ann", "hi"), GUEST), (RoomMessage("app", "hello"), LOCAL)]
        )
        self.assertEqual(self.texts(), ["hi", "hello"])

    def test_rewritten(self) -> None:
        """
        What it gives back is what is said.
        """
        self.answers["darn"] = RoomMessage("ann", "d***")
        self.say("ann", "darn", GUEST)
        self.assertEqual(self.texts(), ["d***"])

    def test_refused(self) -> None:
        """
        A refusal may have a code of the program's own; it is counted and logged like any other.
        """
        self.answers["buy"] = Refusal("spam", "no advertisements")
        refusal = self.successResultOf(self.room.post("ann", "buy", GUEST))
        assert isinstance(refusal, Refusal)
        self.assertEqual((refusal.code, self.counters["refused.spam"]), ("spam", 1))
        self.assertEqual(refusal.line(), b"! spam: no advertisements\n")
        self.assertEqual(self.texts(), [])

    def test_tooLong(self) -> None:
        """
        A text that it made too long is refused.
        """
        self.answers["short"] = RoomMessage("ann", "x" * 2**19)
        self.assertRefused(self.room.post("ann", "short", GUEST), Reason.TOO_BIG)

    def test_order(self) -> None:
        """
        The messages of one source keep their order however long it takes; others go on meanwhile.
        """
        slow: Deferred[Answer] = Deferred()
        self.answers["one"] = slow
        first = self.room.post("ann", "one", GUEST)
        second = self.room.post("ann", "two", GUEST)
        third = self.room.post("ann", "three", GUEST)
        self.say("bob", "meanwhile", OTHER)
        self.assertEqual(self.texts(), ["meanwhile"])
        slow.callback(RoomMessage("ann", "one"))
        for told in (first, second, third):
            self.assertTrue(self.successResultOf(told).stored)
        self.assertEqual(self.texts(), ["meanwhile", "one", "two", "three"])

    def test_severalSlow(self) -> None:
        """
        Each one waits for those before it alone.
        """
        slow: list[Deferred[Answer]] = [Deferred(), Deferred()]
        self.answers.update(one=slow[0], two=slow[1])
        told = [self.room.post("ann", text, GUEST) for text in ("one", "two", "three")]
        slow[0].callback(RoomMessage("ann", "one"))
        self.assertEqual(self.texts(), ["one"])
        slow[1].callback(Refusal("spam"))
        self.assertEqual(self.texts(), ["one", "three"])
        self.assertEqual([self.successResultOf(one).stored for one in told], [True, False, True])

    def test_raises(self) -> None:
        """
        Where it raises, now or later, nobody is told that it was taken, and the next one goes on.
        """
        late: Deferred[Answer] = Deferred()
        self.answers.update(now=ZeroDivisionError(), later=late)
        self.failureResultOf(self.room.post("ann", "now", GUEST), ZeroDivisionError)
        told = self.room.post("ann", "later", GUEST)
        late.errback(ZeroDivisionError())
        self.failureResultOf(told, ZeroDivisionError)
        self.say("ann", "after", GUEST)
        self.assertEqual(self.texts(), ["after"])

    def test_nonsense(self) -> None:
        """
        An answer that is none, or another name, is a mistake of the program.
        """
        self.answers.update(none=None, other=RoomMessage("bob", "other"))
        for text in ("none", "other"):
            self.failureResultOf(self.room.post("ann", text, GUEST), ValueError)
        self.assertEqual(self.texts(), [])

    def test_async(self) -> None:
        """
        It may be a coroutine.
        """

        async def admit(message: RoomMessage, source: Source) -> Answer:
            return RoomMessage(message.name, message.text.upper())

        self.make(AdmissionPolicy(), admit=admit)
        self.join("keeper", port=6000)
        self.say("ann", "hi", GUEST)
        self.assertEqual(self.texts(), ["HI"])


class AcceptedTests(RoomTestCase):
    """
    ``accepted`` hears what was said.
    """

    def setUp(self) -> None:
        """
        Make a room that tells.
        """
        super().setUp()
        self.heard: list[Entry] = []
        self.make(AdmissionPolicy(), accepted=self.heard.append)

    def test_heard(self) -> None:
        """
        Every message is told as it stands in the log; what is refused is not.
        """
        self.join("ann", "", 5000, GUEST)
        self.say("ann", "hi", GUEST)
        self.say("app", "\ud800", LOCAL)
        self.assertTaken(self.room.announce("maintenance at noon"))
        self.assertRefused(self.room.post("ann", "no", OTHER), Reason.NOT_OWNER)
        self.assertEqual(self.heard, self.log())
        self.assertEqual([entry.owned for entry in self.heard], [True, False, False])
        self.assertEqual(self.heard[-1].name, "server")

    def test_raises(self) -> None:
        """
        What it raises is logged, and the sender is told that its message is stored.
        """

        def broken(entry: Entry) -> None:
            raise ZeroDivisionError

        log = keepLog(self, "room.roompost")
        self.make(AdmissionPolicy(), accepted=broken)
        self.say("ann", "hi", GUEST)
        self.assertEqual(len(log.lines(LogLevel.critical)), 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ProgramTests(RoomTestCase):
    """
    What the program says, and what belongs to it.
    """

    def test_announce(self) -> None:
        """
        An announcement is the server's own, is not asked about, and stops with the room.
        """

        def never(message: RoomMessage, source: Source) -> Refusal:
            return Refusal("spam")

        self.make(AdmissionPolicy(serverName="hub"), admit=never)
        self.join("keeper", port=6000)
        stored = self.successResultOf(self.room.announce("maintenance at noon"))
        self.assertIsInstance(stored, Stored)
        self.assertEqual(
            [(one.name, one.text) for one in self.log()], [("hub", "maintenance at noon")]
        )
        self.room.close()
        self.assertRefused(self.room.announce("late"), Reason.SHUTDOWN)

    def test_ownNames(self) -> None:
        """
        A name of the program is nobody's on the wire, on its own machine neither.
        """
        self.assertTaken(self.room.enrol("alarm", "127.0.0.1", 5000))
        self.say("alarm", "fire", LOCAL)
        for source in (HOME, GUEST):
            doings: list[Deferred[Any]] = [
                self.room.post("alarm", "no fire", source),
                self.room.leave("alarm", "127.0.0.1", 5000, source),
                self.room.register("alarm", "", 5001, source),
                self.room.register("other", "127.0.0.1", 5000, HOME),
            ]
            for doing in doings:
                self.assertFalse(self.successResultOf(doing).stored)
        self.assertEqual(self.where(), {"alarm": "127.0.0.1 5000"})

    def test_ownNamesAnywhere(self) -> None:
        """
        Nor is it where everybody may speak under any name.
        """
        self.make(AdmissionPolicy(senders=Senders.ANY))
        self.assertTaken(self.room.enrol("alarm", "127.0.0.1", 5000))
        self.assertRefused(self.room.post("alarm", "no fire", HOME), Reason.NOT_OWNER)

    def test_givenAway(self) -> None:
        """
        The program may register for somebody else, at any address but the server's own.
        """
        self.assertTaken(self.room.enrol("ann", "192.0.2.1", 25, owner=GUEST))
        self.say("ann", "hi", GUEST)
        self.assertRefused(self.room.post("ann", "hi", LOCAL), Reason.NOT_OWNER)

    def test_ownPort(self) -> None:
        """
        Not even the program can make the server push to itself.
        """
        self.assertRefused(self.room.enrol("loop", "127.0.0.1", OWN_PORT), Reason.OWN_PORT)

    def test_names(self) -> None:
        """
        A host may be a name; one that nobody knows, and a name that cannot be one, are refused.
        """
        self.assertTaken(self.room.enrol("desk", "desk", 5000))
        self.assertEqual(self.where(), {"desk": "10.0.0.9 5000"})
        for name, host in (("bad|name", "desk"), ("ann", "nowhere.example")):
            self.assertFalse(self.successResultOf(self.room.enrol(name, host, 5000)).stored)
