"""
What can go wrong, as a small tree: theirs (the wire), ours (the start), the store's.

A message that is merely unwelcome is not an error but a
:class:`~twisted_messenger.refusal.Refusal`, a value.
"""

from twisted_messenger.refusal import Reason, Refusal


class MessengerError(Exception):
    """
    The root of every exception this package raises on purpose.
    """


class WireError(MessengerError):
    """
    Bytes from a peer that are not a message of the wire format.

    :param reason: the code that the sender is told and that is counted.
    :param detail: what exactly was wrong, for people.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)


class StartError(MessengerError):
    """
    The service cannot start; the text is one line that names the option and the mend.
    """


class NoSuchRoom(MessengerError, ValueError):
    """
    A store cannot hold a room of that name; the text says what it takes.
    """


class StoreError(MessengerError):
    """
    The store did not do what was asked; nothing of it happened.
    """


class StoreClosed(StoreError):
    """
    The store is closed, or about to: the program stops.
    """


class StoreFull(StoreError):
    """
    There is no room for a new message: the disk is full, or the file may not be written.
    """


class StoreLost(StoreError):
    """
    The store cannot be reached, or gave up half-way; the same may succeed when it is there again.
    """


class StoreUncertain(StoreError):
    """
    Nobody knows whether the store did what was asked: it was lost in that moment, and stayed away.
    """
