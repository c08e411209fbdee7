"""
A message of which nobody wants to hear: what it costs is the store's alone.
"""

from twisted.python.failure import Failure

from twisted_messenger.pendingpost import PendingPost
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Member


class Untold(PendingPost):
    """
    Anyone may say it.
    """

    __slots__ = ()

    def admit(self, named: Member | None, /) -> Refusal | None:
        """
        Welcome it.
        """
        return None

    def decided(self, result: int | Refusal, /) -> None:
        """
        Nothing.
        """

    def unknown(self, reason: Failure, /) -> None:
        """
        Raise what the store has failed with.
        """
        reason.raiseException()
