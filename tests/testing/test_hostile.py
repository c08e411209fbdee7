"""
The whole room beside those who mean it no good: a bystander's message is delivered in time.
"""

from tests.testing.hostilerig import HOME, HOSTILE, PORT, HostileTestCase
from twisted_messenger.incoming.connection import DRAIN_BYTES, DRAIN_SECONDS
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE, MAX_CONNECTIONS_PER_HOST
from twisted_messenger.incoming.limits import MESSAGE_TIMEOUT
from twisted_messenger.rates import BURST, RATE
from twisted_messenger.testing import Dribbler, Flood, Flooder, Seen

#: Seconds between two looks at those who may have to go, and some.
LOOK = 0.5

MIB = 1024 * 1024


class FloodTests(HostileTestCase):
    """
    Many connections at once, and ever new ones.
    """

    def flood(
        self,
        connections: int,
        flood: Flood,
        message: bytes = b"from:flood|x",
        pauseSeconds: float = 1,
        fromHost: str = HOSTILE,
    ) -> Flooder:
        """
        Begin a flood.
        """
        flooder = Flooder(
            self.network,
            HOME,
            PORT,
            connections,
            flood,
            message,
            pauseSeconds=pauseSeconds,
            fromHost=fromHost,
        )
        flooder.start()
        self.network.settle()
        return flooder

    def test_silence(self) -> None:
        """
        Three hundred connections that say nothing: one host keeps as many as it may, and as many
        that are only told so.
        """
        self.open()
        flooder = self.flood(300, Flood.SILENCE)
        self.assertEqual(len(self.house.factory.protocols), 2 * MAX_CONNECTIONS_PER_HOST)
        self.assertUndisturbed(5)
        self.assertLessEqual(len(self.house.factory.protocols), 2 * MAX_CONNECTIONS_PER_HOST)
        self.assertEqual(list(flooder.seen), [Seen.RESET])
        self.assertEqual(self.house.counts["refused.connection_cap"], flooder.seen[Seen.RESET])
        self.end(flooder)

    def test_silenceInFullHouse(self) -> None:
        """
        Also where the house takes fewer in all: half of its places remain to others.
        """
        self.open(maxConnections=200)
        flooder = self.flood(300, Flood.SILENCE)
        self.assertUndisturbed(5)
        self.assertLessEqual(len(self.house.factory.protocols), 100)
        self.end(flooder)

    def test_silenceOfThisMachine(self) -> None:
        """
        This machine may fill the house; who was silent for a second makes room for each who comes.
        """
        self.open(maxConnections=200)
        flooder = self.flood(300, Flood.SILENCE, fromHost="127.0.0.1")
        self.assertEqual(len(self.house.factory.protocols), 200)
        self.assertUndisturbed(5, EVICTABLE_SILENCE + LOOK)
        self.assertEqual(list(flooder.seen), [Seen.RESET])
        self.assertGreater(self.house.counts["paused"], 0)
        self.end(flooder)

    def test_messages(self) -> None:
        """
        Of hundreds of messages a second as many are taken as the rate allows.
        """
        self.open()
        flooder = self.flood(20, Flood.MESSAGES, pauseSeconds=0.1)
        self.assertUndisturbed(5)
        self.assertEqual(set(flooder.seen), {Seen.STORED, "rate"})
        self.assertAlmostEqual(flooder.seen[Seen.STORED], BURST + 5 * RATE, delta=RATE / 10)
        self.assertEqual(self.bob.texts.count("flood: x"), flooder.seen[Seen.STORED])
        self.end(flooder)

    def test_endless(self) -> None:
        """
        Streams without an end are read for a while, and then reset.
        """
        self.open()
        flooder = self.flood(4, Flood.ENDLESS)
        self.assertUndisturbed(5)
        self.assertEqual(list(flooder.seen), [Seen.RESET])
        self.assertEqual(self.house.counts["refused.too_big"], flooder.seen[Seen.RESET])
        self.end(flooder)

    def test_tooBig(self) -> None:
        """
        Forty messages of 2 MiB at once, again and again, are each refused, and told so: at first
        as too big, then because the source has sent its bytes.
        """
        self.assertLess(2 * MIB, DRAIN_BYTES)
        self.open()
        flooder = self.flood(40, Flood.MESSAGES, b"from:flood|" + bytes(2 * MIB))
        self.assertUndisturbed(2)
        self.assertEqual(list(flooder.seen), ["too_big", "rate"])
        self.assertGreaterEqual(flooder.seen.total(), 80)
        for reason, count in flooder.seen.items():
            self.assertEqual(self.house.counts[f"refused.{reason}"], count)
        self.end(flooder)


