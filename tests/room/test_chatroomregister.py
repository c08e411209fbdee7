"""
The room: who may register, and where it agrees to push to.
"""

import socket
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from itertools import product
from typing import Any

from twisted.internet.defer import Deferred, fail

from tests.roomtestcase import GUEST, HOME, OTHER, OWN_PORT, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.eventlog import EventLog
from twisted_messenger.options import RegistrationOptions
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.lookup import TooManyLookups
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, readCallbacks
from twisted_messenger.roster import RosterLimits
from twisted_messenger.wire import Registration


class Away:
    """
    A resolver that fails.

    :param error: with this.
    """

    def __init__(self, error: OSError) -> None:
        self._error = error

    def addresses(self, host: str, asker: str) -> "Deferred[list[str]]":
        """
        Fail.
        """
        return fail(self._error)


class Overloaded:
    """
    A resolver that is busy.
    """

    def addresses(self, host: str, asker: str) -> "Deferred[list[str]]":
        """
        Turn it away, as a busy :class:`Lookup` does.
        """
        return fail(TooManyLookups())


Verdict = Refusal | None


@dataclass(frozen=True)
class Asking(AdmissionPolicy):
    """
    A program's own rules, which take their time.

    :param verdict: what becomes of everybody.
    """

    verdict: Awaitable[Verdict] | None = None

    def judgeRegistration(
        self, name: str, host: str, port: int, source: Source
    ) -> Awaitable[Verdict] | None:
        """
        Whoever it is.
        """
        return self.verdict


async def asCoroutine(verdict: "Deferred[Verdict]") -> Verdict:
    """
    What most programs give.
    """
    return await verdict


class ByHand:
    """
    Something else that can be awaited.

    :param verdict: what it waits for.
    """

    def __init__(self, verdict: "Deferred[Verdict]") -> None:
        self._verdict = verdict

    def __await__(self) -> "Generator[Deferred[Verdict], Verdict, Verdict]":
        return (yield self._verdict)


