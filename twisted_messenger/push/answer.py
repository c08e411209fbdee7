"""
What a peer says about the message that it got.
"""

from twisted_messenger.push.interfaces import Outcome

#: Bytes of an answer that are kept: a refusal is one line.
MAX_ANSWER = 1024

# Looking a member of an enumeration up takes a while on older Pythons.
_MEANINGS = {b"~": Outcome.DEFERRED, b"!": Outcome.REJECTED}


def judged(answer: bytes) -> Outcome:
    """
    Say what a peer that has read the message and closed means.

    :param answer: its first bytes; empty as a rule.
    """
    return _MEANINGS.get(answer[:1], Outcome.CONFIRMED)


def isFinal(answer: bytes) -> bool:
    """
    Whether nothing that still comes can change what it means: a line that says no is whole.
    """
    return answer[:1] in _MEANINGS and b"\n" in answer
