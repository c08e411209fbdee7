"""
Standard input and output, as pipes.
"""

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.testing import MemoryReactor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.terminal.stdio import LineReader, LineWriter


class PipeTestCase(SynchronousTestCase):
    """
    Has a pipe, and a reactor that only remembers what it shall watch.
    """

    def setUp(self) -> None:
        """
        Open the pipe.
        """
        self.reactor = MemoryReactor()
        self.readEnd, self.writeEnd = os.pipe()
        self._open = {self.readEnd, self.writeEnd}
        self.addCleanup(self._closeAll)

    def _closeAll(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def close(self, descriptor: int) -> None:
        """
        Close one end.
        """
        self._open.remove(descriptor)
        os.close(descriptor)


class LineReaderTests(PipeTestCase):
    """
    Lines that come in.
    """

    def setUp(self) -> None:
        """
        Read.
        """
        super().setUp()
        self.heard: list[str] = []
        self.pauseAfter = 10**9
        self.reader = LineReader(
            self.reactor,
            self.readEnd,
            10,
            self._heard,
            lambda: self.heard.append("TOO LONG"),
            lambda: self.heard.append("END"),
        )
        self.reader.resume()

    def _heard(self, line: str) -> None:
        self.heard.append(line)
        if len(self.heard) == self.pauseAfter:
            self.reader.pause()

    def reads(self, data: bytes) -> None:
        """
        So much arrives.
        """
        os.write(self.writeEnd, data)
        self.assertIsNone(self.reader.doRead())

    def ends(self) -> None:
        """
        The other side closes.
        """
        self.close(self.writeEnd)
        reason = self.reader.doRead()
        self.assertIs(reason, CONNECTION_DONE)
        self.reader.connectionLost(Failure(reason))

    def test_lines(self) -> None:
        """
        Lines come without their ends, of either kind; an empty one is a line.
        """
        self.reads(b"one\ntwo\r\n\nthr")
        self.assertEqual(self.heard, ["one", "two", ""])
        self.reads(b"ee\n")
        self.assertEqual(self.heard[3:], ["three"])

    def test_everyCut(self) -> None:
        """
        It does not matter how the bytes come, not even inside a character.
        """
        data = "n\u00e4\n\u2603\n".encode()
        for cut in range(1, len(data)):
            self.heard.clear()
            self.reads(data[:cut])
            self.reads(data[cut:])
            self.assertEqual(self.heard, ["n\u00e4", "\u2603"])

    def test_badBytes(self) -> None:
        """
        Bytes that are no text are replaced.
        """
        self.reads(b"a\xffb\n")
        self.assertEqual(self.heard, ["a\ufffdb"])

    def test_end(self) -> None:
        """
        The end is told once; a last line without its newline counts.
        """
        self.reads(b"one\ntwo")
        self.ends()
        self.assertEqual(self.heard, ["one", "two", "END"])

    def test_emptyEnd(self) -> None:
        """
        Behind the last newline there is no line.
        """
        self.reads(b"one\n")
        self.ends()
        self.assertEqual(self.heard, ["one", "END"])

    def test_tooLong(self) -> None:
        """
        A line beyond the limit is told of and thrown away; those around it are not.
        """
        self.reads(b"x" * 10 + b"\n" + b"y" * 11 + b"\nz\n")
        for _ in range(5):
            self.reads(b"w" * 60_000)
        self.reads(b"\nv\n")
        self.assertEqual(self.heard, ["x" * 10, "TOO LONG", "z", "TOO LONG", "v"])

    def test_pause(self) -> None:
        """
        In a pause nothing is read, and what was read already is kept for later, in order.
        """
        self.pauseAfter = 2
        self.assertEqual(self.reactor.getReaders(), [self.reader])
        self.reads(b"1\n2\n3\n4\n5\n6")
        self.assertEqual(self.heard, ["1", "2"])
        self.assertEqual(self.reactor.getReaders(), [])
        self.pauseAfter = 4
        self.reader.resume()
        self.assertEqual(self.heard, ["1", "2", "3", "4"])
        self.assertEqual(self.reactor.getReaders(), [])
        self.pauseAfter = 100
        self.reader.resume()
        self.assertEqual(self.reactor.getReaders(), [self.reader])
        self.reads(b"7\n")
        self.assertEqual(self.heard, ["1", "2", "3", "4", "5", "67"])

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.binary(min_size=1, max_size=15)))
    def test_neverMoreThanGiven(self, chunks: list[bytes]) -> None:
        """
        Whatever comes, there are as many lines as newlines.
        """
        self.heard.clear()
        for chunk in chunks:
            self.reads(chunk)
        self.assertEqual(len(self.heard), b"".join(chunks).count(b"\n"))
        self.reads(b"\n")


