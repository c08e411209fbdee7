"""
Speaking to a room, and to a friend.
"""

from tests.peer.sessionrig import SessionTestCase
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
            (b"! bad_name: no", Fate(State.REFUSED, "bad_name: no")),
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
            self.pusher.payloads, [b"connect_request|anna|localhost|8881", b"from:anna|hello"]
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

    def away(self) -> None:
        """
        The server goes while something is said.
        """
        for _ in range(3):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(10)

    def test_serverForgot(self) -> None:
        """
        A server that was away may have forgotten its members: we register again, before anything
        else is said.
        """
        room = self.join()
        room.say("one")
        room.say("two")
        self.away()
        for _ in range(3):
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(
            self.pusher.payloads[-3:],
            [b"from:ann|one", b"connect_request|ann|localhost|8881", b"from:ann|two"],
        )
        self.assertEqual(self.refusals, [])

    def test_registeredOnce(self) -> None:
        """
        Where the registration itself is what waited, it is not said twice.
        """
        room = self.join()
        room.rename("anna")
        self.away()
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.pending, [])

    def test_notTakenBack(self) -> None:
        """
        Who is not registered again is told, and not thrown out.
        """
        room = self.join()
        room.say("one")
        self.away()
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED, b"! name_taken: no")
        self.told("any more", "name_taken")

    def test_leftForGood(self) -> None:
        """
        Who left does not register again.
        """
        room = self.join()
        room.leave()
        self.away()
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.pending, [])


class FriendTests(SessionTestCase):
    """
    A friend.
    """

    def test_say(self) -> None:
        """
        A friend gets the bare text.
        """
        self.befriend()
        assert self.session.conversation is not None
        said = self.session.conversation.say("from:x|hi")
        self.assertEqual(self.pusher.pushed, [("10.0.0.9", 8882, b"from:x|hi")])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)

    def test_answer(self) -> None:
        """
        What a friend writes back is told; a refusal is one.
        """
        self.befriend()
        assert self.session.conversation is not None
        said = self.session.conversation.say("hi")
        self.pusher.ends(Outcome.CONFIRMED, b"thanks")
        self.assertEqual(self.successResultOf(said), SENT)
        self.told("bob answered: thanks")
        said = self.session.conversation.say("hi")
        self.pusher.ends(Outcome.CONFIRMED, b"! too_big: 262144")
        self.assertIs(self.successResultOf(said).state, State.REFUSED)
