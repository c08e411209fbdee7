"""
The doubles of clients and callback addresses on the kernel's sockets.
"""

from tests.loopback.waiting import LoopbackWaiting
from tests.testing import senderscontract


class LoopbackSenderTests(LoopbackWaiting, senderscontract.SendersContract):
    """
    The contract on loopback TCP.
    """
