"""
Listeners from what an operator writes.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StartError
from twisted_messenger.incoming.descriptions import (
    LISTEN_BACKLOG,
    Families,
    everywhere,
    familiesHere,
    listenersFrom,
)
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory

#: What a file of authorities looks like, as far as it is read here.
_PEM = "people\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"

_SSL = "ssl:8843:privateKey=missing.pem"


class DescriptionTestCase(SynchronousTestCase):
    """
    A reactor that notes who listens.
    """

    def setUp(self) -> None:
        """
        Nobody listens.
        """
        self.reactor = MemoryReactorClock()

    def make(self, *places: str, authorities: str | None = None) -> Sequence[Listener]:
        """
        Make listeners, each named by its description.
        """
        named = [(f"--listen {where}", where) for where in places]
        return listenersFrom(self.reactor, named, authorities=authorities)

    def start(self, *places: str) -> None:
        """
        Make listeners and start them.
        """
        factory = ReceiptFactory(Factory(), self.reactor)
        for listener in self.make(*places):
            listener.start(factory)

    def problem(self, *places: str, authorities: str | None = None) -> str:
        """
        Fail unless that cannot be made.

        :returns: why, in one line.
        """
        error = self.assertRaises(StartError, self.make, *places, authorities=authorities)
        self.assertTrue(str(error).isprintable(), str(error))
        return str(error)


class DescriptionTests(DescriptionTestCase):
    """
    Endpoints as Twisted writes them.
    """

    def test_kinds(self) -> None:
        """
        Each is what its description says, in order, with the option that named it.
        """
        places = ("tcp:8880", "tcp:8881:interface=127.0.0.1", "tcp6:8882", "unix:/run/room")
        self.assertEqual(
            [listener.name for listener in self.make(*places)],
            [f"--listen {where}" for where in places],
        )
        self.start(*places)
        self.assertEqual(
            [(port, interface) for port, _, _, interface in self.reactor.tcpServers],
            [(8880, ""), (8881, "127.0.0.1"), (8882, "::")],
        )
        self.assertEqual([server[0] for server in self.reactor.unixServers], ["/run/room"])

    def test_none(self) -> None:
        """
        Nothing to make is nothing made.
        """
        self.assertEqual(self.make(), [])

    def test_nothingListensYet(self) -> None:
        """
        To make listeners opens no port.
        """
        self.make("tcp:8880", "unix:/run/room")
        self.assertEqual((self.reactor.tcpServers, self.reactor.unixServers), ([], []))

    def test_backlog(self) -> None:
        """
        A thousand may wait, unless the description says how many.
        """
        self.start("tcp:1", "tcp6:2", "unix:/a", "tcp:3:backlog=7", "unix:/b:backlog=8:mode=600")
        self.assertEqual([server[2] for server in self.reactor.tcpServers], [1024, 1024, 7])
        self.assertEqual([server[2] for server in self.reactor.unixServers], [1024, 8])

    def test_backlogBehindAProxy(self) -> None:
        """
        So they may where a proxy tells who is there.
        """
        self.start("haproxy:tcp:1", "haproxy:tcp:2:backlog=9")
        self.assertEqual([server[2] for server in self.reactor.tcpServers], [1024, 9])

    def test_otherKinds(self) -> None:
        """
        A kind that may not know what a backlog is gets none.
        """
        text = self.problem("systemd:domain=INET:index=0")
        self.assertTrue(text.startswith("--listen systemd:domain=INET:index=0: "), text)
        self.assertNotIn("argument", text)

    def test_bad(self) -> None:
        """
        What cannot be read is told with the option that said it, and how it is done.
        """
        for where, why in (
            ("papyrus:1", "Unknown endpoint type: 'papyrus'"),
            ("8880", "Unknown endpoint type: '8880'"),
            ("", "Unknown endpoint type: ''"),
            ("tcp:eighty", "invalid literal for int() with base 10: 'eighty'"),
            ("tcp:8880:colour=red", "_parseTCP() got an unexpected keyword argument 'colour'"),
            ("tcp", "_parseTCP() missing 1 required positional argument: 'port'"),
        ):
            self.assertEqual(
                self.problem("tcp:8880", where),
                f"--listen {where}: {why}; give an endpoint as in tcp:8880:interface=127.0.0.1",
            )

    def test_URL(self) -> None:
        """
        Who writes an endpoint as an address is told how it is written.
        """
        self.assertEqual(
            self.problem("tcp://localhost:8880"),
            "--listen tcp://localhost:8880: give tcp:PORT, or tcp:PORT:interface=ADDRESS",
        )

    def test_missingKey(self) -> None:
        """
        A missing key is told by its path; where there is no TLS at all, that is told.
        """
        missing = f"{Path('missing.pem').absolute()}: No such file or directory"
        told = f"{missing}; give an endpoint as in tcp:8880:interface=127.0.0.1"
        if find_spec("OpenSSL") is None:
            told = "No module named 'OpenSSL'; pip install 'Twisted[tls]'"
        self.assertEqual(self.problem(_SSL), f"--listen {_SSL}: {told}")


class EverywhereTests(DescriptionTestCase):
    """
    A port alone means every address of the machine.
    """

    def test_oneSocket(self) -> None:
        """
        One socket listens, so that both families have the same port even where it is 0.
        """
        self.start(*everywhere(0, familiesHere()))
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.assertEqual((port, backlog), (0, LISTEN_BACKLOG))
        self.assertIn(interface, ("::", ""))

    def test_families(self) -> None:
        """
        Where the system keeps the two versions of IP apart, each has a socket; so that nobody finds
        the port closed because a name led him to the other one.
        """
        for families, places in (
            (Families.TOGETHER, ["tcp6:8880"]),
            (Families.APART, ["tcp:8880", "tcp6:8880"]),
            (Families.IPV4, ["tcp:8880"]),
        ):
            self.assertEqual((families, everywhere(8880, families)), (families, places))
        self.assertEqual(everywhere(0, Families.APART), ["tcp:0"])


class AuthoritiesTests(DescriptionTestCase):
    """
    Clients that must show a certificate.
    """

    def setUp(self) -> None:
        """
        Make a directory.
        """
        super().setUp()
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def file(self, text: str) -> str:
        """
        Write a file.

        :returns: its path.
        """
        path = Path(self.directory, "authorities.pem")
        path.write_text(text, encoding="ascii")
        return str(path)

    def test_unreadable(self) -> None:
        """
        A file that cannot be read is told with its path.
        """
        for path, why in (
            (f"{self.directory}/missing.pem", "No such file or directory"),
            (self.directory, "Is a directory"),
        ):
            text = self.problem(_SSL, authorities=path)
            self.assertEqual(text, f"clientCA: {path}: {why}; give a PEM file")

    def test_noCertificate(self) -> None:
        """
        So is one that holds none.
        """
        for text in ("", "people\n", "-----BEGIN PRIVATE KEY-----\n"):
            path = self.file(text)
            self.assertEqual(
                self.problem(_SSL, authorities=path),
                f"clientCA: {path}: there is no certificate in it; give a PEM file",
            )

    def test_noTLS(self) -> None:
        """
        Where nobody is asked for a certificate, that is an error, not an open door.
        """
        path = self.file(_PEM)
        for places in (("tcp:8880",), (), ("unix:/run/ssl",), ("tcp:8880", "tcp6:8843")):
            self.assertEqual(
                self.problem(*places, authorities=path),
                "clientCA: it is ssl: listeners that ask; listen at ssl:... alone",
            )

    def test_otherTLS(self) -> None:
        """
        Nor is there a second door with a lock of another kind, or of one that nobody knows, which
        lets everybody in.
        """
        path = self.file(_PEM)
        for other in ("tls:8844", "haproxy:tls:8844", "papyrus:1"):
            for places in ((_SSL, other), (other, _SSL), (other,)):
                text = self.problem(*places, authorities=path)
                self.assertTrue(text.startswith("clientCA: it is ssl: "), text)

    def test_goesOn(self) -> None:
        """
        With a good file the listeners are made as ever, behind a proxy too; other kinds may be
        beside.
        """
        path = self.file(_PEM)
        for ssl in (_SSL, f"haproxy:{_SSL}"):
            for places in ((ssl,), ("tcp:8880", ssl), ("haproxy:tcp:8880", ssl)):
                text = self.problem(*places, authorities=path)
                self.assertTrue(text.startswith(f"--listen {ssl}: "), text)

    def test_notAsked(self) -> None:
        """
        Without authorities every kind goes.
        """
        self.assertEqual(len(self.make("tcp:8880", "unix:/run/room")), 2)
