"""
Members that want their pushes in a form of their own.
"""

import json

from tests.delivery.broadcasterrig import ANN, BOB, CYD, DAN, HOST, BroadcasterTestCase
from tests.roomtestcase import HOME
from twisted_messenger.entry import LogLimits
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.result import Stored
from twisted_messenger.roster import Enrolled, MemberOptions
from twisted_messenger.wire import parse


class OptionTests(BroadcasterTestCase):
    """
    What a registration's fifth field says of pushes.
    """

    def register(self, name: str, port: int, options: str) -> None:
        """
        Register with options.
        """
        asked = f"connect_request|{name}|{HOST}|{port}|{options}"
        result: object = self.successResultOf(self.room.take(parse(asked.encode()), HOME))
        assert isinstance(result, Enrolled)

    def position(self, name: str, text: str) -> int:
        """
        Say something.

        :returns: where it is in the log.
        """
        result = self.successResultOf(self.room.post(name, text))
        assert isinstance(result, Stored)
        return result.position

    def test_newline(self) -> None:
        """
        Each push to a listening netcat ends with a newline, and nobody else's does.
        """
        self.start()
        self.register("ann", ANN, "newline")
        self.join("bob", BOB)
        self.say("ci", "1")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1\n"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_newlineForAll(self) -> None:
        """
        Where all pushes end with a newline, it is still one.
        """
        self.start(newline=True)
        self.register("ann", ANN, "newline")
        self.say("ci", "1")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1\n"])

    def test_json(self) -> None:
        """
        Each push is one object on one line, with the text as it was said.
        """
        self.start()
        self.register("ann", ANN, "json")
        position = self.position("ci", "one\ntwo \x1b[1m \u65e5")
        (text,) = self.pusher.texts(ANN)
        self.assertEqual(text.count("\n"), 1)
        self.assertNotIn("\x1b", text)
        fields = json.loads(text)
        self.assertIsInstance(fields.pop("time"), float)
        said = {"id": position, "name": "ci", "text": "one\ntwo \x1b[1m \u65e5"}
        self.assertEqual(fields, said)

    def test_jsonNotice(self) -> None:
        """
        A notice has no place in the log.
        """
        self.start(limits=LogLimits(entries=1), retryPolicy=lambda failures: 60.0)
        self.register("ann", ANN, "json")
        self.say("ci", "1", "2", "3")
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(100)
        (notice,) = [json.loads(text) for text in self.pusher.texts(ANN) if "dropped" in text]
        self.assertEqual((notice["id"], notice["name"]), (None, "server"))

    def test_ack(self) -> None:
        """
        A member that answers is pushed to as such, and others are not.
        """
        self.start()
        self.register("ann", ANN, "ack")
        self.join("bob", BOB)
        self.say("ci", "1")
        self.assertEqual(self.pusher.acks, {ANN: True, BOB: False})

    def test_ackNeverCame(self) -> None:
        """
        Without its answer, what hangs at such a member is not delivered, though it never confirmed
        anything.
        """
        self.start()
        self.register("ann", ANN, "ack")
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.HUNG)
        self.network.advance(2)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])

    def test_ackTakesItsTime(self) -> None:
        """
        Who has said that it will answer may be held for the first message too.
        """
        self.start()
        self.register("ann", ANN, "ack")
        self.join("bob", BOB)
        self.say("ci", "1")
        self.assertIsNotNone(self.pusher.holds[ANN])
        self.assertIsNone(self.pusher.holds[BOB])

    def test_changed(self) -> None:
        """
        A later registration with options changes them, and one without leaves them.
        """
        self.start()
        self.register("ann", ANN, "json")
        self.join("ann", ANN)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.register("ann", ANN, "newline")
        self.say("ci", "2")
        first, second = self.pusher.texts(ANN)
        self.assertEqual((json.loads(first)["text"], second), ("1", "ci: 2\n"))


