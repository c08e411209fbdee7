"""
What a peer needs of a terminal or a pipe.

There are two: :mod:`twisted_messenger.terminal.plainconsole` only appends, for pipes, screen
readers and simple terminals; :mod:`twisted_messenger.terminal.promptconsole` keeps the line that
is being typed below what arrives.
"""

from typing import Protocol

from twisted.internet.defer import Deferred

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.completing import Completion
from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.refusal import Reason, Refusal

#: Fires with ``None`` when a message was shown, else with why it was not.
Shown = Deferred[Refusal | None]

#: The receipt of a message that came too late to be shown.
NOT_SHOWN = Refusal(Reason.SHUTDOWN, "nobody looks at it any more")


class Person(Protocol):
    """
    Hears what is entered at a console.
    """

    def typed(self, line: str) -> None:
        """
        A line was entered, without its end.
        """

    def tooLong(self) -> None:
        """
        A line was entered that is too long to be said; the console has told so.
        """

    def completed(self, line: str) -> Completion:
        """
        How a line may go on that is being typed. It may be asked in any thread.

        :param line: up to the cursor.
        """

    def pasted(self, messages: list[str]) -> None:
        """
        A block was entered: what to say, none of it a command.
        """

    def ended(self) -> None:
        """
        There will be no more lines, or the person wants to go.
        """

    def lost(self) -> None:
        """
        Nobody can see any more what is shown.
        """


class Console(Protocol):
    """
    Shows what arrives and reads what is said.
    """

    @property
    def interactive(self) -> bool:
        """
        Whether a person types: then a slash begins a command, and an empty line is an accident.
        """

    def start(self, person: Person) -> None:
        """
        Read from now on.
        """

    def stop(self) -> "Deferred[None]":
        """
        Show what can be shown soon, and leave the terminal as it was.
        """

    def hurry(self) -> None:
        """
        Leave the terminal as it was, now.
        """

    def show(self, arrival: Arrival) -> Shown:
        """
        Show a message.
        """

    def notice(self, text: str) -> None:
        """
        Tell something that is not a message.
        """

    def outgoing(self, message: OwnMessage) -> None:
        """
        Something was said, or what became of it has changed.
        """

    def more(self, number: int | None) -> bool:
        """
        Show a message in full that was too long.

        :param number: which one, as it was told where it was cut; ``None`` for the last.
        :returns: whether it is there.
        """

    def speaker(self, name: str) -> None:
        """
        Show who speaks from now on, or who is spoken to; empty for nobody.
        """

    def pause(self) -> None:
        """
        Read nothing for a while.
        """

    def resume(self) -> None:
        """
        Read again.
        """
