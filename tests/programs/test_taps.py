"""
The options of the two programs, and the services they describe.
"""

from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel

from tests.programs.test_tap import TapTestCase, parsed
from twisted_messenger.entry import LogLimits
from twisted_messenger.incoming.descriptions import LISTEN_BACKLOG
from twisted_messenger.peer.addressbook import Friend
from twisted_messenger.programs import chatpeer as peertap
from twisted_messenger.programs import chatserver as servertap
from twisted_messenger.programs.tapservice import TapService
from twisted_messenger.refusal import Reason
from twisted_messenger.room.policy import Callbacks, Senders
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.terminal.choice import Wishes

PEER = ["--server", "localhost:8880", "--name", "alice"]


class ServerOptionsTests(TapTestCase):
    """
    What ``twistd chatserver`` can be told.
    """

    def test_defaults(self) -> None:
        """
        Without options it is a durable room on port 8880 that is safe in a local network.
        """
        options = parsed(servertap.Options())
        self.assertEqual(options["store"], "sqlite:chatserver-8880.sqlite")
        self.assertEqual(options["room"], "main")
        policy = options["policy"]
        self.assertIs(policy.callbacks, Callbacks.OWN)
        self.assertEqual(policy.networks, ())
        self.assertIs(policy.senders, Senders.OWNED)
        self.assertEqual((policy.serverName, policy.minCallbackPort), ("server", 1024))
        self.assertEqual((policy.limits.members, policy.limits.perHost), (10_000, 32))
        self.assertEqual(policy.maxMessageBytes, 65_536)
        self.assertEqual((options["idle-timeout"], options["message-timeout"]), (60, 120))
        self.assertEqual((options["connect-timeout"], options["push-timeout"]), (5, 10))
        self.assertEqual((options["max-pushes"], options["shutdown-timeout"]), (256, 5))
        self.assertEqual(options["limits"], LogLimits(0, 268_435_456, 86_400, 1000, 86_400))
        self.assertEqual(options["evict-after"], 86_400)
        self.assertFalse(options["push-newline"] or options["no-explain"])

    def test_storeFile(self) -> None:
        """
        Rooms on different ports of one directory have files of their own.
        """
        for arguments, file in (
            (["--port=9001"], "chatserver-9001.sqlite"),
            (["--listen=tcp:9000", "--port=9001"], "chatserver-9001.sqlite"),
            (["--listen=unix:/run/room"], "chatserver.sqlite"),
            (["--listen=haproxy:tcp:9002"], "chatserver-9002.sqlite"),
            (["--listen=systemd:domain=UNIX:index=0"], "chatserver.sqlite"),
        ):
            options = parsed(servertap.Options(), *arguments)
            self.assertEqual(options["store"], f"sqlite:{file}")

    def test_storeFileOfSeveral(self) -> None:
        """
        A room that listens in several places has the same file in whatever order they are given.
        """
        places = [
            *("--listen=unix:/run/room", "--listen=tcp:9000:interface=127.0.0.1"),
            *("--listen=tcp6:10000", "--listen=ssl:9001:privateKey=key.pem"),
            "--listen=tls:/etc/pem:8999",
        ]
        for order in permutations(places):
            self.assertEqual(
                parsed(servertap.Options(), *order)["store"], "sqlite:chatserver-8999.sqlite"
            )

    def test_storeFileThere(self) -> None:
        """
        A file that an earlier version has made, which went by the first of them, is found again,
        in the directory where twistd runs.
        """
        with TemporaryDirectory() as directory:
            for name in ("chatserver.sqlite", "chatserver-9001.sqlite", "chatserver-9000.sqlite"):
                Path(directory, name).touch()
                places = ("--listen=tcp:9001", "--listen=unix:/run/room", "--listen=tcp:9000")
                options = parsed(servertap.Options(), *places, nodaemon=True, rundir=directory)
                self.assertEqual(options["store"], f"sqlite:{name}")
                other = parsed(servertap.Options(), "--port=8880", nodaemon=True, rundir=directory)
                self.assertEqual(other["store"], "sqlite:chatserver-8880.sqlite")
                if name == "chatserver.sqlite":
                    Path(directory, name).unlink()

    def test_policy(self) -> None:
        """
        Each rule of admission can be set.
        """
        policy = parsed(
            servertap.Options(),
            *("--callbacks=cidr:10.0.0.0/8,fd00::/8", "--senders=registered"),
            *("--server-name=notary", "--min-callback-port=1", "--max-message=32768"),
            *("--max-members=0", "--max-members-per-host=7"),
            *("--reserve=ci=10.0.0.5", "--reserve=ci=::1", "--reserve=bot=10.0.0.6,10.0.0.7"),
        )["policy"]
        self.assertEqual([str(net) for net in policy.networks], ["10.0.0.0/8", "fd00::/8"])
        self.assertIs(policy.senders, Senders.REGISTERED)
        self.assertEqual((policy.serverName, policy.minCallbackPort), ("notary", 1))
        self.assertEqual(policy.maxMessageBytes, 32_768)
        self.assertEqual((policy.limits.members, policy.limits.perHost), (0, 7))
        self.assertEqual(
            policy.reserved,
            {"ci": {"10.0.0.5", "127.0.0.1"}, "bot": {"10.0.0.6", "10.0.0.7"}},
        )

    def test_retention(self) -> None:
        """
        How much is kept for members that are behind can be set, and when they are given up.
        """
        for arguments, limits, seconds in (
            (["--backlog=12", "--store-limit=4096", "--message-ttl=0.5"], (12, 4096, 0.5), 86_400),
            (["--store-limit=0", "--message-ttl=0", "--evict-after=0"], (0, 0, 0), 0),
            (
                ["--history=7", "--history-ttl=0.5"],
                (0, 268_435_456, 86_400, 7, 0.5),
                86_400,
            ),
            (["--evict-after=90.5"], (0, 268_435_456, 86_400), 90.5),
        ):
            options = parsed(servertap.Options(), *arguments)
            self.assertEqual(options["limits"], LogLimits(*limits))
            self.assertEqual(options["evict-after"], seconds)

    def test_fewestPushes(self) -> None:
        """
        Two pushes at once are enough: one for members that answer, one for those that may not.
        """
        self.assertEqual(parsed(servertap.Options(), "--max-pushes=2")["max-pushes"], 2)

    def test_badValues(self) -> None:
        """
        A bad value ends the program with a line that names the option and what it takes.
        """
        for option, values, mend in (
            ("port", ("abc", "-1", "65536", "8880x", "1.5", "", "\u0661"), "0 to 65535"),
            ("callbacks", ("all", "cidr:", "cidr:10.0.0.1/8", "cidr:x"), "cidr:10.0.0.0/8"),
            ("senders", ("nobody", ""), "owned, registered or any"),
            ("reserve", ("ci", "ci=", "ci=x", "notary=::1\x1b", "server=::1"), "NAME=ADDRESS"),
            ("unconfirmed", ("forget",), "delivered or retry"),
            ("min-callback-port", ("0", "65536"), "1 to 65535"),
            ("max-message", ("32767", "1000000"), "32768 to 262144"),
            ("max-members", ("-1", "many"), "0 to "),
            ("max-members-per-host", ("-1", "many"), "0 to "),
            ("idle-timeout", ("0", "1.9", "nan", "inf", "1e3"), "2 to 86400"),
            ("message-timeout", ("0", "1", "90000"), "2 to 86400"),
            ("connect-timeout", ("0", "soon"), "0.1 to 86400"),
            ("push-timeout", ("0", "soon"), "0.1 to 86400"),
            ("shutdown-timeout", ("-1", "soon"), "0 to 86400"),
            ("max-pushes", ("0", "1", "2.5"), "2 to "),
            ("backlog", ("-1", "1.5", "all"), "0 to "),
            ("message-ttl", ("-1", "nan", "soon"), "0 to "),
            ("history", ("-1", "1.5", "all"), "0 to "),
            ("history-ttl", ("-1", "nan", "soon"), "0 to "),
            ("store-limit", ("-1", "1.5", "256M"), "0 to "),
            ("evict-after", ("-1", "inf", "never"), "0 to "),
            ("server-name", ("", "a|b", "a\x1bb", "x" * 65), "a name"),
        ):
            for value in values:
                line = self.refused(servertap.Options(), f"--{option}={value}")
                self.assertIn(f"--{option} ", line)
                self.assertIn(mend, line)
                self.assertTrue(line.isprintable(), line)

    def test_unknown(self) -> None:
        """
        A word too many or an option that is not there says where help is.
        """
        for arguments in (["--colour=red"], ["8880"], ["--port"]):
            line = self.refused(servertap.Options(), *arguments)
            self.assertIn("--help", line)

    def test_help(self) -> None:
        """
        Every option is explained.
        """
        text = str(servertap.Options())
        for option in (
            *("port", "listen", "store", "room", "callbacks", "max-pushes", "no-explain"),
            *("backlog", "message-ttl", "store-limit", "evict-after"),
            *("history", "history-ttl", "reserve"),
        ):
            self.assertIn(f"--{option}", text)


