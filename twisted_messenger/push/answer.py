"""
What a peer says about the message that it got.
"""

from twisted_messenger.push.interfaces import Outcome

#: Bytes of an answer that are kept: a refusal is one line.
MAX_ANSWER = 1024

# What a line means that begins so, to a peer whose close confirms, and to one whose word does.
_REFUSALS = {b"~": Outcome.DEFERRED, b"!": Outcome.REJECTED}
_WORDS = {**_REFUSALS, b"+": Outcome.CONFIRMED}


def judged(answer: bytes, ack: bool = False) -> Outcome:
    """
    Say what a peer means that has read the message and closed.

    :param answer: its first bytes; empty as a rule.
    :param ack: whether only a word confirms, not the close.
    """
    if ack:
        return _WORDS.get(answer[:1], Outcome.FAILED)
    return _REFUSALS.get(answer[:1], Outcome.CONFIRMED)


def isFinal(answer: bytes, ack: bool = False) -> bool:
    """
    Whether a line is whole that counts without a close.
    """
    return answer[:1] in (_WORDS if ack else _REFUSALS) and b"\n" in answer
