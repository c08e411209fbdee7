"""
Runs the cases and draws the table.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.conformance.addresses import ADDRESSES, FURTHER_ADDRESSES
from tests.conformance.case import Case, Section
from tests.conformance.encrypted import ENCRYPTED
from tests.conformance.keys import KEYS
from tests.conformance.limits import LIMITS
from tests.conformance.lines import LINES
from tests.conformance.mishaps import MISHAPS
from tests.conformance.names import NAMES
from tests.conformance.options import OPTIONS
from tests.conformance.proxied import PROXIED
from tests.conformance.pushes import PUSHES
from tests.conformance.receipts import CUTS, RECEIPTS, SIZES
from tests.conformance.receiver import Receiver
from tests.conformance.refusals import FOREIGN, MALFORMED, PORTS
from tests.conformance.refusedlines import REFUSED_LINES
from tests.conformance.registrations import AGAIN, OWNERS
from tests.conformance.room import Room
from tests.conformance.server import Server
from tests.conformance.startedwith import POSITIONS, RESERVED
from tests.conformance.texts import NOT_ASCII, TEXTS
from tests.conformance.verdicts import Skipped, Verdict, Violation

#: What a weak server dies of comes last, so that it can show what it does well.
SECTIONS: tuple[Section, ...] = (
    *(PUSHES, TEXTS, RECEIPTS, POSITIONS, RESERVED, ADDRESSES, AGAIN, OWNERS, MALFORMED, NAMES),
    *(PORTS, FURTHER_ADDRESSES, FOREIGN, SIZES, LINES, REFUSED_LINES, OPTIONS),
    *(KEYS, PROXIED, ENCRYPTED, LIMITS),
    *(MISHAPS, NOT_ASCII, CUTS),
)

# Messages by which an examination sees whether they keep their order.
_PULSE = 8


@dataclass(frozen=True)
class Row:
    """
    One line of the table.

    :param case: what was tried.
    :param seen: what was seen, or why it was not tried.
    :param verdict: what follows from that.
    """

    case: Case
    seen: str
    verdict: Verdict


class Suite:
    """
    The cases on one server.

    :param server: the one under test.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._receivers: list[Receiver] = []

    def examine(self) -> None:
        """
        See what the server still does, so that nobody waits for what cannot come.
        """
        server = self._server
        if not server.deaf:
            trouble = server.send(b"from:conformance|is anybody there?").trouble
            server.deaf = f"the server answers no longer ({trouble})" if trouble else ""
        if not server.deaf and not server.mute:
            server.mute = self._pulse()

    def close(self) -> None:
        """
        Stop listening.
        """
        for receiver in self._receivers:
            receiver.close()

    @contextmanager
    def _room(self) -> Iterator[Room]:
        room = Room(self._server)
        try:
            with room:
                yield room
        finally:
            # A server that does not know leave_request goes on pushing: somebody must be there.
            self._receivers += room.receivers

    def _pulse(self) -> str:
        """
        :returns: why there is none.
        """
        try:
            with self._room() as room:
                pulse = room.member("pulse@")
                for number in range(_PULSE):
                    room.hurl(f"from:ann@|{number}")
                patience = self._server.patience
                texts = pulse.wait(lambda texts: len(room.heard(texts)) >= _PULSE, patience)
                heard = room.heard(texts)
        except (Violation, OSError) as problem:
            return str(problem)
        self._server.ordered &= heard == sorted(heard)
        return "" if heard else "the server pushes nothing"

    def run(self, cases: list[Case], *, atOnce: bool) -> Iterator[Row]:
        """
        Try the cases of a section, all at once or one after the other.
        """
        rows: Iterable[Row] = map(self._tried, cases)
        if atOnce:
            with ThreadPoolExecutor(len(cases)) as threads:
                rows = list(threads.map(self._tried, cases))
        for row in rows:
            if row.verdict is Verdict.FAILED:
                self.examine()
            yield row

    def _tried(self, case: Case) -> Row:
        try:
            with self._room() as room:
                return Row(case, case.check(room), Verdict.OK)
        except Skipped as why:
            return Row(case, str(why), Verdict.SKIPPED)
        except (Violation, OSError) as problem:
            return Row(case, str(problem), Verdict.FAILED)
