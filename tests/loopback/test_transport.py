"""
The transport contract on the kernel's sockets: what the network in memory is measured by.
"""

from tests import transportcontract, turnscontract
from tests.loopback.waiting import LoopbackWaiting


class LoopbackTransportTests(LoopbackWaiting, transportcontract.TransportContract):
    """
    The contract on loopback TCP.
    """


class LoopbackTurnsTests(LoopbackWaiting, turnscontract.TurnsContract):
    """
    The turns that sockets and calls take.
    """
