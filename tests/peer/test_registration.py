"""
A peer notices what became of its registration.
"""

from errno import ECONNREFUSED, EHOSTUNREACH

from tests.peer.sessionrig import OLDER, OURS, TUTORIAL, SessionTestCase
from twisted_messenger.peer.ownmessage import State
from twisted_messenger.peer.refreshing import REFRESH_SECONDS
from twisted_messenger.peer.registration import SILENCE
from twisted_messenger.push.interfaces import Outcome

FOUR = b"connect_request|ann|localhost|8881"
QUESTION = FOUR + b"|json,refresh"
TAKEN = b"! name_taken: ann or its address is registered otherwise\n"

KEY = "correct-horse"
KEYED = b"connect_request|ann|0.0.0.0|8881|json,key=correct-horse"


class FirstQuestionTests(SessionTestCase):
    """
    What kind of server it is.
    """

    def asked(self, *answers: bytes, **options: str) -> list[bytes]:
        """
        What is said to a server until it is known.
        """
        room = self.room(**options)
        self.session.talkIn(room)
        self.session.start(8881)
        self.answers(*answers)
        self.assertEqual(self.pusher.pending, [])
        return self.pusher.payloads

    def test_ours(self) -> None:
        """
        It gets the tutorial's four fields first; the options come when it is known to know them.
        """
        self.assertEqual(self.asked(*OURS), [FOUR, FOUR + b"|refresh", FOUR + b"|json"])
        self.assertEqual(self.console.notices, ["joined as ann"])

    def test_tutorial(self) -> None:
        """
        A server that does not answer is registered at once, and never again; the person is told
        what that means. It is never shown a key.
        """
        place = b"connect_request|ann|0.0.0.0|8881"
        said = self.asked(*TUTORIAL, host="0.0.0.0", key=KEY)
        self.assertEqual(said, [place, place + b"|refresh"])
        self.told("/join")
        self.clock.pump([REFRESH_SECONDS] * 10)
        self.commands.typed("hello")
        self.assertEqual(self.pusher.payloads[2:], [b"from:ann|hello"])

    def test_older(self) -> None:
        """
        One of ours of before there were options is not asked again; that is told too.
        """
        self.asked(*OLDER)
        self.clock.pump([REFRESH_SECONDS] * 10)
        self.assertEqual(self.pusher.payloads, [FOUR, FOUR + b"|refresh"])
        self.told("/join")

    def test_key(self) -> None:
        """
        A peer that may come from another address one day leaves its key.
        """
        self.assertEqual(self.asked(*OURS, host="0.0.0.0", key=KEY)[-1], KEYED)

    def test_localKey(self) -> None:
        """
        One on the server's machine does not: who has no key there may go on under its name.
        """
        for host in ("localhost", "127.0.0.1", "::1"):
            self.assertNotIn(b"key", self.asked(*OURS, host=host, key=KEY)[-1])

    def test_serverWantsKey(self) -> None:
        """
        Where a name has a key, it is shown.
        """
        refusal = b"! name_taken: ann is registered with a key: show it as key=SECRET\n"
        self.asked(refusal, b"", b"+ here\n", host="0.0.0.0", key=KEY)
        self.assertEqual(self.pusher.payloads[1], KEYED)
        self.assertEqual((self.console.notices, self.refusals), (["joined as ann"], []))

    def test_otherKey(self) -> None:
        """
        Another key than ours is said to be where it is.
        """
        for refusal in ("with another key", "with a key: show it as key=SECRET"):
            self.asked(f"! name_taken: ann is registered {refusal}\n".encode())
            self.assertIn("chatpeer-key", self.refusals[-1])
            self.assertIn("--name", self.refusals[-1])