class ServerServiceTests(TapTestCase):
    """
    What ``twistd chatserver`` runs.
    """

    def made(self, reactor: MemoryReactorClock, *arguments: str) -> TapService:
        """
        Make the service of a command line.
        """
        return servertap.makeService(
            parsed(servertap.Options(), "--control=none", *arguments), reactor
        )

    def test_startAndStop(self) -> None:
        """
        It listens when it is started, and ends in order.
        """
        reactor = MemoryReactorClock()
        service = self.made(reactor, "--store=memory:")
        self.assertEqual(reactor.tcpServers, [])
        service.startService()
        ((port, _, backlog, _),) = reactor.tcpServers
        self.assertEqual((port, backlog), (8880, LISTEN_BACKLOG))
        self.assertTrue(service.running)
        stopped = service.stopService()
        reactor.pump([1] * 10)
        self.successResultOf(stopped)

    def test_everyEndpoint(self) -> None:
        """
        It listens wherever it was told to; on the usual port only if that is asked for too.
        """
        for further, ports in (([], [8882]), (["--port=8881"], [8881, 8882])):
            reactor = MemoryReactorClock()
            listen = ["--listen=tcp:8882:interface=127.0.0.1", "-l", "unix:/run/room"]
            self.made(reactor, "--store=memory:", *listen, *further).startService()
            self.assertEqual([server[0] for server in reactor.tcpServers], ports)
            self.assertEqual([server[0] for server in reactor.unixServers], ["/run/room"])

    def test_ownPorts(self) -> None:
        """
        While it runs nobody can register any of its own ports as a callback.
        """
        ports = ["--listen=tcp:8881:interface=127.0.0.1", "--listen=tcp:8882:interface=127.0.0.1"]
        service = self.made(MemoryReactorClock(), "--store=memory:", *ports)
        service.startService()
        chat, _ = service
        assert isinstance(chat, ChatService)
        for port, reason in ((8881, Reason.OWN_PORT), (8882, Reason.OWN_PORT), (8883, None)):
            result = self.successResultOf(chat.room.register("loop", "127.0.0.1", port))
            self.assertIs(getattr(result, "reason", None), reason)

    def test_badStore(self) -> None:
        """
        A store that is not there ends the program with one line.
        """
        for store in ("papyrus:scroll", "memory", "sqlite:", "memory:x", "postgresql:"):
            ended = self.assertRaises(
                SystemExit, self.made, MemoryReactorClock(), f"--store={store}"
            )
            line = self.oneLine(servertap.Options(), ended)
            self.assertIn("--store", line)
            self.assertRegex(line, "sqlite:|memory:|postgresql:")

    def test_badRoom(self) -> None:
        """
        So does a room that the store cannot hold; the line names that option, and its mend.
        """
        for store, room, mend in (
            ("postgresql://chat@db.invalid/chat", "Ops Room", "a-z"),
            ("postgresql://chat@db.invalid/chat", "ops\n", "a-z"),
            ("memory:", "ops", "postgresql:"),
            ("sqlite:room.sqlite", "ops", "postgresql:"),
        ):
            arguments = [f"--store={store}", f"--room={room}"]
            ended = self.assertRaises(SystemExit, self.made, MemoryReactorClock(), *arguments)
            line = self.oneLine(servertap.Options(), ended)
            self.assertTrue(line.startswith(f"chatserver: --room {room!r}: "), line)
            self.assertIn(mend, line)

    def test_badEndpoint(self) -> None:
        """
        So does an endpoint that cannot be read; the line quotes it.
        """
        for endpoint in ("papyrus", "tcp", "tcp:eighty", "tcp:8880:colour=red", "8880"):
            arguments = ["--store=memory:", f"--listen={endpoint}"]
            ended = self.assertRaises(SystemExit, self.made, MemoryReactorClock(), *arguments)
            line = self.oneLine(servertap.Options(), ended)
            self.assertIn("--listen", line)
            self.assertIn(endpoint, line)


