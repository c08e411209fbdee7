"""
The whole room with members that mean it no good, and with other rooms for members.
"""

from collections import Counter
from typing import Any

from tests.testing.hostilerig import AT_ONCE, HOME, HOSTILE, PORT, HostileTestCase, House
from twisted_messenger.delivery.pushedmember import SUSPECT_CONNECT_TIMEOUT
from twisted_messenger.delivery.slots import MAX_SUSPECTS
from twisted_messenger.delivery.trouble import NEVER_REACHED_SECONDS
from twisted_messenger.push.general import PUSH_TIMEOUT
from twisted_messenger.rates import BURST, RATE
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks
from twisted_messenger.roster import MAX_MEMBERS_PER_HOST
from twisted_messenger.testing import (
    BlackHole,
    CollectingFactory,
    HangingFactory,
    ResettingFactory,
    TarpitFactory,
    TutorialClient,
)

ANY = AdmissionPolicy(callbacks=Callbacks.ANY)

#: Of each kind.
MANY = 10

#: Places among the suspects that each of their hosts has.
SHARE = MAX_SUSPECTS // 8

HOUR = 3600


class Turncoat(CollectingFactory):
    """
    A receiver that closes its first connection in order, and never another one.
    """

    def buildProtocol(self, addr: Any) -> Any:
        """
        Well or badly.
        """
        self.protocol = HangingFactory.protocol if self.connections else CollectingFactory.protocol
        return super().buildProtocol(addr)


class MemberTests(HostileTestCase):
    """
    Ten black holes, ten tarpits and ten that reset every connection.
    """

    def enrol(self) -> None:
        """
        Register them all.
        """
        tarpit, resetting = TarpitFactory(), ResettingFactory(1_000_000)
        for number in range(MANY):
            port = 2000 + number
            BlackHole(self.network, port, "10.2.0.1").start()
            self.listen(tarpit, "10.2.0.2", port)
            self.listen(resetting, "10.2.0.3", port)
            for host in ("10.2.0.1", "10.2.0.2", "10.2.0.3"):
                request = f"connect_request|{host} {number}|{host}|{port}"
                self.assertEqual(self.ask(request.encode()), b"")

    def test_besideThem(self) -> None:
        """
        Who has once confirmed a message never waits for them.
        """
        self.open(policy=ANY)
        self.enrol()
        self.assertUndisturbed(15)
        self.assertGreaterEqual(self.house.counts["pushes.hung"], SHARE)
        self.end()

    def test_besideThemOnFewPlaces(self) -> None:
        """
        Nor where a few pushes may be under way at once.
        """
        self.open(policy=ANY, maxPushes=4)
        self.enrol()
        self.assertUndisturbed(15)
        self.end()

    def test_newcomer(self) -> None:
        """
        Who has not is served among them, so it waits until each has had its chance, once.
        """
        self.open(policy=ANY, maxPushes=8)
        self.enrol()
        self.assertDelivers(AT_ONCE)
        cyd = TutorialClient(self.network, HOME, PORT, "cyd", "10.0.0.9", 9001)
        cyd.start()
        self.network.advance(AT_ONCE)
        self.assertDelivers(AT_ONCE)
        places = 2
        self.assertLess(places, MAX_SUSPECTS)
        self.network.advance(MANY * (SUSPECT_CONNECT_TIMEOUT + PUSH_TIMEOUT) / places)
        self.assertEqual(cyd.texts, self.bob.texts[-1:])
        self.end(cyd)

    def betray(self, *hosts: str) -> TutorialClient:
        """
        Let turncoats at these hosts, and then Cyd, confirm a first message.

        :returns: Cyd.
        """
        for number, host in enumerate(hosts):
            port = 2000 + number
            self.listen(Turncoat(), host, port)
            self.assertEqual(self.ask(f"connect_request|{port}|{host}|{port}".encode()), b"")
        cyd = TutorialClient(self.network, HOME, PORT, "cyd", "10.0.0.9", 9001)
        cyd.start()
        self.network.advance(AT_ONCE)
        self.assertUndisturbed(1)
        self.assertEqual(self.house.counts["pushes.confirmed"], len(hosts) + 3)
        return cyd

    def test_turncoatsOfOneHost(self) -> None:
        """
        Members of one host that confirm a message and then hang leave places to all others.
        """
        self.open(policy=ANY, maxPushes=16)
        cyd = self.betray(*["10.2.0.4"] * 16)
        self.assertUndisturbed(5)
        self.assertEqual(cyd.texts, self.bob.texts[1:])
        self.end(cyd)

    def test_turncoatsOfManyHosts(self) -> None:
        """
        Those of many hosts can take the places of all; those who registered later wait until each
        has had its time, once: then it is held, and takes no place from others.
        """
        self.open(policy=ANY, maxPushes=8)
        places, turncoats = 6, 12
        cyd = self.betray(*[f"10.2.1.{number}" for number in range(turncoats)])
        self.assertDelivers(AT_ONCE)
        self.network.advance((PUSH_TIMEOUT + AT_ONCE) * turncoats / places + AT_ONCE)
        self.assertEqual(cyd.texts, self.bob.texts[1:])
        self.assertEqual(len(self.pushes()), turncoats)
        self.assertNotIn("pushes.hung", self.house.counts)
        self.end(cyd)

    def test_givenUp(self) -> None:
        """
        Who cannot be reached is given up; who takes messages and never closes has them.
        """
        self.open(policy=ANY)
        self.enrol()
        self.assertUndisturbed(2)
        self.assertEqual(len(self.pushes()), 2 * SHARE)
        self.network.advance(2 * NEVER_REACHED_SECONDS)
        self.assertEqual(self.pushes(), [])
        self.assertDelivers(AT_ONCE)
        counts = self.house.counts
        self.assertEqual((counts["evicted.member"], counts["unconfirmed"]), (2 * MANY, 2 * MANY))
        self.end()

    def test_tarpitsOfLongMessages(self) -> None:
        """
        Who does not even take them is given up too.
        """
        self.network.windowBytes = 10
        self.open(policy=ANY)
        self.enrol()
        self.assertUndisturbed(2)
        self.assertEqual(len(self.pushes()), 2 * SHARE)
        self.network.advance(2 * NEVER_REACHED_SECONDS)
        self.assertEqual(self.pushes(), [])
        self.assertDelivers(AT_ONCE)
        self.assertEqual(self.house.counts["evicted.member"], 3 * MANY)
        self.assertNotIn("unconfirmed", self.house.counts)
        self.end()

    def test_manyNames(self) -> None:
        """
        One host registers three hundred names at its own address: it gets thirty-two, and so
        many connections for a message.
        """
        self.open()
        hostile = CollectingFactory()
        answers: Counter[str] = Counter()
        for number in range(300):
            self.listen(hostile, HOSTILE, 2000 + number)
            host = ("", HOSTILE, "0.0.0.0", f"::ffff:{HOSTILE}")[number % 4]
            answer = self.ask(f"connect_request|n{number}|{host}|{2000 + number}".encode())
            answers[answer[2:].partition(b":")[0].decode()] += 1
        capped = BURST - MAX_MEMBERS_PER_HOST
        expected = {"": MAX_MEMBERS_PER_HOST, "member_cap": capped, "rate": 300 - BURST}
        self.assertEqual(answers, expected)
        self.assertDelivers(AT_ONCE)
        self.network.advance(BURST / RATE)
        self.assertEqual(len(hostile.connections), MAX_MEMBERS_PER_HOST)
        self.assertEqual(self.house.counts["refused.member_cap"], capped)
        self.assertEqual(self.ask(b"connect_request|n300||2300")[:12], b"! member_cap")
        self.end()


