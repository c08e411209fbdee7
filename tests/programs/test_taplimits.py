"""
What ``twistd chatserver`` can be told about limits, and that the room it runs keeps to them.
"""

from collections import Counter
from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.internet.testing import MemoryReactorClock

from tests.programs.test_tap import TapTestCase, parsed
from twisted_messenger.programs import chatserver as servertap
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol

GUEST, OTHER = "10.0.0.7", "10.0.0.8"

TOO_MANY = b"~ connection_cap: there are %d connections from your address already\n"


class LimitOptionsTests(TapTestCase):
    """
    The options.
    """

    def test_defaults(self) -> None:
        """
        Twenty a second and a hundred at once; how many connections depends on the system; nobody
        has to show a certificate.
        """
        options = parsed(servertap.Options())
        self.assertEqual((options["rates"].rate, options["rates"].burst), (20, 100))
        rates = options["byteRates"]
        self.assertEqual((rates.rate, rates.burst), (262_144, 4 * 1024 * 1024))
        for option in ("max-connections", "max-connections-per-host", "client-ca"):
            self.assertEqual((option, options[option]), (option, None))

    def test_values(self) -> None:
        """
        Each can be set; a rate may be a fraction, or 0 for none.
        """
        for rate, burst, expected in (("0.5", "1", (0.5, 1)), ("0", "7", (0, 7))):
            rates = parsed(servertap.Options(), f"--rate={rate}", f"--burst={burst}")["rates"]
            self.assertEqual((rates.rate, rates.burst), expected)
        self.assertEqual(parsed(servertap.Options(), "--rate-bytes=0")["byteRates"].rate, 0)
        options = parsed(
            servertap.Options(),
            *("--max-connections=1", "--max-connections-per-host=0", "--client-ca=people.pem"),
        )
        self.assertEqual(options["max-connections"], 1)
        self.assertEqual(options["max-connections-per-host"], 0)
        self.assertEqual(options["client-ca"], "people.pem")

    def test_badValues(self) -> None:
        """
        A bad value ends the program with a line that names the option and what it takes.
        """
        for option, values, mend in (
            ("rate", ("-1", "nan", "inf", "fast", "", "1000001"), "0 to 1000000"),
            ("burst", ("0", "-1", "1.5", "many", "1000001"), "1 to 1000000"),
            ("rate-bytes", ("-1", "256k", "nan"), f"0 to {2**50}"),
            ("max-connections", ("0", "-1", "1.5", "", "1000001"), "1 to 1000000"),
            ("max-connections-per-host", ("-1", "1.5", "all", "1000001"), "0 to 1000000"),
        ):
            for value in values:
                line = self.refused(servertap.Options(), f"--{option}={value}")
                self.assertEqual(
                    line,
                    f"chatserver: --{option} {value}: give a number from {mend} "
                    "(--help lists the options)",
                )

    def test_help(self) -> None:
        """
        Every option is explained.
        """
        text = str(servertap.Options())
        for option in (
            *("rate", "burst", "rate-bytes", "max-connections", "max-connections-per-host"),
            "client-ca",
        ):
            self.assertIn(f"--{option}=", text)


class AuthoritiesTests(TapTestCase):
    """
    ``--client-ca`` is checked before anything listens.
    """

    def ended(self, *arguments: str) -> str:
        """
        Fail unless making the service ends the program.

        :returns: its line.
        """
        reactor = MemoryReactorClock()
        options = parsed(servertap.Options(), "--store=memory:", *arguments)
        ended = self.assertRaises(SystemExit, servertap.makeService, options, reactor)
        self.assertEqual(reactor.tcpServers, [])
        return self.oneLine(options, ended)

    def test_missing(self) -> None:
        """
        A file that is not there is one line.
        """
        self.assertEqual(
            self.ended("--client-ca=/nowhere/people.pem"),
            "chatserver: --client-ca: /nowhere/people.pem: No such file or directory; "
            "give a PEM file",
        )

    def test_noCertificate(self) -> None:
        """
        So is one without a certificate.
        """
        self.assertEqual(
            self.ended(f"--client-ca={__file__}"),
            f"chatserver: --client-ca: {__file__}: there is no certificate in it; give a PEM file",
        )


