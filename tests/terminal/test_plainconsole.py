"""
The console that only appends, on pipes.
"""

import itertools
import os
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer import console
from twisted_messenger.peer.addressbook import AddressBook
from twisted_messenger.peer.arrival import Arrival, fromFriend
from twisted_messenger.peer.completing import Completion
from twisted_messenger.peer.ownmessage import Fate, OwnMessage, State
from twisted_messenger.terminal.plainconsole import PlainConsole
from twisted_messenger.terminal.transcript import plain, whole


class Listening:
    """
    A person who remembers what was said.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []

    def typed(self, line: str) -> None:
        """
        Keep it.
        """
        self.heard.append(line)

    def completed(self, line: str) -> Completion:
        """
        Nothing to guess.
        """
        return Completion("", ())

    def pasted(self, messages: list[str]) -> None:
        """
        Keep it.
        """
        self.heard.extend(messages)

    def tooLong(self) -> None:
        """
        Remember it.
        """
        self.heard.append("TOO LONG")

    def ended(self) -> None:
        """
        Remember it.
        """
        self.heard.append("END")

    def lost(self) -> None:
        """
        Remember it.
        """
        self.heard.append("LOST")


_PersonTypeCheck: type[console.Person] = Listening
_ConsoleTypeCheck: type[console.Console] = PlainConsole


def render(arrival: Arrival) -> str:
    """
    As a pipe gets it.
    """
    return "\n".join(plain(line) for line in whole(arrival))


class PlainConsoleTests(SynchronousTestCase):
    """
    Lines in, lines out.
    """

    def make(self, **options: Any) -> PlainConsole:
        """
        A console on three pipes.
        """
        pipes = [os.pipe() for _ in range(3)]
        for descriptor in itertools.chain(*pipes):
            self.addCleanup(os.close, descriptor)
        self.reactor = MemoryReactorClock()
        self.output, self.errors = pipes[1][0], pipes[2][0]
        made = PlainConsole(
            self.reactor,
            render,
            descriptors=(pipes[0][0], pipes[1][1], pipes[2][1]),
            **options,
        )
        self.input = pipes[0][1]
        self.person = Listening()
        made.start(self.person)
        return made

    def said(self, state: State, detail: str = "") -> OwnMessage:
        """
        A message that ended so.
        """
        message = OwnMessage("hello", "ann")
        message.settle(Fate(state, detail))
        return message

    def test_show(self) -> None:
        """
        A message is on standard output when its sender is told so; a bell may ring.
        """
        arrival = fromFriend(AddressBook(), "10.0.0.9", 1, "a\nb")
        for options, front in (({}, ""), ({"rings": lambda arrival: True}, "\a")):
            shown = self.make(interactive=False, **options).show(arrival)
            self.assertIsNone(self.successResultOf(shown))
            self.assertEqual(
                os.read(self.output, 100).decode(),
                f"{front}('10.0.0.9', 1): a\n('10.0.0.9', 1): b\n",
            )

    def test_more(self) -> None:
        """
        What was cut is shown in full, among the messages.
        """
        cut = {1: [[("", "bob: "), ("", "all")], [("", "of it")]]}
        console = self.make(interactive=True, inFull=lambda number: cut.get(number or 1, []))
        self.assertTrue(console.more(None))
        self.assertEqual(os.read(self.output, 100), b"bob: all\nof it\n")
        self.assertFalse(console.more(2))

    def test_notice(self) -> None:
        """
        A notice is on standard error, on one line.
        """
        self.make(interactive=False).notice("bob\nanswered")
        self.assertEqual(os.read(self.errors, 100), b"* bob\\x0aanswered\n")

    def test_pipe(self) -> None:
        """
        A pipe's messages are told of only when something is wrong with them.
        """
        made = self.make(interactive=False)
        for state in (State.WAITING, State.SENT, State.REFUSED, State.UNKNOWN):
            made.outgoing(self.said(state, "why"))
        self.assertEqual(
            os.read(self.errors, 200), b"* refused: why [hello]\n* unknown: why [hello]\n"
        )

    def test_person(self) -> None:
        """
        A person is told what became of each, and that it waits where that is known.
        """
        made = self.make(interactive=True)
        made.outgoing(self.said(State.WAITING))
        made.outgoing(self.said(State.WAITING, "bob is away"))
        made.outgoing(self.said(State.SENT))
        self.assertEqual(
            os.read(self.errors, 200), b"* waiting: bob is away [hello]\n* sent [hello]\n"
        )

    def test_read(self) -> None:
        """
        Lines are read; one that no peer would take is refused here.
        """
        self.make(interactive=False)
        (reader,) = self.reactor.getReaders()
        os.write(self.input, b"one\n")
        reader.doRead()
        self.assertEqual(self.person.heard, ["one"])
        for _ in range(5):
            os.write(self.input, b"x" * 60_000)
            reader.doRead()
        os.write(self.input, b"\n")
        reader.doRead()
        self.assertIn(b"not sent: a line of more than 262144 bytes", os.read(self.errors, 100))

    def test_notRead(self) -> None:
        """
        Where there is nobody to talk to, a pipe is left alone.
        """
        self.make(interactive=False, reads=False)
        self.assertEqual(self.reactor.getReaders(), [])

    def test_pause(self) -> None:
        """
        A pause reads nothing.
        """
        made = self.make(interactive=False)
        made.pause()
        self.assertEqual(self.reactor.getReaders(), [])
        made.resume()
        self.assertEqual(len(self.reactor.getReaders()), 1)

    def test_stop(self) -> None:
        """
        A stop reads no more, and is over when everything is written.
        """
        made = self.make(interactive=False)
        self.successResultOf(made.stop())
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def fill(self, descriptor: int) -> None:
        """
        Stuff a pipe.
        """
        os.set_blocking(descriptor, False)
        try:
            while True:
                os.write(descriptor, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(descriptor, True)

    def test_stopWithoutReader(self) -> None:
        """
        Where nobody reads, it ends all the same, and the sender keeps its message.
        """
        made = self.make(interactive=False)
        self.fill(made.descriptors[1])
        shown = made.show(fromFriend(AddressBook(), "10.0.0.9", 1, "a"))
        stopped = made.stop()
        self.assertNoResult(stopped)
        self.reactor.advance(1.1)
        self.successResultOf(stopped)
        self.assertIs(self.successResultOf(shown), console.NOT_SHOWN)
        self.assertTrue(console.NOT_SHOWN.transient)

    def test_lost(self) -> None:
        """
        When standard output is closed, the person is gone.
        """
        made = self.make(interactive=False)
        closed = os.pipe()
        os.dup2(closed[1], made.descriptors[1])
        os.close(closed[0])
        os.close(closed[1])
        shown = made.show(fromFriend(AddressBook(), "10.0.0.9", 1, "a"))
        self.assertIs(self.successResultOf(shown), console.NOT_SHOWN)
        self.assertEqual(self.person.heard, ["LOST"])
