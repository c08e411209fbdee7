"""
What an operator may choose about senders.
"""

from dataclasses import dataclass

from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS
from twisted_messenger.interfaces import Outcome
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Reply

#: Seconds an unfinished message may be silent.
IDLE_TIMEOUT = 60.0

#: Seconds an unfinished message may take in all.
MESSAGE_TIMEOUT = 120.0


@dataclass(frozen=True)
class SenderLimits:
    """
    What senders may do, and what they are told.

    :param explain: whether a refusal is told; else the connection is reset.
    :param receipts: whether what was stored is answered with ``+ POSITION``; a registration with
        the last position of the log.
    :param idleTimeout: seconds an unfinished message may be silent.
    :param messageTimeout: seconds an unfinished message may take in all.
    :param maxConnections: how many may be open at once.
    :param maxPerHost: of these, from one source but loopback, 0 for no limit; see
        :class:`~twisted_messenger.incoming.connectiontable.ConnectionTable`.
    """

    explain: bool = True
    receipts: bool = False
    idleTimeout: float = IDLE_TIMEOUT
    messageTimeout: float = MESSAGE_TIMEOUT
    maxConnections: int = MAX_CONNECTIONS
    maxPerHost: int | None = None

    def answerTo(self, outcome: Outcome) -> bytes | None:
        """
        What a sender is told of its message.

        :returns: a line, or none at all where the close says it; ``None`` for a reset.
        """
        if isinstance(outcome, Refusal):
            return outcome.line() if self.explain else None
        if isinstance(outcome, Reply):
            return outcome.line()
        if outcome is None or not self.receipts:
            return b""
        return b"+ %d\n" % outcome.position
