"""
The registration of a person's peer, kept alive.

It begins with the tutorial's four fields, once. Then the server is asked whether the registration
stands, and its answer tells what kind of server it is. One of ours is asked again and again: it may
have forgotten us, and then a check mark behind our own lines would mean nothing.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from twisted.internet.defer import Deferred, succeed

from twisted_messenger.address import LOOPBACK, isLocalhost, machineKey
from twisted_messenger.options import RegistrationOptions
from twisted_messenger.peer.conversation import Notice
from twisted_messenger.peer.mends import asksForKey, mendOfLoss
from twisted_messenger.peer.outbox import Outbox
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.peer.refreshing import Refreshing
from twisted_messenger.peer.standing import Standing, byServer, readReply, readStanding
from twisted_messenger.roster import PLAIN, MemberOptions
from twisted_messenger.wire import formatDeparture, formatRegistration

#: Seconds since the server last said that we are there, after which it is asked before the next
#: line.
SILENCE = 5.0

# JSON has the time of what waited.
_WISHES = MemberOptions(json=True)

_DEAF = "this server cannot say whether it still knows you: if you hear nobody, /join"


class Server(Enum):
    """
    What kind of server it is.
    """

    UNKNOWN = "it was not asked yet"
    OURS = "it knows options"
    OLDER = "it is one of ours, of before there were options"
    TUTORIAL = "it answers nothing, and keeps every registration, however many"


class Registration:
    """
    Keeps a name registered.

    :param reactor: measures time.
    :param outbox: leads to the server.
    :param name: under which to speak.
    :param host: where the server shall push; ``0.0.0.0`` for "where I come from".
    :param key: takes the name along when our address changes; ``None`` for none.
    :param notice: called with a line for the person.
    :param now: tells the time of day.
    """

    def __init__(
        self,
        reactor: Any,
        outbox: Outbox,
        name: str,
        host: str,
        key: str | None,
        notice: Notice,
        now: Callable[[], datetime],
    ) -> None:
        #: Under which it is made.
        self.name = name
        #: Where the server shall push.
        self.port = 0
        #: What answers.
        self.server = Server.UNKNOWN
        self._outbox = outbox
        self._host = host
        self._key = key
        self._showsKey = key is not None and mayMove(host)
        self._notice = notice
        self._now = now
        self._refreshing = Refreshing(reactor, outbox, self._question, self._answered)
        self._underWay = 0
        self._ended = self._isOut = self._wasToldDeaf = False
        # When the server last said that we are there, and from which address we came; and when it
        # last said anything of it.
        self._sure = self._heard = now()
        self._cameFrom = ""

    def make(self, name: str, *, first: bool = False) -> "Deferred[Fate]":
        """
        Register, as the server understands it.

        :param name: a clean one.
        :param first: before everything else that waits.
        :returns: fires when the server has answered.
        """
        self._ended = False
        options = self._options() if self.server is Server.OURS else None
        return self._send(name, options, first)

    def end(self) -> "Deferred[Fate]":
        """
        Have it removed, after everything that was said.
        """
        self._ended = True
        self._refreshing.end()
        return self._depart().addCallback(byServer)

    def ask(self) -> None:
        """
        Ask whether it stands.
        """
        self._refreshing.ask()

    def speaking(self) -> None:
        """
        Something is about to be said: ask first, unless that was done a moment ago.
        """
        seconds = (self._now() - self._heard).total_seconds()
        # The time of day, which may be set back: other clocks stand still while a laptop sleeps.
        if abs(seconds) > SILENCE and self._mayAsk:
            self.ask()

    def returned(self, restarted: bool) -> None:
        """
        The server was away, and may have forgotten us.

        :param restarted: whether it is a new process: then it has, if it keeps nothing.
        """
        if self._mayAsk:
            self.ask()
        elif self._ended or self._underWay:
            return
        elif self.server is Server.OLDER or restarted:
            self.make(self.name, first=True).addCallback(self._madeAgain)
        else:
            self._tellDeaf()

    def follow(self, fate: Fate) -> bool:
        """
        Register anew if we come from another address than before. If not, somebody else has the
        name, and it is not ours to take it back.

        :param fate: what the server said, that tells from where we came.
        :returns: whether we do.
        """
        known = self._cameFrom and fate.host
        if self._isOut or not known or machineKey(fate.host) == machineKey(self._cameFrom):
            return False
        self._cameFrom = fate.host
        self.make(self.name, first=True).addCallback(self._moved)
        return True

    def who(self) -> "Deferred[str | None]":
        """
        Ask who is in the room.

        :returns: fires with their names, or ``None`` where the server does not tell.
        """
        if self.server in (Server.OLDER, Server.TUTORIAL):
            return succeed(None)
        asked = self._format(self.name, RegistrationOptions(who=True))
        return self._outbox.send(lambda: asked, first=True).addCallback(readReply)

    def recall(self, count: int) -> "Deferred[Fate] | None":
        """
        Have what was said before pushed once more: only a new member begins further back.

        :param count: how many messages.
        :returns: fires when the server has answered; ``None`` where it has no such option.
        """
        if self.server is not Server.OURS:
            return None
        self._depart()
        again = self._options(MemberOptions(json=True, history=count))
        return self._send(self.name, again).addCallback(self._madeAgain)

    @property
    def _mayAsk(self) -> bool:
        isAnswered = self.server in (Server.UNKNOWN, Server.OURS)
        return isAnswered and not self._ended and not self._underWay

    def _depart(self) -> "Deferred[Fate]":
        return self._outbox.send(lambda: formatDeparture(self.name, self._host, self.port))

    def _send(
        self, name: str, options: RegistrationOptions | None, first: bool = False
    ) -> "Deferred[Fate]":
        self._underWay += 1
        registration = self._format(name, options)
        sent = self._outbox.send(lambda: registration, first)
        return sent.addCallback(self._sent, name, options)

    def _sent(
        self, fate: Fate, name: str, options: RegistrationOptions | None
    ) -> "Fate | Deferred[Fate]":
        self._underWay -= 1
        fate = byServer(fate)
        if fate.state is State.SENT:
            self.name = name
            self._sure = self._heard = self._now()
            self._isOut = False
        elif asksForKey(fate.detail) and self._key is not None and not _showsKey(options):
            self.server, self._showsKey = Server.OURS, True
            return self.make(name, first=True)
        return fate

    def _format(self, name: str, options: RegistrationOptions | None) -> bytes:
        return formatRegistration(name, self._host, self.port, options)

    def _options(self, member: MemberOptions = _WISHES) -> RegistrationOptions:
        return RegistrationOptions(member, self._key if self._showsKey else None)

    def _question(self) -> bytes:
        # Without the key: a server of another kind would show it to whom it shows what it gets, and
        # one of ours takes a millisecond to look at it.
        member = _WISHES if self.server is Server.OURS else PLAIN
        return self._format(self.name, RegistrationOptions(member, refresh=True))

    def _answered(self, fate: Fate) -> None:
        standing = readStanding(fate)
        self._heard = self._now()
        if standing in (Standing.OLDER, Standing.SILENT):
            self._isOther(Server.OLDER if standing is Standing.OLDER else Server.TUTORIAL)
            return
        self._refreshing.askLater()
        if standing is Standing.UNKNOWN:
            self._out(fate)
        elif standing is Standing.REFUSED:
            if not self.follow(fate):
                self._out(fate)
        else:
            self._stands(standing, fate)

    def _isOther(self, kind: Server) -> None:
        before, self.server = self.server, kind
        if before is Server.OURS:
            # Another server has taken the place of that one, and knows nothing of us.
            self.make(self.name, first=True).addCallback(self._madeAgain)
        self._tellDeaf()

    def _stands(self, standing: Standing, fate: Fate) -> None:
        if standing is Standing.JOINED:
            self._notice(
                f"the server had forgotten you, and knows you again: what was said since "
                f"{self._since()} may be missing here"
            )
        before, self.server = self.server, Server.OURS
        if before is Server.UNKNOWN or (standing is Standing.JOINED and self._showsKey):
            self._send(self.name, self._options(), first=True).addCallback(self._keyed)
        self._isOut = False
        self._cameFrom = fate.host
        self._sure = self._now()

    def _keyed(self, fate: Fate) -> None:
        if fate.state is State.REFUSED:
            # The name has another key; without one we may stay.
            self._showsKey = False

    def _madeAgain(self, fate: Fate) -> Fate:
        if fate.state is not State.SENT:
            self._out(fate)
        elif self.server is not Server.OURS:
            # It may be of another kind by now.
            self.server = Server.UNKNOWN
            self.ask()
        return fate

    def _moved(self, fate: Fate) -> None:
        if fate.state is State.SENT:
            self._notice(f"your address is {self._cameFrom} now, and {self.name} is registered so")
        else:
            self._out(fate)

    def _out(self, fate: Fate) -> None:
        if not self._isOut:
            self._isOut = True
            why = mendOfLoss(fate.detail)
            self._notice(f"what is said may not reach you any more, since {self._since()}: {why}")

    def _tellDeaf(self) -> None:
        if not self._wasToldDeaf:
            self._wasToldDeaf = True
            self._notice(_DEAF)

    def _since(self) -> str:
        isToday = self._sure.date() == self._now().date()
        return self._sure.strftime("%H:%M" if isToday else "%Y-%m-%d %H:%M")


def mayMove(host: str) -> bool:
    """
    Whether a peer may come from another address one day, and needs its key then.

    On the server's machine it does not; and who has no key there, such as a netcat, shall be able
    to go on under the name.

    :param host: where the server shall push.
    """
    return not isLocalhost(host) and machineKey(host) != LOOPBACK


def _showsKey(options: RegistrationOptions | None) -> bool:
    return options is not None and options.key is not None
