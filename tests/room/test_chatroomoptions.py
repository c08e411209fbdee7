"""
The room: what the fifth field of a registration does.
"""

from tests.roomtestcase import GUEST, HOME, OTHER, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.entry import ENTRY_OVERHEAD
from twisted_messenger.refusal import Reason
from twisted_messenger.result import MAX_REPLY, Reply
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks
from twisted_messenger.roster import Change, Enrolled, MemberOptions, RosterLimits
from twisted_messenger.wire import parse

_KEY = "correct-horse"


class OptionsTests(RoomTestCase):
    """
    Registrations as they come from the wire.
    """

    def ask(self, text: str, source: Source = HOME) -> object:
        """
        Take a message.
        """
        return self.successResultOf(self.room.take(parse(text.encode()), source))

    def test_options(self) -> None:
        """
        The member has what its fifth field says; with four fields that stays.
        """
        self.ask("connect_request|ann||5000|json,ack")
        self.ask("connect_request|ann||5000")
        (ann,) = self.members()
        self.assertEqual(ann.options, MemberOptions(json=True, ack=True))

    def test_comesBack(self) -> None:
        """
        A laptop comes back under its name from another address with its key, gets what it missed,
        and speaks; the old address may not any more.
        """
        text = f"connect_request|ann||5000|key={_KEY}"
        self.ask(text, GUEST)
        self.say("ci", "missed")
        self.assertEqual(self.ask(text, OTHER), Enrolled(Change.MOVED, 1))
        self.assertEqual(self.where(), {"ann": "10.0.0.8 5000"})
        self.say("ann", "hi", OTHER)
        self.assertRefused(self.room.post("ann", "hi", GUEST), Reason.NOT_OWNER)
        self.assertEqual([entry.text for entry in self.log()], ["missed", "hi"])

    def test_stranger(self) -> None:
        """
        Who does not know the key is told that there is one; it is in no log line.
        """
        self.ask(f"connect_request|ann||5000|key={_KEY}", GUEST)
        taking = self.room.take(parse(b"connect_request|ann||5000"), OTHER)
        refusal = self.assertRefused(taking, Reason.NAME_TAKEN)
        self.assertIn("key=SECRET", refusal.detail)
        self.ask(f"connect_request|ann||5000|key=in{_KEY}", OTHER)
        self.assertEqual([event for event in self.events if _KEY in str(event)], [])

    def test_refresh(self) -> None:
        """
        Who asks whether its registration stands gets one word; only where it was gone, it is made.
        """
        text = "connect_request|ann||5000|refresh"
        self.assertEqual(self.ask(text), Reply("joined"))
        self.assertEqual(self.ask(text), Reply("here"))
        self.join("bob", port=5001)
        taking = self.room.take(parse(b"connect_request|bob||5000|refresh"))
        self.assertRefused(taking, Reason.NAME_TAKEN)
        self.assertEqual(self.where(), {"ann": "127.0.0.1 5000", "bob": "127.0.0.1 5001"})
        counts = self.counters.snapshot()
        self.assertEqual((counts["registered.joined"], counts["registered.stands"]), (2, 1))

    def test_who(self) -> None:
        """
        Who asks who is there gets their names in one line, and joins nothing.
        """
        self.assertEqual(self.ask("connect_request|ann||5000|who"), Reply(""))
        self.join("bob", port=5001)
        self.join("böb 日本", port=5002)
        revision = self.successResultOf(self.store.roster(0)).revision
        self.assertEqual(self.ask("connect_request|bob||5009|who"), Reply("bob, böb 日本"))
        self.assertEqual(self.successResultOf(self.store.roster(0)).revision, revision)

    def test_whoOfMany(self) -> None:
        """
        The line has its limit, and no name is cut.
        """
        self.make(AdmissionPolicy(limits=RosterLimits(0, 0)))
        for number in range(500):
            self.join(f"member {number}", port=5000 + number)
        reply = self.ask("connect_request|ann||4999|who")
        assert isinstance(reply, Reply)
        names = reply.text.split(", ")
        self.assertLessEqual(len(reply.text), MAX_REPLY)
        self.assertGreater(len(reply.text), MAX_REPLY - 20)
        self.assertEqual(names[-1], "...")
        self.assertEqual(names[:-1], [f"member {number}" for number in range(len(names) - 1)])

    def test_whoIsNotForEverybody(self) -> None:
        """
        Who may not register is told no names.
        """
        self.join("bob")
        self.make(AdmissionPolicy(Callbacks.NONE), store=self.store)
        taking = self.room.take(parse(b"connect_request|ann||5001|who"))
        self.assertRefused(taking, Reason.FOREIGN_CALLBACK)

    def test_program(self) -> None:
        """
        A program registers with options and a key as the wire does; what is no key is its mistake.
        """
        options = MemberOptions(newline=True)
        registering = self.room.register("ann", "", 5000, GUEST, options, key=_KEY)
        self.assertEqual(self.successResultOf(registering), Enrolled(Change.JOINED))
        (ann,) = self.members()
        self.assertEqual(ann.options, options)
        self.assertTaken(self.room.register("ann", "", 5000, OTHER, key=_KEY))
        self.assertRaises(ValueError, self.room.register, "ann", "", 5000, GUEST, key="short")


class ShareTests(RoomTestCase):
    """
    One source cannot push out what waits for others.
    """

    def setUp(self) -> None:
        """
        Bob is away; a source may have 1,000 bytes wait for him.
        """
        super().setUp()
        self.make(AdmissionPolicy(maxWaitingBytes=1000))
        self.join("bob", port=6000)
        self.events.clear()

    def test_share(self) -> None:
        """
        Who fills its share is told to try later; others, and this machine, go on.
        """
        self.say("noise", "x" * 900, GUEST)
        refusal = self.assertRefused(self.room.post("noise", "x" * 900, GUEST), Reason.STORE_FULL)
        self.assertTrue(refusal.line().startswith(b"~ store_full: "))
        self.say("ci", "important", OTHER)
        for _ in range(3):
            self.say("here", "x" * 900)
        self.assertEqual(len(self.log()), 5)

    def test_default(self) -> None:
        """
        It is an eighth of what the log keeps for all.
        """
        self.make(AdmissionPolicy())
        self.join("bob", port=6000)
        text = "x" * 250_000
        for _ in range(32 * 1024 * 1024 // (len(text) + len("noise") + ENTRY_OVERHEAD)):
            self.say("noise", text, GUEST)
        self.events.clear()
        self.assertRefused(self.room.post("noise", text, GUEST), Reason.STORE_FULL)