class ServedTests(TapTestCase):
    """
    A room on a network in memory, as it is assembled from the options.
    """

    def serve(self, *arguments: str) -> None:
        """
        Start it.
        """
        self.network = MemoryNetwork()
        given = ("--store=memory:", "--listen=tcp:8880", "--control=none", *arguments)
        options = parsed(servertap.Options(), *given)
        service: Any = servertap.makeService(options, self.network)
        service.startService()
        self.addCleanup(self.stop, service, self.network)

    def stop(self, service: Any, network: MemoryNetwork) -> None:
        """
        Stop it.
        """
        stopped = service.stopService()
        network.advance(10)
        self.successResultOf(stopped)

    def come(self, times: int, data: bytes = b"x", host: str = GUEST) -> list[Any]:
        """
        Connect several, one after the other, who begin a message.
        """
        senders: list[Any] = []
        for _ in range(times):
            connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
                "127.0.0.1", 8880, bindAddress=(host, 0)
            )
            self.network.settle()
            senders.append(self.successResultOf(connected))
            senders[-1].transport.write(data)
            self.network.settle()
        return senders

    def end(self, senders: list[Any]) -> dict[bytes, int]:
        """
        Let senders end their messages.

        :returns: how many were told what; those that were reset or still wait have a question
            mark.
        """
        for sender in senders:
            if sender.reason is None:
                sender.transport.loseWriteConnection()
        self.network.settle()
        return Counter(bytes(one.data) if one.ended else b"?" for one in senders)

    def say(self, times: int, host: str = GUEST) -> dict[bytes, int]:
        """
        Send several messages, one after the other.
        """
        told: Counter[bytes] = Counter()
        for _ in range(times):
            told.update(self.end(self.come(1, b"from:ci|hi", host)))
        return told

    def test_defaults(self) -> None:
        """
        Without a word one source has 64 connections, and another one has as many.
        """
        self.serve()
        others, senders = self.come(64, b"", OTHER), self.come(128, b"")
        self.assertEqual(self.end(senders), {b"": 64, TOO_MANY % 64: 64})
        self.assertEqual(self.end(others), {b"": 64})

    def test_perHost(self) -> None:
        """
        ``--max-connections-per-host`` is for each source; 0 is no limit.
        """
        self.serve("--max-connections-per-host=3")
        senders = self.come(5, b"")
        self.assertEqual(self.end(self.come(3, b"", OTHER)), {b"": 3})
        self.assertEqual(self.end(senders), {b"": 3, TOO_MANY % 3: 2})
        self.serve("--max-connections-per-host=0")
        self.assertEqual(self.end(self.come(200, b"")), {b"": 200})

    def test_total(self) -> None:
        """
        ``--max-connections`` is for all, and one source has a quarter of them; who comes beyond
        waits.
        """
        self.serve("--max-connections=8")
        self.assertEqual(self.end(self.come(3, b"")), {b"": 2, TOO_MANY % 2: 1})
        self.come(8, host="127.0.0.1")
        (waiting,) = self.come(1, b"", OTHER)
        self.assertEqual(self.end([waiting]), {b"?": 1})
        self.assertIsNone(waiting.reason)
        self.network.advance(2)
        self.assertEqual((waiting.data, waiting.ended), (b"", True))

    def test_both(self) -> None:
        """
        Who sets both has both.
        """
        self.serve("--max-connections=8", "--max-connections-per-host=5")
        self.assertEqual(self.end(self.come(6, b"")), {b"": 5, TOO_MANY % 5: 1})

    def test_rate(self) -> None:
        """
        ``--rate`` and ``--burst`` are for each source, loopback is exempt.
        """
        self.serve("--rate=0.001", "--burst=3")
        over = b"~ rate: more than 0.001 messages a second from your address\n"
        self.assertEqual(self.say(5), {b"": 3, over: 2})
        self.assertEqual(self.say(5, OTHER), {b"": 3, over: 2})
        self.assertEqual(self.say(50, "127.0.0.1"), {b"": 50})

    def test_noRate(self) -> None:
        """
        ``--rate 0`` is no limit.
        """
        self.serve("--rate=0")
        self.assertEqual(self.say(300), {b"": 300})
