"""
What each command of a person does.
"""

from collections.abc import Callable

from twisted_messenger.peer.addressbook import (
    AddressBook,
    BadAddress,
    Friend,
    addressText,
    readFriend,
)
from twisted_messenger.peer.commandline import Command, helpLines
from twisted_messenger.peer.conversation import RoomMembership
from twisted_messenger.peer.ownmessage import Fate, pendingLines
from twisted_messenger.peer.session import Session
from twisted_messenger.text import BadName, cleanName

# Messages that /pending lists.
_MAX_LISTED = 20


class Commands:
    """
    Does what a person asks for.

    :param talk: the person's side.
    :param book: the friends' names.
    :param add: puts a friend into the book.
    :param notice: called with a line for the person.
    """

    def __init__(
        self,
        talk: Session,
        book: AddressBook,
        add: Callable[[Friend], object],
        notice: Callable[[str], object],
    ) -> None:
        self._talk = talk
        self._book = book
        self._add = add
        self._notice = notice

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
        names = ", ".join(self._talk.heard) or "nobody yet"
        if self._talk.room is not None:
            self._notice("the server tells nobody who its members are")
        self._notice(f"heard since you started: {names}")
        for friend in self._book:
            self._notice(f"{friend.name}: {addressText(friend.host, friend.port)}")

    def do_me(self, argument: str) -> None:
        """
        ``/me TEXT``
        """
        if argument:
            self._talk.say(f"*{argument}*")
        else:
            self._usage("/me TEXT")

    def do_nick(self, argument: str) -> None:
        """
        ``/nick NAME``
        """
        if self._talk.room is None:
            self._notice("a name is for a room; you are in none")
            return
        try:
            name = cleanName(argument)
        except BadName as problem:
            self._usage(f"/nick NAME: {problem}")
        else:
            self._talk.room.rename(name).addCallback(self._renamed, self._talk.room)

    def _renamed(self, result: object, room: RoomMembership) -> None:
        if self._talk.conversation is room:
            self._talk.talkIn(room)

    def do_friend(self, argument: str) -> None:
        """
        ``/friend NAME``, ``/friend [NAME=]HOST:PORT``
        """
        if self._talk.room is not None:
            self._notice("you are in a room; /leave it first")
            return
        try:
            friend = self._book.find(argument) or readFriend(argument)
        except BadAddress as problem:
            self._usage(f"/friend NAME, or [NAME=]HOST:PORT: {problem}")
            return
        self._add(friend)
        self._talk.talkTo(friend)
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
            self._talk.sayTo(self._talk.friendship(friend), text.strip())
        else:
            self._usage("/to NAME TEXT")

    def do_leave(self, argument: str) -> None:
        """
        ``/leave``
        """
        room, self._talk.room = self._talk.room, None
        if room is not None:
            room.leave().addCallback(self._departed)
        elif self._talk.conversation is not None:
            self._notice("you talk to nobody now; /friend HOST:PORT")
        else:
            self._notice("there is nothing to leave; /quit ends")
        self._talk.talkIn(None)

    def _departed(self, fate: Fate) -> None:
        why = f" ({fate.detail})" if fate.detail else ""
        self._notice(f"you left the room{why}")

    def do_pending(self, argument: str) -> None:
        """
        ``/pending``
        """
        for line in pendingLines(self._talk.pending.first(_MAX_LISTED), len(self._talk.pending)):
            self._notice(line)

    def do_quit(self, argument: str) -> None:
        """
        ``/quit``
        """
        self._talk.quit()

    def _usage(self, text: str) -> None:
        self._notice(f"use {text}")
