"""
What a person says, what waits, and how the person leaves.
"""

from twisted.internet.error import ConnectionRefusedError

from tests.peer.sessionrig import SessionTestCase
from twisted_messenger.peer.addressbook import Friend
from twisted_messenger.peer.ownmessage import MAX_WAITING
from twisted_messenger.push.interfaces import Outcome


class SayingTests(SessionTestCase):
    """
    Lines, and what becomes of them.
    """

    def test_said(self) -> None:
        """
        A line waits, then it is sent.
        """
        self.befriend()
        self.commands.typed("hello")
        self.assertEqual(self.console.said, [("to bob", "hello", "waiting")])
        self.assertEqual(len(self.session.pending), 1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.console.said[1:], [("to bob", "hello", "sent")])
        self.assertEqual(len(self.session.pending), 0)

    def test_otherFates(self) -> None:
        """
        Or nobody knows, or it is refused.
        """
        self.befriend()
        for outcome, reply in ((Outcome.HUNG, b""), (Outcome.CONFIRMED, b"! too_big: no")):
            self.commands.typed("hello")
            self.pusher.ends(outcome, reply)
        states = [state for _, _, state in self.console.said]
        self.assertEqual(states, ["waiting", "unknown", "waiting", "refused"])

    def test_notSentByAccident(self) -> None:
        """
        An unknown command and an empty line reach nobody.
        """
        self.befriend()
        self.commands.typed("/quti")
        self.told("/quti", "/help", "//quti")
        for line in ("", "  "):
            self.commands.typed(line)
        self.assertEqual(self.pusher.pushed, [])

    def test_slash(self) -> None:
        """
        Two slashes say one; what was pasted is never a command.
        """
        self.befriend()
        self.commands.typed("//etc")
        self.pusher.ends(Outcome.CONFIRMED)
        self.commands.pasted(["/quit"])
        self.assertEqual(self.pusher.payloads, [b"/etc", b"/quit"])
        self.assertEqual(self.left, [])

    def test_nobody(self) -> None:
        """
        Without anybody to talk to, a line is not lost silently.
        """
        self.session.start(8881)
        self.told("receiving only", "8881")
        self.commands.typed("hello")
        self.told("not sent", "/friend")

    def test_away(self) -> None:
        """
        What is said to somebody who is known to be away says so.
        """
        self.befriend()
        self.commands.typed("one")
        for _ in range(3):
            self.pusher.ends(Outcome.FAILED, detail="refused")
            self.clock.advance(10)
        self.commands.typed("two")
        waiting = self.session.pending.first(2)
        self.assertEqual([message.detail for message in waiting], ["", "for bob"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(waiting[0].detail, "")

    def test_whyAway(self) -> None:
        """
        It is told in few words why somebody is away, and what to look at.
        """
        self.befriend()
        self.commands.typed("one")
        why = ConnectionRefusedError(111, "Connection refused")
        for _ in range(2):
            self.pusher.ends(Outcome.FAILED, detail=str(why))
            self.clock.advance(10)
        self.told("bob is not there (Connection refused); what you say waits", "address")

    def test_newName(self) -> None:
        """
        A line is shown under the name it went under.
        """
        self.join()
        self.commands.typed("/nick anna")
        self.commands.typed("hello")
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.console.said[-1], ("anna", "hello", "sent"))

    def test_tooMany(self) -> None:
        """
        What waits is bounded.
        """
        self.befriend()
        self.commands.pasted(["x"] * (MAX_WAITING + 5))
        self.assertEqual(len(self.session.pending), MAX_WAITING)
        self.told("not sent", str(MAX_WAITING))
        self.assertEqual(len(self.console.notices), 1)

    def test_heard(self) -> None:
        """
        Who spoke last stands last; many are forgotten.
        """
        for name in (*map(str, range(150)), "60"):
            self.session.hear(name)
        names = list(self.session.heard)
        self.assertEqual((names[0], names[-2:]), ("50", ["149", "60"]))


class PipeTests(SessionTestCase):
    """
    No person, but a pipe.
    """

    interactive = False

    def test_everyLine(self) -> None:
        """
        Every line is a message: empty ones, and those that look like commands.
        """
        self.befriend()
        for line in ("", "/quit", "/var/log", "//"):
            self.commands.typed(line)
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"", b"/quit", b"/var/log", b"//"])

    def test_endSent(self) -> None:
        """
        At the end of input it leaves when everything is sent.
        """
        self.befriend()
        self.commands.typed("one")
        self.commands.typed("two")
        self.commands.ended()
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.left, [])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.left, [0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_endNotTaken(self) -> None:
        """
        What was refused, or may not have arrived, or was too long, is told by number, and by the
        status.
        """
        self.befriend()
        for outcome, reply in (
            (Outcome.HUNG, b""),
            (Outcome.CONFIRMED, b"! too_big: no"),
            (Outcome.CONFIRMED, b""),
        ):
            self.commands.typed("hello")
            self.pusher.ends(outcome, reply)
        self.commands.tooLong()
        self.commands.ended()
        self.assertEqual(self.left, [1])
        self.told("not taken: 3")

    def test_endAbsent(self) -> None:
        """
        It waits for an absent friend, but not for ever; then the status says that it failed.
        """
        self.befriend()
        self.commands.typed("one")
        self.commands.typed("two")
        self.pusher.ends(Outcome.FAILED)
        self.commands.ended()
        self.clock.advance(29.9)
        self.assertEqual(self.left, [])
        self.clock.advance(0.2)
        self.assertEqual(self.left, [1])
        self.session.stop()
        self.told("not delivered: 2")

    def test_endProgress(self) -> None:
        """
        As long as lines are taken it goes on, however many there are.
        """
        self.befriend()
        for _ in range(4):
            self.commands.typed("x")
        self.commands.ended()
        for _ in range(3):
            self.clock.advance(29)
            self.pusher.ends(Outcome.CONFIRMED)
        self.clock.advance(29)
        self.assertEqual(self.left, [])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.left, [0])

    def test_endNothing(self) -> None:
        """
        With nothing to send it leaves at once.
        """
        self.befriend()
        self.commands.ended()
        self.assertEqual(self.left, [0])

    def test_endInARoom(self) -> None:
        """
        A member of a room stays, to hear what is said.
        """
        self.join()
        self.commands.typed("hello")
        self.commands.ended()
        self.pusher.ends(Outcome.CONFIRMED)
        self.clock.advance(100)
        self.assertEqual(self.left, [])

    def test_endReceiving(self) -> None:
        """
        So does who only receives.
        """
        self.session.start(8881)
        self.commands.ended()
        self.clock.advance(100)
        self.assertEqual(self.left, [])

    def test_backPressure(self) -> None:
        """
        A pipe is not read while very many lines wait, and read again when they do not.
        """
        self.befriend()
        for _ in range(MAX_WAITING):
            self.commands.typed("x")
        self.assertTrue(self.console.paused)
        for _ in range(MAX_WAITING // 2 - 1):
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertTrue(self.console.paused)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertFalse(self.console.paused)

    def test_lost(self) -> None:
        """
        When nobody reads what is shown, the program ends.
        """
        self.befriend()
        self.commands.lost()
        self.assertEqual(self.left, [1])


class QuittingTests(SessionTestCase):
    """
    A person who goes.
    """

    def test_nothingWaits(self) -> None:
        """
        With nothing unsent it is over at once.
        """
        self.befriend()
        self.commands.ended()
        self.assertEqual(self.left, [0])

    def test_lastWords(self) -> None:
        """
        What was said a moment ago still goes.
        """
        self.befriend()
        self.commands.typed("bye")
        self.commands.typed("/quit")
        self.assertEqual(self.left, [])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.left, [0])

    def test_wouldBeLost(self) -> None:
        """
        Who has lines that wait is told, and goes when they say so again.
        """
        self.befriend()
        self.commands.typed("bye")
        self.commands.typed("/quit")
        self.clock.advance(2)
        self.assertEqual(self.left, [])
        self.told("unsent: 1", "/pending")
        self.commands.typed("/quit")
        self.clock.advance(0)
        self.assertEqual(self.left, [1])

    def test_toldAnew(self) -> None:
        """
        Who says something more is told again.
        """
        self.befriend()
        self.commands.typed("bye")
        self.commands.ended()
        self.clock.advance(2)
        self.commands.typed("wait")
        self.commands.ended()
        self.clock.advance(2)
        self.assertEqual(self.left, [])
        self.told("unsent: 2")

    def test_impatient(self) -> None:
        """
        Pressing Ctrl-D again and again is one wish.
        """
        self.befriend()
        self.commands.typed("bye")
        for _ in range(3):
            self.commands.ended()
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.left, [0])

    def test_stopped(self) -> None:
        """
        A signal waits for nobody; what was unsaid is told.
        """
        self.befriend()
        self.commands.typed("bye")
        self.commands.typed("/quit")
        self.session.stop()
        self.told("not delivered: 1")
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.left, [])

    def test_oldFriends(self) -> None:
        """
        What waits for somebody else counts too.
        """
        self.befriend()
        self.commands.typed("bye")
        self.session.talkTo(Friend("10.0.0.10", 1, "dave"))
        self.commands.ended()
        self.clock.advance(2)
        self.told("unsent: 1")
