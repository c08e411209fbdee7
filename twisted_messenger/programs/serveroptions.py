"""
The options of ``twistd chatserver``: what each may be, and what they come to.
"""

from twisted.python.usage import UsageError

from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.entry import LogLimits
from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS
from twisted_messenger.incoming.descriptions import everywhere, familiesHere
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.programs.dooroptions import DoorOptions
from twisted_messenger.programs.serverparameters import FLAGS, PARAMETERS
from twisted_messenger.programs.storefile import lowestPort, storeFile
from twisted_messenger.rates import BYTE_BURST, RateLimit
from twisted_messenger.room.policy import (
    AdmissionPolicy,
    Senders,
    readCallbacks,
    readReservation,
)
from twisted_messenger.roster import RosterLimits
from twisted_messenger.wire import MAX_PUSH_BYTES, MIN_MAX_MESSAGE_BYTES

# Seconds.
_DAY = 86_400
_YEARS = 3650 * _DAY

# More than a machine has of anything, and more than a disk has of bytes.
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

    optParameters = PARAMETERS
    optFlags = FLAGS

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