class PeerOptionsTests(TapTestCase):
    """
    What ``twistd chatpeer`` can be told.
    """

    def test_room(self) -> None:
        """
        A room and a name are enough.
        """
        options = parsed(peertap.Options(), "--server", "chat.example:8880", "--name", " alice ")
        self.assertEqual(options["server"], ("chat.example", 8880))
        self.assertEqual(options["name"], "alice")
        self.assertEqual((options["host"], options["port"]), ("localhost", 8881))

    def test_friend(self) -> None:
        """
        So is a friend, in IPv6 too; more of them have names.
        """
        options = parsed(peertap.Options(), "--friend", "[::1]:9000", "--port=0")
        self.assertEqual(options["friends"], [Friend("::1", 9000)])
        self.assertEqual(options["port"], 0)
        options = parsed(peertap.Options(), "--friend=bob=b:9000", "-f", "carol=c:9001")
        self.assertEqual(options["friends"], [Friend("b", 9000, "bob"), Friend("c", 9001, "carol")])

    def test_callback(self) -> None:
        """
        Where it is called need not be where it listens.
        """
        callback = ("--callback=192.0.2.7:9001", "--host=127.0.0.1", "--port=8000")
        options = parsed(peertap.Options(), *callback, *PEER)
        self.assertEqual((options["interface"], options["port"]), ("127.0.0.1", 8000))
        self.assertEqual((options["host"], options["callback"][1]), ("192.0.2.7", 9001))

    def test_wishes(self) -> None:
        """
        Everything about the terminal is off, and history on, unless it is asked for.
        """
        self.assertEqual(parsed(peertap.Options(), *PEER).wishes, Wishes())
        every = ("--plain", "--json", "--time", "--bell=all", "--no-history", "--linger=0.5")
        options = parsed(peertap.Options(), *every, *PEER)
        self.assertEqual(options.wishes, Wishes(True, True, True, "all", False))
        self.assertEqual(options["linger"], 0.5)
        self.assertEqual(parsed(peertap.Options(), *PEER)["linger"], 30)

    def test_help(self) -> None:
        """
        Every option is explained.
        """
        text = str(peertap.Options())
        for option in (
            *("host", "port", "callback", "friend", "server", "name", "bell", "linger", "log"),
            *("plain", "json", "time", "no-history"),
        ):
            self.assertIn(f"--{option}", text)

    def test_badValues(self) -> None:
        """
        A bad value ends the program with a line that names the option and what it takes.
        """
        for arguments, option, mend in (
            (["--port=abc", *PEER], "--port", "0 to 65535"),
            (["--port=65536", *PEER], "--port", "0 to 65535"),
            (["--host=203.0.113.9", *PEER], "--host 203.0.113.9", "an address of this machine"),
            (["--host=nobody.invalid", *PEER], "--host nobody.invalid", "of this machine"),
            (["--host=a|b", *PEER], "--host a|b", "of this machine"),
            (["--host=127.0.0.1:8881", *PEER], "--host 127.0.0.1:8881", "of this machine"),
            (["--host=" + "a" * 70, *PEER], "--host", "of this machine"),
            (["--callback=chat", *PEER], "--callback chat", "HOST:PORT"),
            (["--callback=chat:9001", "--friend=bob:9000"], "--callback", "--server HOST:PORT"),
            (["--server=tcp://chat:8880", "--name=x"], "--server", "without tcp://"),
            (["--server=http://chat:8880/", "--name=x"], "--server", "without http://"),
            (["--server=ann@chat:8880", "--name=x"], "--server", "HOST:PORT"),
            (["--friend=bob=tcp://chat:8880"], "--friend", "without tcp://"),
            (["--friend=bob"], "--friend", "HOST:PORT"),
            (["--friend=bob:0"], "--friend", "HOST:PORT"),
            (["--friend=:9000"], "--friend", "HOST:PORT"),
            (["--friend=bob:65536"], "--friend", "HOST:PORT"),
            (["--friend=b b=bob:9000"], "--friend", "no blanks"),
            (["--friend=from=bob:9000"], "--friend", "protocol"),
            (["--bell=loud", *PEER], "--bell", "off, all, name"),
            (["--linger=soon", *PEER], "--linger", "0 to 86400"),
            (["--server=chat", "--name=alice"], "--server", "HOST:PORT"),
            (["--server=chat:x", "--name=alice"], "--server", "HOST:PORT"),
            (["--server=chat:8880", "--name=a|b"], "--name", "a name"),
            (["--name=alice"], "--name", "--server HOST:PORT"),
            (["--friend=bob:9000", *PEER], "--friend", "--server"),
            (["--log=/dev/null/x", *PEER], "--log", "Not a directory"),
        ):
            line = self.refused(peertap.Options(), *arguments)
            self.assertIn(option, line)
            self.assertIn(mend, line)

    def test_problems(self) -> None:
        """
        An error of the program reaches the screen in words, without the braces of its template.
        """
        told: list[str] = []
        observe = peertap.problemsTo(told.append)
        words = {"log_format": "no {what}: {why!r}", "what": "prompt", "why": "gone"}
        observe({**words, "log_level": LogLevel.error})
        observe({**words, "log_level": LogLevel.warn})
        (line,) = told
        self.assertIn("no prompt: 'gone'", line)

    def test_environment(self) -> None:
        """
        Server and name may stand in the environment, behind what is given; a friend is no server.
        """
        environ = {"TWISTED_MESSENGER_SERVER": "chat:9000", "TWISTED_MESSENGER_NAME": "bob"}
        for arguments, server, name in (
            ((), ("chat", 9000), "bob"),
            (("--name=carol",), ("chat", 9000), "carol"),
            (("--server=room:8880",), ("room", 8880), "bob"),
            (("--friend=dave:9000",), None, None),
        ):
            options = parsed(peertap.Options(environ), *arguments)
            self.assertEqual((options["server"], options["name"]), (server, name))

    def test_nameIsNeeded(self) -> None:
        """
        Nobody can be asked for a name where there is no terminal.
        """
        self.assertIn("--name", self.refused(peertap.Options(), "--server=chat:8880"))

    def test_daemon(self) -> None:
        """
        A daemon has no terminal to talk to.
        """
        line = self.refused(peertap.Options(), *PEER, nodaemon=False)
        self.assertIn("twistd -n chatpeer", line)