class HeldTests(BroadcasterTestCase):
    """
    A member that works for a long time before it closes.
    """

    def setUp(self) -> None:
        """
        Of three places, two are for the healthy. Ann takes her time, and has one of them.
        """
        super().setUp()
        self.start(maxPushes=3)
        self.meet(("ann", ANN), ("bob", BOB), ("cyd", CYD))

    def endOthers(self) -> None:
        """
        All but Ann confirm all there is.
        """
        while others := self.pusher.open.keys() - {ANN}:
            self.pusher.end(min(others))

    def test_givesItsPlaceBack(self) -> None:
        """
        Others go on over the place of one that is held.
        """
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.open), 2)
        self.pusher.hold(ANN)
        self.assertEqual(sorted(self.pusher.open), [ANN, BOB, CYD])

    def test_onceAndInOrder(self) -> None:
        """
        It gets each message once, and the next one when it has closed.
        """
        self.say("ci", "1", "2")
        self.pusher.hold(ANN)
        self.endOthers()
        self.network.advance(300)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])

    def test_neverCloses(self) -> None:
        """
        One that was held to the end has got the message, and gets the next one.
        """
        self.say("ci", "1", "2")
        self.pusher.hold(ANN)
        self.endOthers()
        self.pusher.end(ANN, Outcome.HUNG)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])
        self.assertEqual(self.counters["unconfirmed"], 1)

    def test_newcomer(self) -> None:
        """
        Who never confirmed anything is not held: a netcat that hangs would see a message in ten
        minutes.
        """
        self.join("dan", DAN)
        self.say("ci", "1")
        self.assertIsNone(self.pusher.holds[DAN])


class MergedTests(BroadcasterTestCase):
    """
    Two members that become one while pushes are under way.
    """

    def test_onceAtTheKeptAddress(self) -> None:
        """
        What is under way to the address that stays counts; what is under way to the other one is
        given up.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.join("ann", BOB)
        # What was under way there would be in the way of this.
        self.assertEqual(self.pusher.texts(ANN)[-1], "server: ann is registered elsewhere now")
        self.pusher.end(BOB)
        self.say("ci", "2")
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_movedAway(self) -> None:
        """
        Who has become one of two, and moves on, does not wait for what is under way to the address
        that it has left.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.join("ann", BOB)
        self.join("ann", CYD)
        # What was under way there would be in the way of this.
        self.assertEqual(self.pusher.texts(BOB)[-1], "server: ann is registered elsewhere now")
        self.assertEqual(self.pusher.texts(CYD), ["ci: 1"])

    def test_confirmedMeanwhile(self) -> None:
        """
        What was under way when they became one, and was confirmed before the broadcaster heard of
        that, is not pushed again either.
        """
        merging: list[int] = []

        def confirm() -> None:
            for port in merging.copy():
                merging.clear()
                self.pusher.end(port)

        self.store.follow(confirm)
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        merging.append(BOB)
        self.join("ann", BOB)
        self.say("ci", "2")
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_takenElsewhere(self) -> None:
        """
        What one of the two took where it was before was not pushed to the kept address.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.FAILED)
        self.pusher.end(BOB)
        self.join("bob", CYD)
        self.say("ci", "2")
        self.pusher.end(CYD, Outcome.FAILED)
        self.join("ann", CYD)
        self.pusher.end(CYD)
        self.assertEqual(self.pusher.texts(CYD), ["ci: 2", "ci: 1", "ci: 2"])

    def test_backAtOnce(self) -> None:
        """
        Who leaves and comes back before anybody looks is no merged member: it gets the history that
        it asks for.
        """
        leaving: list[str] = []

        def comeBack() -> None:
            for name in leaving.copy():
                leaving.clear()
                self.room.register(name, HOST, ANN, options=MemberOptions(history=1))

        # It hears of the departure before the broadcaster does.
        self.store.follow(comeBack)
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.pusher.end(ANN)
        leaving.append("ann")
        self.leave("ann", ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])

    def test_failedAtTheKeptAddress(self) -> None:
        """
        Where that fails, the one member gets it again.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.join("ann", BOB)
        self.pusher.end(BOB, Outcome.FAILED)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 1"])

    def test_reachedBefore(self) -> None:
        """
        Where one of the two has confirmed a push, which the store does not know yet, the one member
        is no stranger: what it takes and does not confirm comes again.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.join("ann", BOB)
        self.say("ci", "1")
        self.pusher.end(BOB, Outcome.HUNG)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 1"])

    def test_confirmedDuringTheStop(self) -> None:
        """
        Where the server is stopping meanwhile, the one member does not get it again after that.
        """
        broadcaster = self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.join("ann", BOB)
        stopped = broadcaster.stopService()
        self.pusher.end(BOB)
        self.successResultOf(stopped)
        self.start()
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])
