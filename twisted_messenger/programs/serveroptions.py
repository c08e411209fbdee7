"""
The options of ``twistd chatserver``: what each is, and what it may be.
"""

from twisted.python.usage import UsageError

from twisted_messenger.delivery.limits import SHUTDOWN_TIMEOUT, DeliveryLimits
from twisted_messenger.delivery.slots import MAX_PUSHES
from twisted_messenger.delivery.trouble import EVICT_SECONDS
from twisted_messenger.entry import LogLimits
from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, MESSAGE_TIMEOUT, SenderLimits
from twisted_messenger.incoming.listener import everywhere, familiesHere
from twisted_messenger.interfaces import MAIN_ROOM
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.programs.dooroptions import DoorOptions
from twisted_messenger.programs.storefile import lowestPort, storeFile
from twisted_messenger.push.general import CONNECT_TIMEOUT, PUSH_TIMEOUT
from twisted_messenger.push.holding import HOLD_TIMEOUT
from twisted_messenger.rates import BURST, BYTE_BURST, BYTE_RATE, RATE, RateLimit
from twisted_messenger.room.policy import (
    MIN_CALLBACK_PORT,
    AdmissionPolicy,
    Senders,
    readCallbacks,
    readReservation,
)
from twisted_messenger.roster import MAX_MEMBERS, MAX_MEMBERS_PER_HOST, RosterLimits
from twisted_messenger.wire import MAX_MESSAGE_BYTES, MAX_PUSH_BYTES, MIN_MAX_MESSAGE_BYTES

_DAY = 86_400
_YEARS = 3650 * _DAY
_MANY = 1_000_000
_HUGE = 2**50


