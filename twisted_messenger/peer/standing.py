"""
What a server says of a registration, or to a message. Pure.
"""

from enum import Enum

from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.said import readReceipt


class Standing(Enum):
    """
    Whether a registration stands.
    """

    #: It does.
    HERE = "here"
    #: It was gone, and has been made anew.
    JOINED = "joined"
    #: It does not, and the server says why.
    REFUSED = "refused"
    #: The server is of before there was such a question, and says so.
    OLDER = "older"
    #: The server does not answer questions, as the tutorial's.
    SILENT = "silent"
    #: The question may not have arrived.
    UNKNOWN = "unknown"


_WORDS = {"here": Standing.HERE, "joined": Standing.JOINED}


def readStanding(fate: Fate) -> Standing:
    """
    Read what became of the question.
    """
    if fate.state is State.UNKNOWN:
        return Standing.UNKNOWN
    answer = readReceipt(fate.answer)
    if isinstance(answer, Refusal):
        isOlder = answer.reason is Reason.MALFORMED
        return Standing.OLDER if isOlder else Standing.REFUSED
    return _WORDS.get(readReply(fate) or "", Standing.SILENT)


def readReply(fate: Fate) -> str | None:
    """
    What the server has to tell, as it does when it was asked for something.

    :returns: ``None`` where it says nothing; a line that was cut ends in dots.
    """
    line, newline, _ = fate.answer.partition(b"\n")
    said = line.decode("utf-8", "ignore").strip()
    if not said.startswith("+"):
        return None
    reply = said[1:].strip()
    return reply if newline else f"{reply.rpartition(', ')[0]}, ..."


def byServer(fate: Fate) -> Fate:
    """
    A server takes a message without a word, or with a receipt; any other word means that it did
    not take it.
    """
    if fate.state is not State.SENT:
        return fate
    isTaken = readReceipt(fate.answer).stored
    return Fate(State.SENT) if isTaken else Fate(State.REFUSED, fate.detail)
