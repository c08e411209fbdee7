"""
The person's side of a peer: what is said, what waits, and how the person leaves.
"""

from collections.abc import Callable
from typing import Any

from twisted_messenger.peer.addressbook import Friend
from twisted_messenger.peer.console import Console
from twisted_messenger.peer.conversation import Conversation, Friendship
from twisted_messenger.peer.leaving import Leaving
from twisted_messenger.peer.membership import RoomMembership
from twisted_messenger.peer.outbox import FriendPusher
from twisted_messenger.peer.outboxes import Outboxes
from twisted_messenger.peer.ownmessage import MAX_WAITING, Fate, OwnMessage, Pending, State

# A pipe is read again when so many messages wait no more.
_LOW = MAX_WAITING // 2

# Names that /who remembers.
_MAX_HEARD = 100

# Seconds that leaving waits for what was said a moment ago.
_LAST_WORDS = 1.0


class Session:
    """
    Whom a person speaks to, what waits, and how the person leaves.

    :param reactor: measures time.
    :param console: where the person is.
    :param pusher: makes the connections.
    :param linger: seconds that the end of a pipe waits for an absent friend.
    :param leave: ends the program, called with its exit status.
    """

    def __init__(
        self,
        reactor: Any,
        console: Console,
        pusher: FriendPusher,
        linger: float,
        leave: Callable[[int], object],
    ) -> None:
        #: Where what is said waits.
        self.outboxes = Outboxes(pusher, reactor, console.notice, self._moved)
        #: What was said and is not settled.
        self.pending = Pending()
        #: Whom the person speaks to.
        self.conversation: Conversation | None = None
        #: The room that the person was in last; ``None`` before the first.
        self.lastRoom: RoomMembership | None = None
        #: Names in the order in which they were heard last.
        self.heard: dict[str, None] = {}
        #: How many lines were refused, are unknown, or were never sent.
        self.notTaken = 0
        self._reactor = reactor
        self._console = console
        self._linger = linger
        self._leave = leave
        self._leaving: Leaving | None = None
        self._warned = -1
        self._paused = False

    @property
    def room(self) -> RoomMembership | None:
        """
        Whom the person speaks to, where that is a room.
        """
        return self.conversation if isinstance(self.conversation, RoomMembership) else None

    def start(self, port: int) -> None:
        """
        Begin to talk.

        :param port: where messages arrive.
        """
        if self.room is not None:
            self.room.join(port)
        elif self.conversation is None:
            how = "/friend HOST:PORT" if self._console.interactive else "give --friend or --server"
            self._console.notice(f"receiving only, on port {port}; to talk: {how}")

    def stop(self) -> None:
        """
        Say nothing any more, and tell how much was left unsaid.
        """
        if self._leaving is not None:
            self._leaving.cancel()
        self.outboxes.stop()
        if len(self.pending):
            self._console.notice(f"not delivered: {len(self.pending)}")

    def talkTo(self, friend: Friend) -> None:
        """
        Talk to a friend from now on.
        """
        self.talkIn(self.friendship(friend))

    def hear(self, name: str) -> None:
        """
        Remember the name of a speaker.
        """
        self.heard.pop(name, None)
        self.heard[name] = None
        if len(self.heard) > _MAX_HEARD:
            del self.heard[next(iter(self.heard))]

    def talkIn(self, conversation: Conversation | None) -> None:
        """
        Let the next lines go there; ``None`` for nowhere.
        """
        self.conversation = conversation
        self.lastRoom = self.room or self.lastRoom
        self._console.speaker(conversation.speaker if conversation else "")

    def friendship(self, friend: Friend) -> Friendship:
        """
        A way to speak to a friend.
        """
        outbox = self.outboxes.to(friend.host, friend.port, friend.label)
        return Friendship(outbox, self._console.notice)

    def say(self, text: str) -> bool:
        """
        Say something to whom the person speaks to.

        :returns: whether it was taken.
        """
        if self.conversation is not None:
            return self.sayTo(self.conversation, text)
        way = (
            "/friend HOST:PORT" if self.lastRoom is None else "/join brings you back into the room"
        )
        self._console.notice(f"not sent: nobody is there to hear it; {way}")
        return False

    def sayTo(self, conversation: Conversation, text: str) -> bool:
        """
        Say something, and tell the console what becomes of it.

        :returns: whether it was taken.
        """
        if len(self.pending) >= MAX_WAITING:
            self._console.notice(f"not sent: {MAX_WAITING} messages wait already")
            return False
        message = OwnMessage(text, conversation.speaker)
        if conversation.outbox.other.away:
            message.detail = f"for {conversation.outbox.other.label}"
        self.pending.add(message)
        self._console.outgoing(message)
        conversation.say(text).addCallback(self._settled, message, conversation)
        if len(self.pending) >= MAX_WAITING and not self._paused:
            self._paused = True
            self._console.pause()
        return True

    def quit(self) -> None:
        """
        Go when everything is sent. If something still waits after a moment, tell the person, and
        go when told again.
        """
        if self._leaving is None:
            seconds = 0 if self._warned >= 0 else _LAST_WORDS
            self._leaving = Leaving(self._reactor, self.outboxes, seconds, self._mayQuit)

    def finish(self) -> None:
        """
        Go when everything is sent, or an absent friend was waited for long enough. In a room, stay
        and hear what is said.
        """
        if self._leaving is None and self.room is None and self.conversation is not None:
            self._leaving = Leaving(self._reactor, self.outboxes, self._linger, self._finished)

    def lost(self) -> None:
        """
        Go: nobody can see any more what is shown.
        """
        self._leave(1)

    def _settled(self, fate: Fate, message: OwnMessage, conversation: Conversation) -> None:
        message.settle(fate)
        self.notTaken += fate.state is not State.SENT
        # A new name may have come before it.
        message.speaker = conversation.speaker
        self.pending.remove(message)
        self._console.outgoing(message)
        if self._paused and len(self.pending) <= _LOW:
            self._paused = False
            self._console.resume()

    def _moved(self) -> None:
        if self._leaving is not None:
            self._leaving.moved()

    def _mayQuit(self, unsent: int) -> None:
        self._leaving = None
        waiting = len(self.pending)
        if waiting and self._warned != waiting:
            self._warned = waiting
            self._console.notice(
                f"unsent: {waiting}, and lost if you go. Once more to go, /pending to see it"
            )
        else:
            self._left(waiting)

    def _finished(self, unsent: int) -> None:
        # A script reads the status, not the lines above.
        if self.notTaken:
            self._console.notice(f"not taken: {self.notTaken}")
        self._left(unsent + self.notTaken)

    def _left(self, unsent: int) -> None:
        self._leave(1 if unsent else 0)