class Options(DoorOptions):
    """
    The options of ``twistd chatserver``.
    """

    command = "chatserver"
    synopsis = "[options]"
    longdesc = (
        "A chat room over raw TCP, one message per connection, ended by the end of file. "
        "'from:NAME|TEXT' is pushed as 'NAME: TEXT' to every address that was registered with "
        "'connect_request|NAME|HOST|PORT', but the sender's own. "
        "A close without a byte means the message is stored; a line says why it is not. "
        "Try: printf 'from:ci|build 7 is green' | nc -N localhost 8880"
    )

    optParameters = [
        ["port", "p", None, "Listen on this TCP port, over IPv4 and IPv6 [default: 8880]"],
        [
            "store",
            "s",
            None,
            "Where messages and members are kept: sqlite:PATH, memory: to forget them at exit, or "
            "postgresql://USER@HOST/DB, which several servers can share "
            "[default: sqlite:chatserver-PORT.sqlite in the working directory, by the lowest port]",
        ],
        [
            "room",
            None,
            MAIN_ROOM,
            "Which room of a postgresql: store, which can hold several",
        ],
        [
            "server-name",
            None,
            "server",
            "The name of the server's own notices; nobody else may bear it",
        ],
        [
            "callbacks",
            None,
            "own",
            "Which callback addresses may register: own (the sender's), cidr:NET,... (those too), "
            "any, or none",
        ],
        ["min-callback-port", None, MIN_CALLBACK_PORT, "Refuse callback ports below this one"],
        [
            "senders",
            None,
            "owned",
            "Who may speak: owned (a registered name only from where it was registered), "
            "registered (nobody else), or any",
        ],
        ["max-message", None, MAX_MESSAGE_BYTES, "Bytes of one message, 32768 to 262144"],
        ["max-members", None, MAX_MEMBERS, "Members of the room; 0 = no limit"],
        [
            "max-members-per-host",
            None,
            MAX_MEMBERS_PER_HOST,
            "Members at one callback host other than localhost; 0 = no limit",
        ],
        [
            "max-connections",
            None,
            None,
            "Connections open at once; what comes beyond waits [default: 4096, or what ulimit -n "
            "allows]",
        ],
        [
            "max-connections-per-host",
            None,
            None,
            "Connections open at once from one address, or IPv6 /64; 0 = no limit. Localhost is "
            "exempt from the limits per address [default: 64, or a quarter of --max-connections]",
        ],
        [
            "rate",
            None,
            RATE,
            "Messages a second that one address, or IPv6 /64, may send; 0 = no limit",
        ],
        ["burst", None, BURST, "Messages that one address may send at once"],
        [
            "rate-bytes",
            None,
            int(BYTE_RATE),
            "Bytes of messages a second that one address, or IPv6 /64, may send, 4 MiB at once; "
            "0 = no limit",
        ],
        [
            "client-ca",
            None,
            None,
            "A PEM file of authorities: a client of an ssl: listener must show a certificate from "
            "one of them, and owns the names it registers",
        ],
        [
            "idle-timeout",
            None,
            IDLE_TIMEOUT,
            "Seconds an unfinished message may be silent before its connection is reset",
        ],
        ["message-timeout", None, MESSAGE_TIMEOUT, "Seconds an unfinished message may take in all"],
        [
            "backlog",
            None,
            LogLimits.entries,
            "Messages kept for members that are behind, the newest; 0 = no limit",
        ],
        [
            "message-ttl",
            None,
            LogLimits.seconds,
            "Seconds a message is kept for members that are behind; 0 = no limit",
        ],
        [
            "store-limit",
            None,
            LogLimits.bytes,
            "Bytes of messages kept in all, an eighth of it from one address for members that are "
            "behind; 0 = no limit",
        ],
        [
            "history",
            None,
            LogLimits.keptEntries,
            "Messages kept when everybody has them, the newest, for those who come later; 0 = none",
        ],
        [
            "history-ttl",
            None,
            LogLimits.keptSeconds,
            "Seconds such a message is kept; 0 = not at all",
        ],
        [
            "evict-after",
            None,
            EVICT_SECONDS,
            "Seconds without one successful push, and 20 attempts, before a member is removed; "
            "0 = never",
        ],
        ["connect-timeout", None, CONNECT_TIMEOUT, "Seconds until a push must be connected"],
        ["push-timeout", None, PUSH_TIMEOUT, "Seconds a member has to read a push and close"],
        [
            "hold-timeout",
            None,
            HOLD_TIMEOUT,
            "Seconds for a member that has got all of a push and works before it closes; such "
            "pushes take no place from others. Not more than --push-timeout holds none",
        ],
        ["max-pushes", None, MAX_PUSHES, "Pushes in flight at once"],
        [
            "unconfirmed",
            None,
            "delivered",
            "What a push is that a member never closes: delivered, or retry",
        ],
        ["shutdown-timeout", None, SHUTDOWN_TIMEOUT, "Seconds a stop leaves the pushes in flight"],
    ]

    optFlags = [
        ["push-newline", None, "End every push with a newline, for listening netcats"],
        ["receipts", None, "Answer what is stored with a line, + POSITION"],
        ["no-explain", None, "Reset refused senders instead of telling them why"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["reserve"] = []

    def opt_listen(self, endpoint: str) -> None:
        """
        Listen there, in place of --port; an endpoint such as tcp:8880:interface=127.0.0.1,
        unix:/run/room or ssl:8843:privateKey=key.pem:certKey=cert.pem. Give it several times to
        listen in several places.
        """
        self["listen"].append(endpoint)

    def opt_reserve(self, reservation: str) -> None:
        """
        NAME=ADDRESS,...: only from there may that name speak or register, whatever --senders says,
        such as ci=10.0.0.5,::1. Give it several times for several names.
        """
        self["reserve"].append(reservation)

    # usage.Options keeps the line ends of a docstring.
    opt_listen.__doc__ = " ".join((opt_listen.__doc__ or "").split())
    opt_reserve.__doc__ = " ".join((opt_reserve.__doc__ or "").split())
    opt_l = opt_listen

    def postOptions(self) -> None:
        """
        Read and check everything that needs no reactor.

        :raises UsageError: the text names the option and what it takes.
        """
        super().postOptions()
        self["listeners"] = self._listeners()
        if self["unconfirmed"] not in ("delivered", "retry"):
            raise UsageError(f"--unconfirmed {self['unconfirmed']}: give delivered or retry")
        self._readTimes()
        for option, least in (("max-connections", 1), ("max-connections-per-host", 0)):
            if self[option] is not None:
                self[option] = self.number(option, int, least, _MANY)
        self["rates"] = RateLimit(
            self.number("rate", float, 0, _MANY), self.number("burst", int, 1, _MANY)
        )
        self["byteRates"] = RateLimit(self.number("rate-bytes", float, 0, _HUGE), BYTE_BURST)
        self["max-pushes"] = self.number("max-pushes", int, 2, _MANY)
        self["limits"] = self._limits()
        self["policy"] = self._policy()
        self["senderLimits"] = self._senderLimits()
        self["delivery"] = self._delivery()
        self._readStore()

    def _listeners(self) -> list[tuple[str, str]]:
        """
        For each place, the option that named it, and an endpoint's description.
        """
        listeners = [(f"--listen {where}", where) for where in self["listen"]]
        if self["port"] is None and not listeners:
            self["port"] = 8880
        if self["port"] is None:
            return listeners
        port = self.number("port", int, 0, 65535)
        places = everywhere(port, familiesHere())
        return [*((f"--port {port}", where) for where in places), *listeners]

    def _readTimes(self) -> None:
        for option in ("connect-timeout", "push-timeout", "hold-timeout"):
            self[option] = self.number(option, float, 0.1, _DAY)
        # The silence that ends a line must come first.
        for option in ("idle-timeout", "message-timeout"):
            self[option] = self.number(option, float, 2, _DAY)
        self["shutdown-timeout"] = self.number("shutdown-timeout", float, 0, _DAY)
        self["evict-after"] = self.number("evict-after", float, 0, _YEARS)

    def _limits(self) -> LogLimits:
        return LogLimits(
            self.number("backlog", int, 0, _HUGE),
            self.number("store-limit", int, 0, _HUGE),
            self.number("message-ttl", float, 0, _YEARS),
            self.number("history", int, 0, _HUGE),
            self.number("history-ttl", float, 0, _YEARS),
        )

    def _senderLimits(self) -> SenderLimits:
        return SenderLimits(
            explain=not self["no-explain"],
            receipts=bool(self["receipts"]),
            idleTimeout=self["idle-timeout"],
            messageTimeout=self["message-timeout"],
            maxConnections=self["max-connections"] or MAX_CONNECTIONS,
            maxPerHost=self["max-connections-per-host"],
        )

    def _delivery(self) -> DeliveryLimits:
        return DeliveryLimits(
            maxPushes=self["max-pushes"],
            connectTimeout=self["connect-timeout"],
            retryUnconfirmed=self["unconfirmed"] == "retry",
            evictSeconds=self["evict-after"],
            newline=bool(self["push-newline"]),
            shutdownTimeout=self["shutdown-timeout"],
        )

    def _readStore(self) -> None:
        """
        Choose the store of who gives none, and the control socket beside it.
        """
        places = [where for _, where in self["listeners"]]
        lowest = lowestPort(places) if self["port"] is None else int(self["port"])
        if self["store"] is None:
            folder = str(self._twistd.get("rundir", "."))
            self["store"] = f"sqlite:{storeFile(places, lowest, folder)}"
        self.readDoor(self["store"], lowest)

    def _policy(self) -> AdmissionPolicy:
        try:
            callbacks, networks = readCallbacks(self["callbacks"])
        except ValueError:
            raise UsageError(
                f"--callbacks {self['callbacks']}: give own, any, none, or cidr:10.0.0.0/8,..."
            ) from None
        senders, serverName = self._senders(), self._serverName()
        return AdmissionPolicy(
            callbacks=callbacks,
            networks=networks,
            minCallbackPort=self.number("min-callback-port", int, 1, 65535),
            senders=senders,
            serverName=serverName,
            limits=RosterLimits(
                self.number("max-members", int, 0, _MANY),
                self.number("max-members-per-host", int, 0, _MANY),
            ),
            maxMessageBytes=self.number("max-message", int, MIN_MAX_MESSAGE_BYTES, MAX_PUSH_BYTES),
            reserved=self._reserved(serverName),
        )

    def _senders(self) -> Senders:
        try:
            return Senders(self["senders"])
        except ValueError:
            raise UsageError(
                f"--senders {self['senders']}: give owned, registered or any"
            ) from None

    def _serverName(self) -> str:
        try:
            return cleanName(self["server-name"], reserved="")
        except BadName as problem:
            raise UsageError(f"--server-name {self['server-name']!r}: {problem}") from None

    def _reserved(self, serverName: str) -> dict[str, frozenset[str]]:
        reserved: dict[str, frozenset[str]] = {}
        for text in self["reserve"]:
            try:
                name, machines = readReservation(text, serverName)
            except ValueError as problem:
                raise UsageError(f"--reserve {text!r}: {problem}; give NAME=ADDRESS,...") from None
            reserved[name] = machines | reserved.get(name, frozenset())
        return reserved