class EchoTests(HostileTestCase):
    """
    Rooms that are registered with each other, or with themselves.
    """

    #: An address of the house that it does not know of, as behind a translating router.
    OUTSIDE = "192.0.2.9"

    #: What would be commands, were they at the start of a push.
    COMMANDS = (
        b"from:x|y",
        b"connect_request|x|10.0.0.66|2000",
        b"leave_request|me|192.0.2.9|8880",
        b"\xef\xbb\xbffrom:x|y",
        b"\nfrom:x|y",
        b"\r\n\r\nfrom:x|y",
    )

    #: Names that would put one there, if they were names or cleaned a little more.
    NAMES = (
        *("from", "from:x", " from:x", "from :x", "FROM:x", "\ufefffrom:x", "\uff46rom:x"),
        *("from\uff1ax", "connect_request", "leave_request", "\u200bfrom:x", "", " ", "server"),
        *("fr\u00adom:x", "connect_request\uff5cx", "a\nfrom", "a: from", "f", "me"),
    )

    def assertNoEcho(self, house: House, connections: int) -> None:
        """
        So many connections came in, and no more will.
        """
        self.network.advance(AT_ONCE)
        self.assertEqual(house.connections, connections)
        self.network.advance(HOUR)
        self.assertEqual(house.connections, connections)

    def test_eachOther(self) -> None:
        """
        A push is no message to the other room: it ends there, and the first room is content.
        """
        self.open(policy=ANY)
        other = House(self.network, "10.0.0.2", ANY)
        self.assertIn(b"own_port", self.ask(f"connect_request|me|{HOME}|{PORT}".encode()))
        self.ask(b"connect_request|other|10.0.0.2|8880")
        self.ask(b"connect_request|home|10.0.0.1|8880", host="10.0.0.2")
        here, there = self.house.connections, other.connections
        self.assertDelivers(AT_ONCE)
        self.assertNoEcho(self.house, here + 1)
        self.assertNoEcho(other, there + 1)
        self.assertEqual(other.counts, {"refused.malformed": 1, "registered.joined": 1})
        self.assertEqual(self.ask(b"from:ci|hello", host="10.0.0.2"), b"")
        self.assertNoEcho(self.house, here + 2)
        self.assertEqual(self.house.counts["refused.malformed"], 1)
        self.assertNotIn("ci: hello", self.bob.texts)
        self.assertEqual(other.counts["pushes.rejected"], 1)
        self.assertEqual(other.unfinished, 0)
        self.close(other)
        self.end()

    def test_itself(self) -> None:
        """
        So it is with a room that is its own member, at an address that it does not know.
        """
        self.open(policy=ANY, interface="")
        self.assertEqual(self.ask(f"connect_request|me|{self.OUTSIDE}|{PORT}".encode()), b"")
        before = self.house.connections
        self.assertDelivers(AT_ONCE)
        self.assertNoEcho(self.house, before + 2)
        self.assertEqual(self.house.counts["refused.malformed"], 1)
        self.end()

    def test_noPushIsACommand(self) -> None:
        """
        Whatever is said under whatever name: what comes back is never obeyed.
        """
        self.open(policy=ANY, interface="")
        self.ask(f"connect_request|me|{self.OUTSIDE}|{PORT}".encode())
        stored, refused = 1, 0
        for name in self.NAMES:
            for text in self.COMMANDS:
                said = b"from:" + name.encode() + b"|" + text
                taken = self.ask(said, fromHost="127.0.0.1") == b""
                stored, refused = stored + taken, refused + (not taken)
        self.network.advance(HOUR)
        counts = self.house.counts
        self.assertGreater(min(stored, refused), len(self.COMMANDS))
        self.assertEqual((counts["accepted"], counts["registered.joined"]), (stored, 3))
        self.assertNotIn("left", counts)
        self.end()