class RegisterTests(RoomTestCase):
    """
    Where the room agrees to push to.
    """

    def test_registered(self) -> None:
        """
        A registration is counted and logged by what it did; a refresh is counted only.
        """
        self.join("alice", "127.0.0.1")
        self.join("alice", "127.0.0.1")
        self.join("alice", "127.0.0.1", 5001)
        self.join("alicia", "127.0.0.1", 5001)
        self.join("bob", "127.0.0.1", 5002)
        self.join("bob", "127.0.0.1", 5001)
        self.assertEqual(
            self.counters.snapshot(),
            {
                "registered.joined": 2,
                "registered.merged": 1,
                "registered.moved": 1,
                "registered.refreshed": 1,
                "registered.renamed": 1,
            },
        )
        self.assertEqual(len(self.lines()), 5)
        self.assertEqual(self.lines()[0], "alice at 127.0.0.1:5000 joined")

    def test_nameIsCleaned(self) -> None:
        """
        A name has one spelling, in the roster and in the log.
        """
        self.join("  \uff22ob   the builder ")
        self.join("alice", port=5001)
        self.say(" Bob  the builder", "hi")
        self.assertEqual(set(self.where()), {"Bob the builder", "alice"})
        (entry,) = self.log()
        self.assertEqual((entry.name, entry.owned), ("Bob the builder", True))

    def test_whereICameFrom(self) -> None:
        """
        Who does not know its own address need not give one.
        """
        for port, host in enumerate(("", "0.0.0.0", "::", "[::]", "::ffff:0.0.0.0"), 5000):
            self.join(f"guest {port}", host, port, GUEST)
        self.assertEqual({member.host for member in self.members()}, {"10.0.0.7"})
        self.assertEqual(len(self.members()), 5)

    def test_localhost(self) -> None:
        """
        Localhost is this machine for whoever is on it, by whatever address it came; it may listen
        at either of its loopback addresses.
        """
        self.join("alice", "localhost", 5000, HOME)
        self.join("bob", "LOCALHOST.", 5001, Source("::1", True))
        self.join("carol", "localhost", 5002, Source("192.168.1.2", True))
        self.assertEqual({member.host for member in self.members()}, {"localhost"})
        self.assertEqual(self.names.asked, [])
        self.assertTaken(self.room.leave("alice", "localhost", 5000, HOME))
        self.assertTaken(self.room.leave("bob", "127.0.0.1", 5001, HOME))
        self.assertEqual(set(self.where()), {"carol"})

    def test_localhostOrLiteral(self) -> None:
        """
        It is one host with its two addresses, but who gives one of these is there and not at the
        other; the last registration says which.
        """
        for host, kept in (("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")):
            self.join("alice", host)
            self.assertEqual(self.where(), {"alice": f"{kept} 5000"})
        self.assertEqual(self.counters["registered.refreshed"], 2)
        stands = Registration("alice", "localhost", 5000, RegistrationOptions(refresh=True))
        self.assertEqual(self.successResultOf(self.room.take(stands, HOME)), Reply("here"))
        self.assertEqual(self.where(), {"alice": "::1 5000"})

    def test_foreignLocalhost(self) -> None:
        """
        Nobody makes the server push to its own machine from outside; it is told what to give.
        """
        doing = self.room.register("mallory", "localhost", 5000, GUEST)
        refusal = self.assertRefused(doing, Reason.FOREIGN_CALLBACK)
        for part in ("localhost", "10.0.0.7"):
            self.assertIn(part, refusal.detail)

    def test_loopbackLiterals(self) -> None:
        """
        The spellings of one address are one address.
        """
        for host in ("127.0.0.1", "[::1]", "::1", "::ffff:127.0.0.1", "0:0::1"):
            self.join("alice", host)
        self.assertEqual(len(self.members()), 1)
        self.assertEqual(self.counters["registered.refreshed"], 4)
        self.assertEqual(self.names.asked, [])

    def test_otherLoopback(self) -> None:
        """
        127.0.0.2 is another host than 127.0.0.1.
        """
        doing = self.room.register("alice", "127.0.0.2", 5000, HOME)
        self.assertRefused(doing, Reason.FOREIGN_CALLBACK)

    def test_foreign(self) -> None:
        """
        Nobody makes the server push to a third machine.
        """
        doing = self.room.register("mallory", "10.0.0.8", 5000, GUEST)
        refusal = self.assertRefused(doing, Reason.FOREIGN_CALLBACK)
        for address in ("10.0.0.8", "10.0.0.7"):
            self.assertIn(address, refusal.detail)
        self.assertEqual(self.members(), [])

    def test_name(self) -> None:
        """
        A host name stands for the first of its addresses that is welcome; that one is kept.
        """
        self.join("alice", "desk", 5000, GUEST)
        self.assertEqual(self.where(), {"alice": "10.0.0.7 5000"})
        self.assertEqual(self.names.asked, ["desk"])

    def test_foreignName(self) -> None:
        """
        A name is judged by the addresses behind it.
        """
        doing = self.room.register("mallory", "elsewhere", 5000, GUEST)
        self.assertRefused(doing, Reason.FOREIGN_CALLBACK)

    def test_unknownName(self) -> None:
        """
        Who gives a name that is not there is told so.
        """
        doing = self.room.register("alice", "nowhere", 5000, GUEST)
        refusal = self.assertRefused(doing, Reason.UNRESOLVABLE)
        self.assertIn("nowhere: no such name", refusal.detail)
        self.assertFalse(refusal.transient)

    def test_noAnswer(self) -> None:
        """
        While the name service is away, the sender is told to try again later.
        """
        away = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        self.room = ChatRoom(self.store, resolve=Away(away).addresses)
        joining = self.successResultOf(self.room.register("alice", "desk", 5000, GUEST))
        leaving = self.successResultOf(self.room.leave("alice", "desk", 5000, GUEST))
        for refusal in (joining, leaving):
            assert isinstance(refusal, Refusal)
            self.assertEqual(refusal.line()[:15], b"~ unresolvable:")
            self.assertIn("Temporary failure", refusal.detail)

    def test_noResolver(self) -> None:
        """
        A room without a resolver takes addresses only.
        """
        self.room = ChatRoom(self.store, refusals=EventLog(self.counters))
        self.join("alice", "127.0.0.1")
        doing = self.room.register("bob", "desk", 5001, HOME)
        self.assertRefused(doing, Reason.UNRESOLVABLE)

    def test_ownListener(self) -> None:
        """
        The server never pushes to itself.
        """
        self.join("alice", "127.0.0.1", 8881)
        doing = self.room.register("loop", "localhost", OWN_PORT, HOME)
        self.assertRefused(doing, Reason.OWN_PORT)

    def test_thisMachine(self) -> None:
        """
        A person on the server's machine registers its own name. Whether an address is the machine's
        is asked for nobody else, nor for the one that somebody came from.
        """
        asked: list[str] = []

        def isThisMachine(host: str) -> bool:
            asked.append(host)
            return host == "10.0.0.9"

        self.room = ChatRoom(
            self.store,
            resolve=self.names.addresses,
            isThisMachine=isThisMachine,
            refusals=self.room.refusals,
        )
        self.join("carol", "", 5002, HOME)
        self.assertEqual(asked, [])
        self.join("alice", "elsewhere", 5000, HOME)
        self.assertEqual(self.where()["alice"], "10.0.0.9 5000")
        self.assertEqual(asked, ["10.0.0.9"])
        doing = self.room.register("bob", "elsewhere", 5001, GUEST)
        self.assertRefused(doing, Reason.FOREIGN_CALLBACK)
        self.assertEqual(asked, ["10.0.0.9"])

    def test_lowPort(self) -> None:
        """
        The server does not connect to system services.
        """
        self.join("alice", "127.0.0.1", 1024)
        doing = self.room.register("alice", "127.0.0.1", 1023, HOME)
        refusal = self.assertRefused(doing, Reason.LOW_PORT)
        self.assertIn("1024", refusal.detail)
        self.assertEqual(self.where(), {"alice": "127.0.0.1 1024"})

    def test_programsOwn(self) -> None:
        """
        A program takes its time to say who may register, in whatever way it is awaited.
        """
        ways: list[Callable[[Deferred[Verdict]], Awaitable[Verdict]]]
        ways = [lambda verdict: verdict, asCoroutine, ByHand]
        for way, said in product(ways, (None, Refusal("no_guests"))):
            verdict: Deferred[Verdict] = Deferred()
            self.make(Asking(verdict=way(verdict)))
            taking = self.room.take(Registration("ann", "", 5000), GUEST)
            self.assertNoResult(taking)
            verdict.callback(said)
            taken = self.successResultOf(taking)
            self.assertEqual((way, taken.stored), (way, said is None))
            self.assertEqual((way, len(self.members())), (way, said is None))

    def test_programRaises(self) -> None:
        """
        What it raises is no verdict, whether at once or later: nobody is registered, and the
        connection ends with a reset.
        """
        verdicts: list[Deferred[Verdict]] = [fail(ZeroDivisionError()), Deferred()]
        for verdict in verdicts:
            self.make(Asking(verdict=verdict))
            taking = self.room.take(Registration("ann", "", 5000), GUEST)
            if not verdict.called:
                verdict.errback(ZeroDivisionError())
            self.failureResultOf(taking, ZeroDivisionError)
            self.assertEqual(self.members(), [])

    def test_badName(self) -> None:
        """
        Nobody bears the server's name, or one that could be taken for a command.
        """
        doing = self.room.register("Server", "", 5000, HOME)
        self.assertRefused(doing, Reason.BAD_NAME)
        for name in ("", "x" * 65, "a|b", "from", "connect_request", "a\x1bb"):
            refusal = self.successResultOf(self.room.register(name, "", 5000, HOME))
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, Reason.BAD_NAME, name)
        self.assertSafe()

    def test_nameTaken(self) -> None:
        """
        A name belongs to the machine that registered it.
        """
        self.join("alice", "", 5000, OTHER)
        doing = self.room.register("alice", "", 5000, GUEST)
        self.assertRefused(doing, Reason.NAME_TAKEN)
        self.assertEqual(self.where(), {"alice": "10.0.0.8 5000"})

    def test_reserved(self) -> None:
        """
        A build job that never registers keeps its name, and no host is looked up for a stranger.
        """
        policy = AdmissionPolicy(reserved={"ci": frozenset({"10.0.0.7"})})
        self.make(policy)
        self.assertRefused(self.room.register("ci", "desk", 5000, OTHER), Reason.NAME_TAKEN)
        self.assertEqual(self.names.asked, [])
        self.make(policy)
        self.events.clear()
        self.assertRefused(self.room.post("\uff43i", "deploy is done", OTHER), Reason.NOT_OWNER)
        self.say("ci", "build 3", GUEST)
        self.join("ci", "", 5000, GUEST)

    def test_memberCap(self) -> None:
        """
        A room has as many members as the operator allows.
        """
        self.make(AdmissionPolicy(limits=RosterLimits(members=1)))
        self.join("alice")
        self.assertRefused(self.room.register("bob", "", 5001, HOME), Reason.MEMBER_CAP)

    def test_hostileHost(self) -> None:
        """
        What a stranger sends cannot forge a log line or reach a terminal.
        """
        host = "x\n2031-01-01 forged\x1b[2J\u202e"
        doing = self.room.register("alice", host, 5000, GUEST)
        self.assertRefused(doing, Reason.UNRESOLVABLE)
        self.assertIn("x\\x0a2031-01-01 forged\\x1b[2J\\u202e", self.lines()[0])

    def test_keyAsHost(self) -> None:
        """
        A key in the place of the host, where a field was left out, is neither looked up nor logged,
        whoever asks for what.
        """
        key = "key=correct-horse"
        doings: list[Deferred[Any]] = [
            self.room.register("alice", key, 5000, GUEST),
            self.room.leave("alice", key, 5000, GUEST),
            self.room.enrol("alice", key, 5000),
        ]
        reasons = [getattr(self.successResultOf(doing), "reason", None) for doing in doings]
        self.assertEqual(reasons, [Reason.MALFORMED] * 3)
        self.assertEqual(self.names.asked, [])
        self.assertNotIn("horse", "".join(self.lines()))

    def test_hostileZone(self) -> None:
        """
        Nor does the zone of an IPv6 address, which may hold anything.
        """
        self.make(AdmissionPolicy(callbacks=Callbacks.ANY))
        doing = self.room.register("alice", "fe80::1%x\n2031-01-01 forged\x1b[2J", 5000, GUEST)
        self.successResultOf(doing)
        self.assertEqual(len(self.lines()), 1)
        self.assertSafe()

    def test_resolverOverload(self) -> None:
        """
        Where too many names are being looked up, the sender is told to try again later.
        """
        self.room = ChatRoom(
            self.store, resolve=Overloaded().addresses, refusals=EventLog(self.counters)
        )
        refusal = self.successResultOf(self.room.register("alice", "desk", 5000, GUEST))
        assert isinstance(refusal, Refusal)
        self.assertTrue(refusal.transient)
        self.assertEqual(self.counters[f"refused.{refusal.code}"], 1)


