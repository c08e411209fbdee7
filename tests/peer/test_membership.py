"""
Speaking to a room.
"""

from tests.peer.sessionrig import OLDER, OURS, TUTORIAL, SessionTestCase
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.push.interfaces import Outcome

SENT = Fate(State.SENT)


class JoiningTests(SessionTestCase):
    """
    The registration.
    """

    def test_joined(self) -> None:
        """
        Who is registered is told so.
        """
        self.room().join(8881)
        self.assertEqual(self.pusher.payloads, [b"connect_request|ann|localhost|8881"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.told("joined as ann")
        self.assertEqual(self.refusals, [])

    def test_refused(self) -> None:
        """
        Who is not is told why, and what to do about it.
        """
        for reply, mend in (
            (b"! foreign_callback: you are 10.0.0.9\n", "--host"),
            (b"! name_taken: ann is registered elsewhere\n", "--name"),
            (b"! low_port: port 80 is below 1024\n", "--port"),
        ):
            self.room().join(8881)
            self.pusher.ends(Outcome.CONFIRMED, reply)
            self.assertIn(reply.decode().strip()[2:], self.refusals[-1])
            self.assertIn(mend, self.refusals[-1])

    def test_receipt(self) -> None:
        """
        A server that answers what it stores with a position has taken the registration.
        """
        self.room().join(8881)
        self.pusher.ends(Outcome.CONFIRMED, b"+ 12\n")
        self.told("joined as ann")
        self.assertEqual(self.refusals, [])

    def test_notAServer(self) -> None:
        """
        Whatever answers anything else is no server of a room.
        """
        self.room().join(8881)
        self.pusher.ends(Outcome.CONFIRMED, b"HTTP/1.0 400 Bad Request\r\n")
        self.assertIn("HTTP/1.0 400", self.refusals[-1])

    def test_silentRefusal(self) -> None:
        """
        A server that resets every attempt is told of too.
        """
        self.room().join(8881)
        while self.pusher.pending:
            self.pusher.ends(Outcome.FAILED, connected=True)
            self.clock.advance(10)
        self.assertIn("broke", self.refusals[-1])


class RoomTests(SessionTestCase):
    """
    A member of a room.
    """

    def test_say(self) -> None:
        """
        A text goes under the name; its receipt is its fate.
        """
        room = self.join()
        for reply, fate in (
            (b"", SENT),
            (b"! rate_of_words: no", Fate(State.REFUSED, "rate_of_words: no")),
            (b"HTTP/1.0 400", Fate(State.REFUSED, "HTTP/1.0 400")),
        ):
            said = room.say("gr\u00fcezi")
            self.pusher.ends(Outcome.CONFIRMED, reply)
            self.assertEqual(self.successResultOf(said), fate)
        self.assertEqual(self.pusher.payloads, ["from:ann|gr\u00fcezi".encode()] * 3)

    def test_rename(self) -> None:
        """
        What is said behind a new name goes under it, even if the server was away meanwhile.
        """
        room = self.join()
        room.rename("anna")
        room.say("hello")
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(
            self.pusher.payloads, [b"connect_request|anna|localhost|8881|json", b"from:anna|hello"]
        )
        self.told("you are anna now")

    def test_renameRefused(self) -> None:
        """
        A name that is taken leaves the old one, and nobody has to go.
        """
        room = self.join()
        room.rename("bob")
        room.say("hello")
        self.pusher.ends(Outcome.CONFIRMED, b"! name_taken: bob is registered elsewhere")
        self.told("still ann", "name_taken")
        self.assertEqual(self.pusher.payloads[-1], b"from:ann|hello")
        self.assertEqual(self.refusals, [])

    def test_leave(self) -> None:
        """
        Leaving waits for what was said before.
        """
        room = self.join()
        room.say("bye")
        gone = room.leave()
        self.assertEqual(self.pusher.payloads, [b"from:ann|bye"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads[1:], [b"leave_request|ann|localhost|8881"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(gone), SENT)

    def test_refusedLine(self) -> None:
        """
        Where something helps against a refusal, it is named.
        """
        room = self.join()
        said = room.say("hello")
        self.answers(b"! not_owner: ann is registered from another address\n")
        fate = self.successResultOf(said)
        self.assertIs(fate.state, State.REFUSED)
        for word in ("not_owner", "/join", "/nick"):
            self.assertIn(word, fate.detail)

    def test_rejoin(self) -> None:
        """
        Who left comes back with the options of before, and who is refused then stays at the prompt.
        """
        room = self.join()
        room.leave()
        self.answers(b"")
        room.rejoin()
        self.assertEqual(self.pusher.payloads[-1], b"connect_request|ann|localhost|8881|json")
        self.answers(b"! name_taken: ann is registered elsewhere\n")
        self.told("name_taken", "/nick")
        room.rejoin()
        self.answers(b"", b"+ here\n")
        self.told("joined as ann")
        self.assertEqual((self.refusals, self.pusher.pending), ([], []))

    def test_who(self) -> None:
        """
        Who is there is known to a server that knows options, and only to that.
        """
        for answers, names in ((OURS, "ann, bob"), (OLDER, None), (TUTORIAL, None)):
            room = self.join(*answers)
            asked = room.who()
            if names is not None:
                self.assertEqual(self.pusher.payloads, [b"connect_request|ann|localhost|8881|who"])
                self.answers(b"+ ann, bob\n")
            self.assertEqual(self.successResultOf(asked), names)

    def test_recall(self) -> None:
        """
        For what was said before, the membership ends and begins anew, further back.
        """
        room = self.join()
        recalled = room.recall(20)
        assert recalled is not None
        self.answers(b"", b"")
        self.assertEqual(
            self.pusher.payloads,
            [
                b"leave_request|ann|localhost|8881",
                b"connect_request|ann|localhost|8881|json,history=20",
            ],
        )
        self.assertEqual(self.successResultOf(recalled), SENT)
        for answers in (OLDER, TUTORIAL):
            self.assertIsNone(self.join(*answers).recall(20))

    def test_tutorialNames(self) -> None:
        """
        A tutorial server would push everything twice to a second name.
        """
        room = self.join(*TUTORIAL)
        self.successResultOf(room.rename("anna"))
        self.told("still ann", "twice")
        self.assertEqual(self.pusher.pushed, [])

    def test_tutorialLeave(self) -> None:
        """
        It knows no leaving either, so that who comes back is there already; who says so again is
        registered again, and warned.
        """
        room = self.join(*TUTORIAL)
        room.leave()
        self.answers(b"")
        self.forget()
        room.rejoin()
        self.told("joined as ann")
        self.assertEqual(self.pusher.pushed, [])
        room.rejoin()
        self.told("twice")
        self.assertEqual(self.pusher.payloads, [b"connect_request|ann|localhost|8881"])
