"""
What the benchmarks' members notice: figures are worth nothing if losses go unseen.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.members import Report, SickMembers, Sink
from benchmarks.page import rewrite
from benchmarks.picture import picture
from benchmarks.programs import BenchmarkError, Program, bounded
from benchmarks.table import Bar, Spread, Table, goals
from benchmarks.workshop import Workshop
from tests.loopback.rig import HOST, PATIENCE, connect, say


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """
    The compiled programs.
    """
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    return Workshop(tmp_path_factory.mktemp("native"))


@contextmanager
def _members(workshop: Workshop, count: int) -> Iterator[Sink]:
    with bounded("the sink", PATIENCE), workshop.sink(count) as sink:
        sink.expect(3)
        yield sink


def _text(number: int) -> bytes:
    return f"bench: {number} {time.monotonic_ns()} ...".encode()


def _report(workshop: Workshop, *deliveries: list[int]) -> Report:
    """
    Three messages are said; deliver these numbers, to one member after the other.
    """
    with _members(workshop, len(deliveries)) as sink:
        for port, numbers in zip(sink.ports, deliveries):
            for number in numbers:
                assert say(port, _text(number)) == b""
        return sink.wait(0)


def _faults(report: Report) -> tuple[int, int, int, int]:
    return report.lost, report.doubled, report.disordered, report.alien


def test_asPromised(workshop: Workshop) -> None:
    """
    All of it, in one order whichever it is, is no fault; the time it took is told.
    """
    report = _report(workshop, [1, 3, 2], [1, 3, 2])
    assert (report.arrived, report.faults) == (6, 0)
    assert 0 < report.p50 <= report.p99 <= report.worst < PATIENCE * 1e6
    assert abs(report.finished - time.monotonic_ns()) < PATIENCE * 1e9


def test_faults(workshop: Workshop) -> None:
    """
    Each fault is told from the others.
    """
    assert _faults(_report(workshop, [1, 2, 3], [1, 3])) == (1, 0, 0, 0)
    assert _faults(_report(workshop, [1, 2, 3], [1, 2, 1, 3])) == (0, 1, 0, 0)
    assert _faults(_report(workshop, [1, 2, 3], [2, 1, 3])) == (0, 0, 1, 0)
    assert _faults(_report(workshop, [1, 2, 3, 4, 0])) == (0, 0, 0, 2)


def test_reset(workshop: Workshop) -> None:
    """
    What does not end in order has not come, all of it or not.
    """
    with _members(workshop, 1) as sink:
        with connect(sink.ports[0]) as connection:
            connection.sendall(_text(1))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert say(sink.ports[0], _text(2)) == b""
        assert sink.wait(0).arrived == 1


def test_sickMembers() -> None:
    """
    One refuses, one lets itself be connected to and does nothing, one does not even that.
    """
    with SickMembers(1) as sick:
        refusing, tarpit, blackHole = sick.ports
        with pytest.raises(ConnectionRefusedError):
            connect(refusing)
        with connect(tarpit) as connection:
            connection.sendall(b"anybody?")
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        with pytest.raises(TimeoutError):
            socket.create_connection((HOST, blackHole), 0.1)


def test_bounded() -> None:
    """
    What takes too long is given up, and its programs end.
    """
    program = Program(["sleep", "1000"], Path())
    with pytest.raises(BenchmarkError, match="sleep: not done"), bounded("sleep", 0.1), program:
        program.process.wait()
    assert program.process.poll() is not None


def test_tables() -> None:
    """
    A table can be read, and drawn.
    """
    table = Table("push", "2 < 3", ("who", "cost"), "µs", bars=[Bar("c", 1.0), Bar("ours", 3.0)])
    cost = Spread([3.0, 1.0, 2.0])
    table.add("ours", f"{cost:.1f}")
    assert str(table).splitlines()[-2] == "ours  2.0 (1.0..3.0)"
    # Round by round: the first of them was a noisy one for both.
    assert (cost.ratio(Spread([6.0, 4.0, 5.0])), cost.ratio(None)) == ("0.40", "-")
    drawn = ElementTree.fromstring(picture([table]))
    texts = [part.text for part in drawn if part.tag.endswith("text")]
    assert texts == ["push: µs", "2 < 3", "c", "1", "ours", "3"]


def test_goals() -> None:
    """
    What is missed is called so, and what was not measured is not called anything.
    """
    table = Table("push", "", ("who", "cost"), "µs")
    table.aim("time", 120.4, 100)
    table.aim("times", 1.1, 1.1)
    table.aim("to somebody who is not there", None, 1)
    told = goals([table])
    assert told.work == "1 of 2 reached"
    assert told.rows == [["time", "120", "100", "missed"], ["times", "1.1", "1.1", "reached"]]


def test_page(tmp_path: Path) -> None:
    """
    New figures stand where the old ones stood, and nothing else changes; a page without such a
    place stays as it is.
    """
    page = tmp_path / "page.rst"
    begin, end = ".. figures: begin", ".. figures: end"
    page.write_text(f"Before\n\n{begin}\n\n2 µs\n\n{end}\n\nAfter\n")
    rewrite(page, ["1 µs", "here"])
    assert page.read_text() == f"Before\n\n{begin}\n\n1 µs\n\nhere\n\n{end}\n\nAfter\n"
    page.write_text("Before\n\nAfter\n")
    with pytest.raises(BenchmarkError, match="figures: begin"):
        rewrite(page, ["1 µs"])
    assert page.read_text() == "Before\n\nAfter\n"


def test_slowDisk(workshop: Workshop) -> None:
    """
    Beside a slow disk, what shall survive a power cut takes longer, and still happens.
    """
    write = "import os, sys, time; t = time.monotonic(); os.fsync(1); os.fdatasync(1)"
    tell = "sys.stderr.write(str(time.monotonic() - t))"
    with (workshop.folder / "written").open("w") as file:
        ended = subprocess.run(
            [sys.executable, "-c", f"{write}; {tell}"],
            env={**os.environ, **workshop.slowDisk()},
            stdout=file,
            stderr=subprocess.PIPE,
            check=True,
        )
    assert float(ended.stderr) >= 0.02