class DribblerTests(HostileTestCase):
    """
    Senders that take their time.
    """

    def dribble(self, fromHost: str, message: bytes, seconds: float, size: int = 1) -> Dribbler:
        """
        Begin to dribble, for ever.
        """
        dribbler = Dribbler(
            self.network, HOME, PORT, message, seconds, size, endless=True, fromHost=fromHost
        )
        dribbler.start()
        return dribbler

    def test_slowly(self) -> None:
        """
        A message that comes a byte at a time, in time, is as good as any.
        """
        self.open()
        dribbler = Dribbler(self.network, HOME, PORT, b"from:slow|hello", 1, fromHost=HOSTILE)
        over = dribbler.start()
        self.assertUndisturbed(16)
        self.assertEqual(self.successResultOf(over), Seen.STORED)
        self.assertIn("slow: hello", self.bob.texts)
        self.end(dribbler)

    def test_forEver(self) -> None:
        """
        A hundred that never end are reset in time: those with a place, and before them those
        that had none.
        """
        self.open()
        dribblers = [self.dribble(HOSTILE, b"from:slow|hello ", 0.9) for _ in range(100)]
        self.network.advance(DRAIN_SECONDS)
        self.assertUndisturbed(2)
        self.assertEqual(len(self.house.factory.protocols), MAX_CONNECTIONS_PER_HOST)
        self.network.advance(MESSAGE_TIMEOUT - DRAIN_SECONDS - 4)
        self.assertUndisturbed(4)
        self.assertEqual(self.house.factory.protocols, {})
        self.assertEqual(self.house.counts["refused.connection_cap"], 36)
        self.assertEqual(self.house.counts["refused.idle"], MAX_CONNECTIONS_PER_HOST)
        self.end(*dribblers)

    def test_bigAndSlow(self) -> None:
        """
        Forty that bring 2 MiB each in some seconds cost 64 KiB each, and then nothing.
        """
        self.open()
        dribblers = [self.dribble(HOSTILE, bytes(1000), 0.1, 64 * 1024) for _ in range(40)]
        self.assertUndisturbed(4)
        self.assertGreater(min(dribbler.sent for dribbler in dribblers), 2 * MIB)
        refused = self.house.counts["refused.too_big"] + self.house.counts["refused.rate"]
        self.assertEqual(refused, 40)
        self.end(*dribblers)

    def test_everywhere(self) -> None:
        """
        From ever so many hosts they can fill the house, not for longer than a message may take;
        who comes meanwhile waits.
        """
        self.open(maxConnections=100, messageTimeout=10)
        hosts = [f"10.1.0.{number}" for number in range(120)]
        dribblers = [self.dribble(host, b"x", 0.5) for host in hosts]
        self.network.settle()
        self.assertEqual(len(self.house.factory.protocols), 100)
        # A message's time begins with its first byte.
        self.assertDelivers(0.5 + 10 + LOOK)
        self.assertEqual(self.house.counts["refused.idle"], 100)
        self.assertNotIn("refused.connection_cap", self.house.counts)
        self.network.advance(10)
        self.end(*dribblers)