class LineWriterTests(PipeTestCase):
    """
    Lines that go out.
    """

    def setUp(self) -> None:
        """
        Write.
        """
        super().setUp()
        self.lost: list[str] = []
        self.writer = LineWriter(self.reactor, self.writeEnd, self.lost.append)

    def stuff(self) -> int:
        """
        Fill the pipe.

        :returns: the number of bytes in it.
        """
        os.set_blocking(self.writeEnd, False)
        size = 0
        try:
            while True:
                size += os.write(self.writeEnd, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(self.writeEnd, True)
        return size

    def drain(self, size: int) -> None:
        """
        Read so much out of it.
        """
        while size:
            size -= len(os.read(self.readEnd, size))

    def test_atOnce(self) -> None:
        """
        Where there is room a line is there when ``write`` returns.
        """
        self.assertTrue(self.successResultOf(self.writer.write("gr\u00fcezi")))
        self.assertEqual(os.read(self.readEnd, 100), "gr\u00fcezi\n".encode())
        self.assertEqual(self.reactor.getWriters(), [])
        self.successResultOf(self.writer.flushed())

    def test_slowReader(self) -> None:
        """
        Where there is none, everybody waits but the program; then lines go in order.
        """
        size = self.stuff()
        first, second = self.writer.write("one"), self.writer.write("two")
        flushed = self.writer.flushed()
        self.assertNoResult(first)
        self.assertEqual(self.reactor.getWriters(), [self.writer])
        self.drain(size)
        self.writer.doWrite()
        self.assertTrue(self.successResultOf(first))
        self.assertNoResult(flushed)
        self.writer.doWrite()
        self.assertTrue(self.successResultOf(second))
        self.successResultOf(flushed)
        self.assertEqual(os.read(self.readEnd, 100), b"one\ntwo\n")
        self.assertEqual(self.reactor.getWriters(), [])

    def test_longLine(self) -> None:
        """
        A line longer than the pipe goes in pieces, and counts when it is whole.
        """
        line = self.writer.write("x" * 200_000)
        read = 0
        while self.reactor.getWriters():
            self.assertNoResult(line)
            read += len(os.read(self.readEnd, 65536))
            self.writer.doWrite()
        self.assertTrue(self.successResultOf(line))
        self.drain(200_001 - read)

    def test_nobodyReads(self) -> None:
        """
        A closed pipe is told once; nothing counts as written then.
        """
        self.close(self.readEnd)
        self.assertFalse(self.successResultOf(self.writer.write("one")))
        self.assertFalse(self.successResultOf(self.writer.write("two")))
        self.assertEqual(self.lost, ["Broken pipe"])

    def test_closedWhileWaiting(self) -> None:
        """
        So is one that is closed while lines wait.
        """
        self.stuff()
        lines = [self.writer.write("one"), self.writer.write("two")]
        self.close(self.readEnd)
        self.writer.doWrite()
        self.assertEqual([self.successResultOf(line) for line in lines], [False, False])
        self.assertEqual((self.lost, self.reactor.getWriters()), (["Broken pipe"], []))

    def test_abandon(self) -> None:
        """
        What nobody reads can be given up.
        """
        self.stuff()
        line = self.writer.write("one")
        flushed = self.writer.flushed()
        self.writer.abandon()
        self.assertFalse(self.successResultOf(line))
        self.successResultOf(flushed)
        self.assertEqual((self.lost, self.reactor.getWriters()), ([], []))

    def test_nonBlocking(self) -> None:
        """
        A descriptor that somebody else made non-blocking is waited for all the same.
        """
        size = self.stuff()
        os.set_blocking(self.writeEnd, False)
        line = self.writer.write("one")
        self.writer.doWrite()
        self.assertNoResult(line)
        self.drain(size)
        self.writer.doWrite()
        self.assertTrue(self.successResultOf(line))
