"""
What the fuzzer begins with, what it has found before, and that it finds anything; see
:mod:`tests.fuzz`.
"""

import re
from dataclasses import replace
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from tests.fuzz.cases import FOUND_MESSAGES, FOUND_SCRIPTS, MESSAGES, SCRIPTS
from tests.fuzz.edges import EdgeWatch
from tests.fuzz.fuzzer import Finding, Fuzzer, Target, troubleWith
from tests.fuzz.pieces import shrunk
from tests.fuzz.roomtarget import RoomTarget
from tests.fuzz.wiretarget import WireParts, WireTarget
from tests.simulation.mutants import MUTANTS
from tests.simulation.parts import Parts
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.names import cleanName
from twisted_messenger.refusal import Refusal
from twisted_messenger.text import escape
from twisted_messenger.wire import Command, parse

# Each takes about a second; ``python -m tests.fuzz`` tries any number.
_WIRE_EXECUTIONS = 1000
_ROOM_EXECUTIONS = 150

# As many find whatever is wrong on purpose.
_ENOUGH = 300

Input = TypeVar("Input", bytes, tuple[Any, ...])


def _fuzzed(
    target: "Target[Input]", executions: int, seed: int = 0
) -> "tuple[Fuzzer[Input], Finding[Input] | None]":
    with EdgeWatch() as watch:
        fuzzer = Fuzzer(target, watch, seed)
        return fuzzer, fuzzer.run(executions)


class CaseTests(SynchronousTestCase):
    """
    Inputs that are known to be hard.
    """

    def assertFine(self, target: "Target[Input]", *cases: Input) -> None:
        """
        Fail if a target fails with one of the cases.
        """
        troubles = [(case, troubleWith(target, case)) for case in cases]
        self.assertEqual([(case, trouble) for case, trouble in troubles if trouble], [])

    def test_messages(self) -> None:
        """
        Whatever bytes come in, what goes out is a safe text, a push or a refusal.
        """
        self.assertFine(WireTarget(), *MESSAGES, *FOUND_MESSAGES)

    def test_scripts(self) -> None:
        """
        Whatever senders and members do, the room keeps its promises.
        """
        self.assertFine(RoomTarget(), *SCRIPTS, *FOUND_SCRIPTS)


class _ShortTarget(RoomTarget):
    cases = SCRIPTS[2:8]


class RunTests(SynchronousTestCase):
    """
    A short run.
    """

    def test_wire(self) -> None:
        """
        Messages that nobody thought of do no harm.
        """
        _, finding = _fuzzed(WireTarget(), _WIRE_EXECUTIONS)
        self.assertIsNone(finding)

    def test_room(self) -> None:
        """
        Neither do conversations; some of them took new ways.
        """
        fuzzer, finding = _fuzzed(RoomTarget(), _ROOM_EXECUTIONS)
        self.assertIsNone(finding)
        self.assertGreater(len(fuzzer.corpus), len(SCRIPTS))

    def test_replay(self) -> None:
        """
        A seed always tries the same inputs, another one others.
        """
        # What is cached is only seen to be computed in the first run.
        runs = [_fuzzed(_ShortTarget(), 30, seed)[0] for seed in (1, 1, 1, 2)]
        _, one, again, other = [(run.corpus, run.edges) for run in runs]
        self.assertEqual(one, again)
        self.assertNotEqual(one, other)


def _firstLineOnly(name: str, text: str) -> bytes:
    return f"{name}: {escape(text)}".encode()


def _unescaped(name: str, text: str) -> bytes:
    return "\n".join(f"{name}: {line}" for line in text.split("\n")).encode()


def _anywhere(data: bytes, maxBytes: int) -> Command:
    return parse(data[max(0, data.find(b"from:")) :], maxBytes)


def _onlyUtf8(data: bytes, maxBytes: int) -> Command:
    return parse(data.decode().encode(), maxBytes)


def _wholeDetail(refusal: Refusal) -> bytes:
    return f"! {refusal.code}: {refusal.detail}\n".encode()


#: Functions that are wrong in a known way, and what is said of them.
_BROKEN_WIRES = {
    "lines without 'nobody: '": WireParts(formatPush=_firstLineOnly),
    "unsafe: ": WireParts(formatPush=_unescaped),
    "a push is a RoomMessage": WireParts(parse=_anywhere),
    "UnicodeDecodeError": WireParts(parse=_onlyUtf8),
    "unsafe in a line: ": WireParts(line=_wholeDetail),
    "a clean name has another spelling": WireParts(cleanName=lambda name: cleanName(name) + "."),
    "a push is shown as another one": WireParts(attributeLines=lambda push: f"  {push}"),
}


class _PatientFactory(ReceiptFactory):
    # Waits for ever for the end of a message.

    def __init__(
        self, wrapped: Any, clock: Any, refusals: Any = None, limits: SenderLimits | None = None
    ) -> None:
        patient = replace(limits or SenderLimits(), idleTimeout=1e9, messageTimeout=1e9)
        super().__init__(wrapped, clock, refusals, patient)


#: The same for rooms.
_BROKEN_ROOMS = {
    "pushes were confirmed": MUTANTS["loseConnection"],
    "'ann: welcome'], not [b'ann: welcome'": MUTANTS["lifo"],
    "ended and not answered": MUTANTS["early-receipt"],
    "here I am": MUTANTS["echo"],
    "b'ann: welcome', b'ann: welcome'": MUTANTS["double"],
    "connections are left": Parts(receipts=_PatientFactory),
}


class _HastyTarget(WireTarget):
    seconds = 0.0


class BrokenTests(SynchronousTestCase):
    """
    A fuzzer that finds nothing proves nothing unless it finds what is there.
    """

    def assertFound(self, target: "Target[Input]", why: str) -> Input:
        """
        Fail unless the fuzzer soon finds something wrong.

        :param why: what it says.
        :returns: the input that shows it.
        """
        _, finding = _fuzzed(target, _ENOUGH)
        assert finding is not None, why
        self.assertIn(why, finding.trouble.why)
        self.assertEqual(troubleWith(target, finding.input), finding.trouble)
        return finding.input

    def test_wire(self) -> None:
        """
        Every broken function of the wire is found out, by bytes that one can read.
        """
        for why, parts in _BROKEN_WIRES.items():
            self.assertLess(len(self.assertFound(WireTarget(parts), why)), 30, why)

    def test_room(self) -> None:
        """
        So is every broken room, by a few acts.
        """
        for why, parts in _BROKEN_ROOMS.items():
            self.assertLess(len(self.assertFound(RoomTarget(parts), why)), 15, why)

    def test_time(self) -> None:
        """
        An input that takes too long is found, too.
        """
        _, finding = _fuzzed(_HastyTarget(), _ENOUGH)
        assert finding is not None
        self.assertTrue(re.match("it takes [0-9]", finding.trouble.why), finding)

    def test_shrunk(self) -> None:
        """
        Of an input that fails only what is needed is shown.
        """
        self.assertEqual(shrunk(b"one|two|three", lambda data: data.count(b"|") == 2), b"||")
        self.assertEqual(shrunk(b"x", lambda data: True), b"")
