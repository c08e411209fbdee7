"""
The wire: whatever bytes come in, what goes out is safe and never a command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz.bytestream import mutatedBytes
from tests.fuzz.cases import MESSAGES
from tests.fuzz.pieces import shrunk
from tests.fuzz.safety import assertSafe, assertSafeLine
from twisted_messenger.errors import WireError
from twisted_messenger.names import MAX_NAME, BadName, cleanName
from twisted_messenger.refusal import MAX_DETAIL, Reason, Refusal
from twisted_messenger.text import (
    attributeLines,
    escapeLine,
    prefixLines,
)
from twisted_messenger.wire import (
    MAX_MESSAGE_BYTES,
    Command,
    RoomMessage,
    formatPush,
    parse,
    parsePush,
)

#: Bytes of an answer: its detail, each character escaped, and the code before it.
MAX_REFUSAL_BYTES = 2048

# Who speaks where the name is none.
_NOBODY = "nobody"

# How a peer shows who sent a text.
_PREFIX = "('10.0.0.2', 47893): "

# Some more than a message may have.
_LONGEST = MAX_MESSAGE_BYTES + 500


@dataclass(frozen=True)
class WireParts:
    """
    The functions that are tried.
    """

    parse: Callable[[bytes, int], Command] = parse
    cleanName: Callable[[str], str] = cleanName
    formatPush: Callable[[str, str], bytes] = formatPush
    prefixLines: Callable[[str, str], str] = prefixLines
    escapeLine: Callable[[str, int], str] = escapeLine
    parsePush: Callable[[bytes], str] = parsePush
    attributeLines: Callable[[str], str] = attributeLines
    line: Callable[[Refusal], bytes] = Refusal.line


class WireTarget:
    """
    Takes the bytes for a message to a server, and for a push to a peer.

    :param parts: what to try.
    """

    name = "wire"
    seconds = 1.0
    cases: Sequence[bytes] = MESSAGES

    def __init__(self, parts: WireParts | None = None) -> None:
        self._parts = parts or WireParts()

    def check(self, input: bytes) -> None:
        """
        Try all that is done with bytes from elsewhere.
        """
        self._checkReceived(input)
        try:
            command = self._parts.parse(input, MAX_MESSAGE_BYTES)
        except WireError as error:
            self._checkRefusal(error.refusal)
            return
        name = self._checkedName(command.name)
        if isinstance(command, RoomMessage):
            self._checkPush(name, command.text)
        else:
            assert 1 <= command.port <= 65535, f"port {command.port}"
            # As the room quotes it.
            self._checkRefusal(Refusal(Reason.UNRESOLVABLE, f"{command.host} is no address"))

    def mutated(self, input: bytes, other: bytes, random: Random) -> bytes:
        """
        See :class:`~tests.fuzz.fuzzer.Target`.
        """
        return mutatedBytes(input, other, random, _LONGEST)

    def shrunk(self, input: bytes, fails: Callable[[bytes], bool]) -> bytes:
        """
        See :class:`~tests.fuzz.fuzzer.Target`.
        """
        return shrunk(input, fails)

    def _checkReceived(self, data: bytes) -> None:
        """
        A peer shows what another server or a friend sent.
        """
        text = self._parts.parsePush(data)
        assert text == text.strip(), "blanks are left around a text"
        assertSafeLine(self._parts.escapeLine(text, MAX_DETAIL))
        shown = self._parts.prefixLines(_PREFIX, text)
        assertSafe(shown)
        _checkLines(shown, _PREFIX, text)
        owned = self._parts.attributeLines(text)
        assertSafe(owned)
        owner, separator, _ = owned.split("\n")[0].partition(": ")
        named = separator and 1 <= len(owner) <= MAX_NAME
        _checkLines(owned, f"{owner}:" if named else "", text)

    def _checkedName(self, name: str) -> str:
        """
        The name that a command comes under, or another where it is none.
        """
        try:
            cleaned = self._parts.cleanName(name)
        except BadName as problem:
            self._checkRefusal(Refusal(Reason.BAD_NAME, str(problem)))
            return _NOBODY
        assert 1 <= len(cleaned) <= MAX_NAME, f"a name of {len(cleaned)} characters"
        assert self._parts.cleanName(cleaned) == cleaned, "a clean name has another spelling"
        assertSafeLine(cleaned)
        return cleaned

    def _checkPush(self, name: str, text: str) -> None:
        push = self._parts.formatPush(name, text)
        shown = push.decode()
        assertSafe(shown)
        _checkLines(shown, f"{name}: ", text)
        self._checkNoCommand(push)
        self._checkNoCommand(push + b"\n")
        received = self._parts.parsePush(push)
        assert self._parts.attributeLines(received) == received, "a push is shown as another one"

    def _checkNoCommand(self, push: bytes) -> None:
        """
        Two servers may be registered with each other.
        """
        try:
            command = self._parts.parse(push, len(push))
        except WireError:
            return
        raise AssertionError(f"a push is a {type(command).__name__}")

    def _checkRefusal(self, refusal: Refusal) -> None:
        checkRefusalLine(self._parts.line(refusal))


def checkRefusalLine(line: bytes) -> None:
    """
    Fail unless that is the answer to a refused message.
    """
    assert line[:2] in (b"! ", b"~ ") and line.endswith(b"\n"), f"no refusal: {line!r}"
    assertSafeLine(line[:-1].decode())
    assert len(line) <= MAX_REFUSAL_BYTES, f"a refusal of {len(line)} bytes"


def _checkLines(shown: str, prefix: str, text: str) -> None:
    """
    Fail unless every line is there, and carries the prefix.

    :param prefix: of the first line it is known anyway.
    """
    # However a terminal splits it.
    forged = [line for line in shown.splitlines() if not line.startswith(prefix)]
    assert not forged, f"lines without {prefix!r}: {forged[:3]}"
    assert shown.count("\n") == text.count("\n"), "a line was lost or added"
