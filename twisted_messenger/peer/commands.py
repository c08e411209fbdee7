"""
What a person enters: each line is said, or is a command and is carried out.
"""

import re
from collections.abc import Callable

from twisted_messenger.hostport import BadAddress, addressText
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.peer.addressbook import AddressBook, Friend, readFriend
from twisted_messenger.peer.commandline import Command, Say, Unknown, helpLines, parse
from twisted_messenger.peer.completing import Completion, complete
from twisted_messenger.peer.console import Console
from twisted_messenger.peer.membership import RoomMembership
from twisted_messenger.peer.ownmessage import Fate, pendingLines
from twisted_messenger.peer.session import Session

# What people type who want to go.
_WAYS_OUT = ("quit", "exit", ":q")

# What /history and /more take.
_COUNT = re.compile("[1-9][0-9]{0,5}", re.ASCII)

# Messages that /pending lists.
_MAX_LISTED = 20


class Commands:
    """
    Does what a person asks for: the console's :class:`~twisted_messenger.peer.console.Person`.

    :param session: what the person takes part in.
    :param console: where the person is.
    :param book: the friends' names.
    :param add: puts a friend into the book.
    """

    def __init__(
        self,
        session: Session,
        console: Console,
        book: AddressBook,
        add: Callable[[Friend], object],
    ) -> None:
        self._session = session
        self._interactive = console.interactive
        self._notice = console.notice
        self._more = console.more
        self._book = book
        self._add = add
        # What was asked about because it looks like a wish to go.
        self._asked = ""

    def typed(self, line: str) -> None:
        """
        Say a line, or do what it asks for.
        """
        if not self._interactive:
            self._session.say(line)
            return
        meant, asked = parse(line), self._asked
        self._asked = ""
        if isinstance(meant, Unknown):
            self._notice(
                f"not sent: there is no {meant.word}; /help lists the commands, "
                f"and //{meant.word[1:]} says it with its slash"
            )
        elif isinstance(meant, Say):
            self._say(meant.text, asked)
        else:
            self.obey(meant)

    def tooLong(self) -> None:
        """
        Count it with what was not taken.
        """
        self._session.notTaken += 1

    def _say(self, text: str, asked: str) -> None:
        word = text.strip()
        if word.casefold() in _WAYS_OUT and word != asked:
            self._asked = word
            self._notice(f"not sent: {word}. /quit or Ctrl-D ends; {word} once more says it")
        elif word:
            self._session.say(text)

    def completed(self, line: str) -> Completion:
        """
        How a line may go on that is being typed.
        """
        # Lists at once: this is another thread than the one that adds to them.
        friends = [friend.name for friend in list(self._book)]
        return complete(line, list(self._session.heard), friends)

    def pasted(self, messages: list[str]) -> None:
        """
        Say each message of a block, as long as they are taken.
        """
        for message in messages:
            if not self._session.say(message):
                break

    def ended(self) -> None:
        """
        Go; at the end of a pipe, when everything is sent.
        """
        if self._interactive:
            self._session.quit()
        else:
            self._session.finish()

    def lost(self) -> None:
        """
        Go at once.
        """
        self._session.lost()

    def obey(self, command: Command) -> None:
        """
        Do it.
        """
        getattr(self, f"do_{command.name}")(command.argument)

    def do_help(self, argument: str) -> None:
        """
        ``/help``
        """
        for line in helpLines():
            self._notice(line)

    def do_who(self, argument: str) -> None:
        """
        ``/who``
        """
        room = self._session.room
        if room is not None:
            room.who().addCallback(self._tellWho)
        else:
            self._tellHeard()

    def _tellWho(self, names: str | None) -> None:
        if names is None:
            self._notice("this server does not tell who is in the room")
        else:
            self._notice(f"in the room: {names}")
        self._tellHeard()

    def _tellHeard(self) -> None:
        self._notice(f"heard since you started: {', '.join(self._session.heard) or 'nobody yet'}")
        for friend in self._book:
            self._notice(f"{friend.name}: {addressText(friend.host, friend.port)}")

    def do_history(self, argument: str) -> None:
        """
        ``/history N``
        """
        room = self._session.room
        if room is None:
            self._notice("a room has a history; you are in none")
        elif not _COUNT.fullmatch(argument):
            self._usage("/history N: how many messages, such as /history 20")
        elif room.recall(int(argument)) is None:
            self._notice("this server does not show what was said before")
        else:
            self._notice(f"the last {argument} messages of others, as far as the server has them:")

    def do_more(self, argument: str) -> None:
        """
        ``/more``, ``/more N``
        """
        if argument and not _COUNT.fullmatch(argument):
            self._usage("/more N: the number where the message was cut")
        elif not self._more(int(argument) if argument else None):
            self._notice("there is nothing more of that; the last long messages are kept")

    def do_me(self, argument: str) -> None:
        """
        ``/me TEXT``
        """
        if argument:
            self._session.say(f"*{argument}*")
        else:
            self._usage("/me TEXT")

    def do_nick(self, argument: str) -> None:
        """
        ``/nick NAME``
        """
        room = self._session.room
        if room is None:
            self._notice("a name is for a room; you are in none")
            return
        try:
            name = cleanName(argument)
        except BadName as problem:
            self._usage(f"/nick NAME: {problem}")
        else:
            room.rename(name).addCallback(self._renamed, room)

    def _renamed(self, result: object, room: RoomMembership) -> None:
        if self._session.conversation is room:
            self._session.talkIn(room)

    def do_friend(self, argument: str) -> None:
        """
        ``/friend NAME``, ``/friend [NAME=]HOST:PORT``
        """
        if self._session.room is not None:
            self._notice("you are in a room; /leave it first")
            return
        try:
            friend = self._book.find(argument) or readFriend(argument)
        except BadAddress as problem:
            self._usage(f"/friend NAME, or [NAME=]HOST:PORT: {problem}")
            return
        self._add(friend)
        self._session.talkTo(friend)
        self._notice(f"you talk to {friend.label}")

    def do_to(self, argument: str) -> None:
        """
        ``/to NAME TEXT``
        """
        name, _, text = argument.partition(" ")
        friend = self._book.find(name)
        if friend is None:
            names = ", ".join(friend.name for friend in self._book) or "nobody"
            self._notice(f"not sent: the address book has {names}; --friend NAME=HOST:PORT")
        elif text.strip():
            self._session.sayTo(self._session.friendship(friend), text.strip())
        else:
            self._usage("/to NAME TEXT")

    def do_leave(self, argument: str) -> None:
        """
        ``/leave``
        """
        room = self._session.room
        if room is not None:
            room.leave().addCallback(self._departed)
        elif self._session.conversation is not None:
            self._notice("you talk to nobody now; /friend HOST:PORT")
        else:
            self._notice("there is nothing to leave; /quit ends")
        self._session.talkIn(None)

    def _departed(self, fate: Fate) -> None:
        why = f" ({fate.detail})" if fate.detail else ""
        self._notice(f"you left the room{why}; /join brings you back")

    def do_join(self, argument: str) -> None:
        """
        ``/join``
        """
        room = self._session.lastRoom
        if room is None:
            self._notice("there is no room to join: start with --server HOST:PORT --name NAME")
        else:
            self._session.talkIn(room)
            room.rejoin()

    def do_pending(self, argument: str) -> None:
        """
        ``/pending``
        """
        pending = self._session.pending
        for line in pendingLines(pending.first(_MAX_LISTED), len(pending)):
            self._notice(line)

    def do_quit(self, argument: str) -> None:
        """
        ``/quit``
        """
        self._session.quit()

    def _usage(self, text: str) -> None:
        self._notice(f"use {text}")
