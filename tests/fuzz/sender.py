"""
Those who speak to the room, and what they see of its answer.
"""

from enum import Enum
from typing import Any

from twisted.internet.error import ConnectionLost

from twisted_messenger.testing import RecordingProtocol


class Verdict(Enum):
    """
    What a sender saw.
    """

    #: Nothing yet.
    OPEN = "open"
    #: An orderly close without a byte.
    STORED = "stored"
    #: A line, then an orderly close.
    REFUSED = "refused"
    #: A reset.
    RESET = "reset"
    #: It went away before there was an answer.
    UNSEEN = "unseen"


class Sender(RecordingProtocol):
    """
    One connection to the room.
    """

    transport: Any

    def __init__(self) -> None:
        super().__init__()
        #: All that was written before the answer.
        self.said = b""
        #: All that was ever written.
        self.wrote = b""
        self._ending = False
        self._left = False

    @property
    def verdict(self) -> Verdict:
        """
        What it has seen so far.
        """
        if self._left:
            return Verdict.UNSEEN
        if self.ended:
            return Verdict.REFUSED if self.data else Verdict.STORED
        return Verdict.OPEN if self.reason is None else Verdict.RESET

    def write(self, data: bytes) -> None:
        """
        Say a piece of a message.
        """
        if not self._ending:
            self.transport.write(data)
            self.said += b"" if self.ended else data
            self.wrote += data

    @property
    def further(self) -> int:
        """
        How many messages it may have sent besides its first.
        """
        return self.wrote.count(b"\n")

    def end(self, data: bytes = b"") -> None:
        """
        Say that the message is whole.
        """
        # Said twice, it would be an error of the sender's own.
        if not self._ending and self.reason is None:
            self.transport.loseWriteConnection()
        self._ending = True

    def reset(self, data: bytes = b"") -> None:
        """
        Die.
        """
        self._leave()
        self.transport.abortConnection()

    def close(self, data: bytes = b"") -> None:
        """
        End the message and do not wait, as the tutorial's client does.
        """
        self._leave()
        self.transport.loseConnection()

    def _leave(self) -> None:
        self._ending = True
        self._left = self._left or self.verdict is Verdict.OPEN

    def assertSound(self) -> None:
        """
        Fail unless what it saw has exactly one meaning.
        """
        assert self.verdict is not Verdict.OPEN, f"no answer to {self.said!r}"
        if self.verdict is Verdict.RESET:
            assert self.reason is not None and self.reason.check(ConnectionLost), self.reason
            assert not self.data, f"a reset behind {bytes(self.data)!r}"
