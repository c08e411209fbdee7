"""
The options of ``twistd chatserver``, but for those of its door: what each is, and its default.
"""

from typing import Any

from twisted_messenger.delivery.limits import SHUTDOWN_TIMEOUT
from twisted_messenger.delivery.slots import MAX_PUSHES
from twisted_messenger.delivery.trouble import EVICT_SECONDS
from twisted_messenger.entry import LogLimits
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, MESSAGE_TIMEOUT
from twisted_messenger.push.general import CONNECT_TIMEOUT, PUSH_TIMEOUT
from twisted_messenger.push.holding import HOLD_TIMEOUT
from twisted_messenger.rates import BURST, BYTE_RATE, RATE
from twisted_messenger.room.policy import MIN_CALLBACK_PORT
from twisted_messenger.roster import MAX_MEMBERS, MAX_MEMBERS_PER_HOST
from twisted_messenger.storeparser import MAIN_ROOM
from twisted_messenger.wire import MAX_MESSAGE_BYTES

#: As ``usage.Options`` has them: long and short name, default, what it is.
PARAMETERS: list[list[Any]] = [
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

#: Those without a value.
FLAGS: list[list[Any]] = [
    ["push-newline", None, "End every push with a newline, for listening netcats"],
    ["receipts", None, "Answer what is stored with a line, + POSITION"],
    ["no-explain", None, "Reset refused senders instead of telling them why"],
]