class PeerServiceTests(TapTestCase):
    """
    What ``twistd chatpeer`` runs.
    """

    def test_room(self) -> None:
        """
        It listens, then reaches for the server, and stops in order.
        """
        reactor = MemoryReactorClock()
        service = peertap.makeService(
            parsed(peertap.Options(), *PEER, "--server=localhost:8880"), reactor
        )
        service.startService()
        ((port, _, _, interface),) = reactor.tcpServers
        self.assertEqual((port, interface), (8881, "localhost"))
        ((host, port, *_),) = reactor.tcpClients
        self.assertEqual((host, port), ("localhost", 8880))
        self.assertEqual(len(reactor.getReaders()), 1)
        stopped = service.stopService()
        reactor.pump([1] * 10)
        self.successResultOf(stopped)
        self.assertEqual(reactor.getReaders(), [])

    def test_friend(self) -> None:
        """
        A friend hears nothing before the first line is typed; IPv6 addresses can be listened on.
        """
        reactor = MemoryReactorClock()
        options = parsed(peertap.Options(), "--friend=127.0.0.1:9000", "--host=::1")
        peertap.makeService(options, reactor).startService()
        self.assertEqual([server[3] for server in reactor.tcpServers], ["::1"])
        self.assertEqual(reactor.tcpClients, [])
