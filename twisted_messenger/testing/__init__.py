"""
A network in memory, and peers that behave well or badly: for tests and for embedders.

In: factories and protocols. Out: the same as on a network, without waiting. Begin with ``network``.

Only the kernel's part is played here: sockets, addresses, windows and time. The transports, ports
and connectors above are Twisted's own, so what they do is what they do on a real network::

    Protocol -- twisted.internet.tcp -- Socket ~~ Socket -- twisted.internet.tcp -- Protocol
                        '------- MemoryNetwork: readiness, calls, time -------'

Nothing is random and nothing waits: time passes only in :meth:`MemoryNetwork.advance`. The same
tests run on this network and on real sockets.
"""

from twisted_messenger.testing.contracts.durable import DurableStoreContract
from twisted_messenger.testing.contracts.portable import PortableStoreContract
from twisted_messenger.testing.contracts.store import StoreContract
from twisted_messenger.testing.listeners import BlackHole, NetcatListener
from twisted_messenger.testing.network import WINDOW_BYTES, MemoryNetwork
from twisted_messenger.testing.peers import (
    CollectingFactory,
    HangingFactory,
    RecordingProtocol,
    ResettingFactory,
    SerialFactory,
    TarpitFactory,
)
from twisted_messenger.testing.room import MemoryRoom
from twisted_messenger.testing.senders import Dribbler, Flood, Flooder
from twisted_messenger.testing.tutorial import TutorialClient
from twisted_messenger.testing.visits import Seen

__all__ = [
    "WINDOW_BYTES",
    "BlackHole",
    "CollectingFactory",
    "Dribbler",
    "DurableStoreContract",
    "Flood",
    "Flooder",
    "HangingFactory",
    "MemoryNetwork",
    "MemoryRoom",
    "NetcatListener",
    "PortableStoreContract",
    "RecordingProtocol",
    "ResettingFactory",
    "Seen",
    "SerialFactory",
    "StoreContract",
    "TarpitFactory",
    "TutorialClient",
]