class CallbacksTests(RoomTestCase):
    """
    What ``--callbacks`` allows.
    """

    def test_any(self) -> None:
        """
        On request, anybody may register any address.
        """
        self.make(AdmissionPolicy(callbacks=Callbacks.ANY))
        self.join("alice", "10.0.0.8", 5000, GUEST)
        self.join("bob", "elsewhere", 5001, GUEST)
        self.assertEqual(self.where(), {"alice": "10.0.0.8 5000", "bob": "10.0.0.9 5001"})

    def test_anyHasLimits(self) -> None:
        """
        Even then the server pushes neither to itself nor to system services.
        """
        self.make(AdmissionPolicy(callbacks=Callbacks.ANY))
        self.assertRefused(self.room.register("x", "10.0.0.8", OWN_PORT, GUEST), Reason.OWN_PORT)
        self.make(AdmissionPolicy(callbacks=Callbacks.ANY))
        self.events.clear()
        self.assertRefused(self.room.register("x", "10.0.0.8", 25, GUEST), Reason.LOW_PORT)

    def test_none(self) -> None:
        """
        On request, nobody may register, but whoever is there may speak.
        """
        self.make(AdmissionPolicy(callbacks=Callbacks.NONE))
        self.assertRefused(self.room.register("alice", "", 5000, HOME), Reason.FOREIGN_CALLBACK)
        self.say("alice", "hi")

    def test_networks(self) -> None:
        """
        On request, further networks are welcome, besides the sender's own address.
        """
        callbacks, networks = readCallbacks("cidr:10.0.0.8/31,fd00::/8")
        self.make(AdmissionPolicy(callbacks=callbacks, networks=networks))
        self.join("alice", "10.0.0.9", 5000, GUEST)
        self.join("bob", "fd00::1", 5000, GUEST)
        self.join("carol", "10.0.0.7", 5000, GUEST)
        doing = self.room.register("dave", "10.0.0.10", 5000, GUEST)
        self.assertRefused(doing, Reason.FOREIGN_CALLBACK)
        self.assertEqual(set(self.where()), {"alice", "bob", "carol"})