class StandingTests(SessionTestCase):
    """
    A member of one of our rooms, later.
    """

    def test_everyMinute(self) -> None:
        """
        The server is asked every minute or so, and nobody is told that all is well.
        """
        self.join()
        for _ in range(3):
            self.forget()
            self.clock.advance(REFRESH_SECONDS * 1.2)
            self.assertEqual(self.pusher.payloads, [QUESTION])
            self.answers(b"+ here\n")
            self.clock.advance(REFRESH_SECONDS * 0.79)
            self.assertEqual(self.pusher.pending, [])
        self.assertEqual(self.console.notices, [])

    def test_forgotten(self) -> None:
        """
        Whom the server had forgotten, it has again; what may be missing is told, once.
        """
        self.join()
        self.clock.advance(72)
        self.answers(b"+ joined\n")
        self.clock.advance(72)
        self.answers(b"+ here\n")
        (notice,) = self.console.notices
        self.assertIn("since 14:00 may be missing", notice)

    def test_forgottenKey(self) -> None:
        """
        A server that has forgotten a member has forgotten its key too, and gets it again; it is
        not shown with each question.
        """
        self.join(host="0.0.0.0", key=KEY)
        self.clock.advance(72)
        self.answers(b"+ joined\n", b"")
        self.clock.advance(72)
        self.answers(b"+ here\n")
        question = b"connect_request|ann|0.0.0.0|8881|json,refresh"
        self.assertEqual(self.pusher.payloads, [question, KEYED, question])

    def test_since(self) -> None:
        """
        On another day, the date is told too.
        """
        self.join()
        for _ in range(2):
            self.clock.advance(86_400)
            self.answers(b"+ joined\n")
        self.told("since 2024-05-02 14:00")

    def test_atTheNextLine(self) -> None:
        """
        Who says something after a silence is asked after first: nobody speaks and is deaf.
        """
        self.join()
        self.clock.advance(SILENCE + 1)
        self.commands.typed("hello")
        self.commands.typed("hello?")
        self.answers(b"+ joined\n", b"", b"")
        self.assertEqual(self.pusher.payloads, [QUESTION, b"from:ann|hello", b"from:ann|hello?"])
        self.told("forgotten")

    def test_whileTalking(self) -> None:
        """
        Who goes on talking costs a question in some seconds, not one for each line, whatever the
        answer is.
        """
        for answer in (b"+ here\n", TAKEN):
            self.join()
            for _ in range(12):
                self.clock.advance(1)
                self.commands.typed("hello")
                while self.pusher.pending:
                    isAsked = self.pusher.payloads[-1] == QUESTION
                    self.answers(answer if isAsked else b"")
            self.assertEqual(self.pusher.payloads.count(QUESTION), 2)

    def test_nameTaken(self) -> None:
        """
        A window whose name another one has taken is told once, with what it can do; it takes
        nothing back, however long that lasts, until the other one has left.
        """
        self.join()
        for _ in range(3):
            self.clock.advance(72)
            self.answers(TAKEN)
        (notice,) = self.console.notices
        for word in ("since 14:00", "name_taken", "/join", "/nick"):
            self.assertIn(word, notice)
        self.assertEqual(self.pusher.payloads, [QUESTION] * 3)
        self.clock.advance(72)
        self.answers(b"+ joined\n")
        self.told("knows you again", "since 14:00")

    def test_takenBack(self) -> None:
        """
        Only the person takes it back.
        """
        self.join()
        self.clock.advance(72)
        self.answers(TAKEN)
        self.commands.typed("/join")
        self.answers(b"", b"+ here\n")
        self.assertEqual(self.pusher.payloads[1], FOUR + b"|json")
        self.told("joined as ann")

    def test_noAnswer(self) -> None:
        """
        A server that breaks off each question leaves it open, and that is told too, once.
        """
        self.join()
        for _ in range(2):
            self.clock.advance(72)
            while self.pusher.pending:
                self.pusher.ends(Outcome.FAILED, connected=True)
                self.clock.advance(6)
        (notice,) = self.console.notices
        self.assertIn("may not reach you", notice)

    def test_left(self) -> None:
        """
        Who left is not asked after.
        """
        room = self.join()
        room.leave()
        self.answers(b"")
        self.forget()
        self.clock.pump([REFRESH_SECONDS] * 10)
        self.assertEqual(self.pusher.pushed, [])


