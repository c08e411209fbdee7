"""
A network in memory, and peers that behave well or badly: for tests and for embedders.

Only the kernel's part is played here: sockets, addresses, windows and time. The transports, ports
and connectors above are Twisted's own, so what they do is what they do on a real network::

    Protocol -- twisted.internet.tcp -- _Socket ~~ _Socket -- twisted.internet.tcp -- Protocol
                        '-------- MemoryNetwork: readiness, calls, time --------'

Nothing is random and nothing waits: time passes only in :meth:`MemoryNetwork.advance`. The same
tests run on this network and on real sockets.
"""

from twisted_messenger.testing.network import WINDOW_BYTES, MemoryNetwork
from twisted_messenger.testing.peers import (
    CollectingFactory,
    HangingFactory,
    RecordingProtocol,
    ResettingFactory,
    TarpitFactory,
)

__all__ = [
    "WINDOW_BYTES",
    "CollectingFactory",
    "HangingFactory",
    "MemoryNetwork",
    "RecordingProtocol",
    "ResettingFactory",
    "TarpitFactory",
]
