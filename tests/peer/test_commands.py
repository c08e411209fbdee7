"""
What each command does.
"""

from tests.peer.sessionrig import TUTORIAL, SessionTestCase
from twisted_messenger.peer.commandline import COMMANDS, Command
from twisted_messenger.peer.commands import Commands
from twisted_messenger.push.interfaces import Outcome


class CommandsTests(SessionTestCase):
    """
    Commands of a person.
    """

    def test_every(self) -> None:
        """
        Each command there is does something, whatever stands behind it, and says so.
        """
        self.session.start(8881)
        for name in COMMANDS:
            self.assertTrue(callable(getattr(Commands, f"do_{name}", None)), name)
            for argument in ("", "x", "x y"):
                self.console.notices.clear()
                self.commands.obey(Command(name, argument))
                said = self.console.notices or self.console.calls or self.left
                self.assertTrue(said, name)

    def test_help(self) -> None:
        """
        Help names every command.
        """
        self.commands.typed("/help")
        shown = "\n".join(self.console.notices)
        for name in COMMANDS:
            self.assertIn(f"/{name}", shown)

    def test_me(self) -> None:
        """
        What somebody does is said between asterisks, which everybody understands.
        """
        self.join()
        self.commands.typed("/me waves")
        self.assertEqual(self.pusher.payloads, [b"from:ann|*waves*"])

    def test_whoInARoom(self) -> None:
        """
        A server of ours tells who is there; another one does not, and that is said. Who was heard
        is known anyway.
        """
        self.join()
        self.session.hear("bob")
        self.commands.typed("/who")
        self.answers(b"+ ann, carol\n")
        self.assertEqual(
            self.console.notices, ["in the room: ann, carol", "heard since you started: bob"]
        )
        self.join(*TUTORIAL)
        self.commands.typed("/who")
        self.assertIn("does not tell", self.console.notices[0])
        self.told("bob")

    def test_history(self) -> None:
        """
        So it is with what was said before.
        """
        self.join()
        self.commands.typed("/history 20")
        self.told("last 20 messages")
        self.answers(b"", b"")
        self.assertIn(b"history=20", self.pusher.payloads[-1])
        for argument in ("", "0", "-1", "all", "1234567"):
            self.commands.typed(f"/history {argument}")
            self.told("use /history N")
        self.join(*TUTORIAL)
        self.commands.typed("/history 20")
        self.told("does not show")
        self.assertEqual(self.pusher.pushed, [])
        self.commands.typed("/leave")
        self.commands.typed("/history 20")
        self.told("you are in none")

    def test_more(self) -> None:
        """
        What was cut is shown by its number; where there is no such thing, that is said.
        """
        self.commands.typed("/more")
        self.commands.typed("/more 1")
        self.assertEqual((self.console.calls, self.console.notices), (["more None", "more 1"], []))
        self.commands.typed("/more 2")
        self.told("nothing more")
        self.commands.typed("/more all")
        self.told("use /more N")

    def test_join(self) -> None:
        """
        Who left the room comes back, and is shown under its name; who was in none is told how to
        come into one.
        """
        self.commands.typed("/join")
        self.told("--server")
        self.join()
        self.commands.typed("/leave")
        self.answers(b"")
        self.told("/join")
        self.commands.typed("hello")
        self.told("not sent", "/join")
        self.commands.typed("/join")
        self.assertEqual(self.console.speakers[-2:], ["", "ann"])
        self.answers(b"", b"+ here\n")
        self.told("joined as ann")
        self.commands.typed("hello")
        self.assertEqual(self.pusher.payloads[-1], b"from:ann|hello")

    def test_whoAmongFriends(self) -> None:
        """
        The address book is shown.
        """
        self.befriend()
        self.commands.typed("/who")
        shown = "\n".join(self.console.notices)
        self.assertIn("nobody yet", shown)
        self.assertIn("carol: 10.0.0.9:8883", shown)

    def test_nick(self) -> None:
        """
        A new name is registered, and shown once the server has it.
        """
        self.join()
        self.commands.typed("/nick  anna  ")
        self.assertEqual(self.console.speakers[-1], "ann")
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"connect_request|anna|localhost|8881|json"])
        self.assertEqual(self.console.speakers[-1], "anna")

    def test_badNick(self) -> None:
        """
        A name that cannot be one is not sent; among friends there are none.
        """
        self.join()
        for name in ("", "a|b", "from", "server"):
            self.commands.typed(f"/nick {name}")
            self.told("/nick NAME")
        self.assertEqual(self.pusher.pushed, [])
        self.commands.typed("/leave")
        self.commands.typed("/nick anna")
        self.told("in none")

    def test_lateNick(self) -> None:
        """
        A name that comes after the room was left changes nothing.
        """
        self.join()
        self.commands.typed("/nick anna")
        self.commands.typed("/leave")
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.console.speakers[-1], "")

    def test_friend(self) -> None:
        """
        Another friend gets the next lines: from the book, or new, and then in the book.
        """
        self.befriend()
        self.commands.typed("/friend Carol")
        self.told("you talk to carol")
        self.commands.typed("one")
        self.pusher.ends(Outcome.CONFIRMED)
        self.commands.typed("/friend dave=10.0.0.7:9000")
        self.commands.typed("two")
        self.assertEqual(
            self.pusher.pushed, [("10.0.0.9", 8883, b"one"), ("10.0.0.7", 9000, b"two")]
        )
        self.assertEqual(self.console.speakers[-1], "to dave")
        self.assertIsNotNone(self.book.find("dave"))
        self.commands.typed("/friend 10.0.0.8:9000")
        self.told("you talk to 10.0.0.8:9000")

    def test_badFriend(self) -> None:
        """
        Anything else says what it takes; a room must be left first.
        """
        for argument in ("", "dave", "dave=", "a b=c:1", "c:0"):
            self.commands.typed(f"/friend {argument}")
            self.told("/friend")
        self.join()
        self.commands.typed("/friend 10.0.0.7:9000")
        self.told("/leave")

    def test_to(self) -> None:
        """
        One line for another friend; the next goes to the first again.
        """
        self.befriend()
        self.commands.typed("/to CAROL  hi   there")
        self.pusher.ends(Outcome.CONFIRMED)
        self.commands.typed("hello")
        self.assertEqual(
            self.pusher.pushed, [("10.0.0.9", 8883, b"hi   there"), ("10.0.0.9", 8882, b"hello")]
        )
        self.assertEqual(self.console.said[0], ("to carol", "hi   there", "waiting"))

    def test_badTo(self) -> None:
        """
        A stranger, or nothing to say.
        """
        self.commands.typed("/to bob hi")
        self.told("nobody")
        self.befriend()
        self.commands.typed("/to dave hi")
        self.told("bob, carol")
        for line in ("/to bob", "/to bob "):
            self.commands.typed(line)
            self.told("/to NAME TEXT")
        self.assertEqual(self.pusher.pushed, [])

    def test_leaveRoom(self) -> None:
        """
        The server is told; then there is nobody to talk to, and a friend may come.
        """
        self.join()
        self.commands.typed("/leave")
        self.assertEqual(self.pusher.payloads, [b"leave_request|ann|localhost|8881"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.told("left")
        self.commands.typed("hello")
        self.told("not sent")
        self.commands.typed("/friend 10.0.0.7:9000")
        self.told("you talk to")

    def test_leaveRefused(self) -> None:
        """
        A server that does not let go says why.
        """
        self.join()
        self.commands.typed("/leave")
        self.pusher.ends(Outcome.CONFIRMED, b"! not_owner: no")
        self.told("not_owner: no")

    def test_leaveFriend(self) -> None:
        """
        So can a friend be left.
        """
        self.befriend()
        self.commands.typed("/leave")
        self.told("nobody now")
        self.commands.typed("/leave")
        self.told("/quit")

    def test_pending(self) -> None:
        """
        What waits is listed, for whom it is.
        """
        self.befriend()
        self.commands.typed("/pending")
        self.told("nothing waits")
        self.commands.typed("hello")
        self.commands.typed("/to carol hi")
        self.console.notices.clear()
        self.commands.typed("/pending")
        self.assertEqual(self.console.notices, ["waiting: to bob> hello", "waiting: to carol> hi"])

    def test_waysOut(self) -> None:
        """
        What people type to leave other programs is asked about, and said when it is typed once
        more; in the midst of a sentence it is just a word.
        """
        self.join()
        for word in ("quit", "Exit", ":q"):
            self.forget()
            self.commands.typed(word)
            self.told("not sent", "/quit", word)
            self.commands.typed("hello")
            self.commands.typed(word)
            self.commands.typed(f" {word} ")
            self.answers(b"", b"")
            said = [b"from:ann|hello", f"from:ann| {word} ".encode()]
            self.assertEqual(self.pusher.payloads, said)
            self.commands.typed(f"how do I {word}?")
            self.answers(b"")
        self.assertEqual(self.left, [])

    def test_completed(self) -> None:
        """
        Commands, friends, and those who spoke are completed.
        """
        self.befriend()
        self.session.hear("carmen")
        for line, found in (
            ("/pe", ("/pending",)),
            ("/to ca", ("carol",)),
            ("hello ca", ("carmen", "carol")),
        ):
            self.assertEqual(self.commands.completed(line).found, found)

    def test_quit(self) -> None:
        """
        It ends.
        """
        self.commands.typed("/quit")
        self.assertEqual(self.left, [0])