class AddressTests(SessionTestCase):
    """
    A laptop that gets another address.
    """

    def test_refresh(self) -> None:
        """
        It takes its name along, with its key.
        """
        self.join(host="0.0.0.0", key=KEY)
        self.clock.advance(72)
        self.answers(TAKEN, b"", host="10.0.0.3")
        self.assertEqual(self.pusher.payloads[1:], [KEYED])
        self.told("10.0.0.3", "ann")
        self.clock.advance(72)
        self.answers(b"+ here\n", host="10.0.0.3")
        self.assertEqual(len(self.console.notices), 1)

    def test_line(self) -> None:
        """
        A line that is refused meanwhile goes once more, before those that were said after it.
        """
        room = self.join(host="0.0.0.0", key=KEY)
        said = room.say("one")
        room.say("two")
        self.answers(b"! not_owner: ann is registered from another address\n", host="10.0.0.3")
        self.answers(b"", b"", b"", host="10.0.0.3")
        self.assertEqual(
            self.pusher.payloads, [b"from:ann|one", KEYED, b"from:ann|one", b"from:ann|two"]
        )
        self.assertIs(self.successResultOf(said).state, State.SENT)

    def test_noKey(self) -> None:
        """
        Without a key that does not work, and one is told what does.
        """
        self.join(host="0.0.0.0")
        self.clock.advance(72)
        self.answers(TAKEN, TAKEN, host="10.0.0.3")
        self.told("/nick")
        self.clock.advance(72)
        self.answers(TAKEN, host="10.0.0.3")
        self.assertEqual(len(self.console.notices), 1)


class ReturnTests(SessionTestCase):
    """
    A server that was away.
    """

    def away(self, error: int) -> None:
        """
        The server goes while something is said, and comes back.
        """
        self.commands.typed("one")
        self.commands.typed("two")
        for _ in range(3):
            self.pusher.ends(Outcome.FAILED, error=error)
            self.clock.advance(10)
        self.answers(b"")

    def test_ours(self) -> None:
        """
        It is asked before anything else is said.
        """
        self.join()
        self.away(EHOSTUNREACH)
        self.answers(b"+ joined\n", b"")
        self.assertEqual(self.pusher.payloads[-3:], [b"from:ann|one", QUESTION, b"from:ann|two"])
        self.told("forgotten")

    def test_tutorialStartedAgain(self) -> None:
        """
        A tutorial server that was started again has forgotten everybody.
        """
        self.join(*TUTORIAL)
        self.away(ECONNREFUSED)
        self.answers(b"", b"")
        self.assertEqual(self.pusher.payloads.count(FOUR), 1)

    def test_networkCameBack(self) -> None:
        """
        One that could only not be reached has not: everything would come twice.
        """
        self.join(*TUTORIAL)
        self.away(EHOSTUNREACH)
        self.answers(b"")
        self.assertEqual(self.pusher.pending, [])
        self.assertNotIn(FOUR, self.pusher.payloads)

    def test_older(self) -> None:
        """
        One of ours, of before there were options, takes a second registration well.
        """
        self.join(*OLDER)
        self.away(EHOSTUNREACH)
        self.answers(b"")
        self.assertEqual(self.pusher.payloads.count(FOUR), 1)

    def test_anotherServer(self) -> None:
        """
        A server of another kind in the place of ours is registered at.
        """
        self.join()
        self.clock.advance(72)
        self.answers(b"", b"", b"")
        self.assertEqual(self.pusher.payloads, [QUESTION, FOUR, FOUR + b"|refresh"])

    def test_registeredOnce(self) -> None:
        """
        Where the registration itself is what waited, it is not said twice.
        """
        room = self.join()
        room.rename("anna")
        for _ in range(3):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(10)
        self.answers(b"")
        self.assertEqual(self.pusher.pending, [])

    def test_left(self) -> None:
        """
        Who left does not register again.
        """
        room = self.join()
        room.leave()
        for _ in range(3):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(10)
        self.answers(b"")
        self.assertEqual(self.pusher.pending, [])
